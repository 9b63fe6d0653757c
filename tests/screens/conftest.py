"""A seeded database with a desk on it, a console of its own in a process, and one Chromium for the whole run."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.policy import Policy
from domain.ports import Clock
from graph.clock import FixedClock
from graph.desk import Desk
from memory.database import open_pool
from memory.sealing import Sealer
from nodes.speaking.lines import LineBook, load_lines
from tests.screens.seed import ROOT, Seeded, seed, test_policy
from ui import bridge

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


class Book:
    """The one policy of these tests."""

    def __init__(self) -> None:
        self.policy = test_policy()

    async def current(self, version: str, region: str | None, product: str | None) -> Policy:
        return self.policy.for_session(region, product)


def line_book() -> LineBook:
    path = ROOT / "policy" / "lines" / "en.yaml"
    return load_lines(
        path.read_text("utf-8"), str(Path("policy/lines/en.yaml")), {"team": "Team", "enterprise": "Enterprise"}
    )


@asynccontextmanager
async def desk_on(dsn: str, sealer: Sealer, clock: Clock) -> AsyncIterator[Desk]:
    async with open_pool(dsn, 1, 4, name="screens") as pool:
        yield Desk(pool, sealer, clock, Book(), line_book())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def seeded(fresh_dsn: str, sealer: Sealer) -> Seeded:
    return seed(fresh_dsn, sealer, NOW)


@pytest.fixture
def joined(fresh_dsn: str, sealer: Sealer, clock: FixedClock, seeded: Seeded) -> Iterator[bridge.Bridge]:
    """The bridge of this process, with a desk on the test's database."""
    chosen = bridge.Bridge(lambda: desk_on(fresh_dsn, sealer, clock))
    bridge.use(chosen)
    yield chosen
    bridge.use(None)
    chosen.close()
