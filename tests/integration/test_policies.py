"""Versions in the database: written once, exact, activated by a start only where nothing newer is live."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg import sql

from domain.errors import BadInput
from domain.policy import PolicyRefused, load_policy
from domain.policy_copies import changed
from graph.policy_book import PolicyBook, ensure_policies
from graph.settings import Settings
from memory.database import Pool, open_pool
from memory.policies import policy_in_force

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
TEXT = Path("policy/default.yaml").read_text("utf-8")
OVERLAY = "\noverlays:\n  - {id: texas, when: {region: [US-TX]}, set: {stages.close.enter: 0.75}}\n"


@pytest.fixture
async def pool(fresh_dsn: str) -> AsyncIterator[Pool]:
    async with open_pool(fresh_dsn, 1, 4) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A policy file of the test's own."""
    file = tmp_path / "policy.yaml"
    file.write_text(TEXT)
    return file


def settings(path: Path, label: str = "") -> Settings:
    return Settings(_env_file=None, policy_path=path, policy_label=label)  # pyright: ignore[reportCallIssue]


async def counted(pool: Pool, table: str) -> int:
    async with pool.connection() as connection:
        question = sql.SQL("select count(*) as n from {}").format(sql.Identifier(table))
        row = await (await connection.execute(question)).fetchone()
    return row["n"] if row else 0


async def test_first_start_activates_the_local_copy(pool: Pool, path: Path) -> None:
    live = await ensure_policies(pool, settings(path, "local"), NOW)
    assert (live.label, live.activated_by, live.activated_at) == ("local", "start", NOW)
    policy = await PolicyBook(pool).current(live.version, "US-TX", None)
    assert policy.autonomy.level("payment.link", "US-TX", Decimal(1)) == "L1"
    assert await counted(pool, "policies") == 2  # the policy itself is stored beside its copy


async def test_start_without_a_copy(pool: Pool, path: Path) -> None:
    live = await ensure_policies(pool, settings(path, "acme"), NOW)
    assert (live.version, live.label) == ("2026-11-24.1", "acme")


async def test_what_is_read_back_is_exact(pool: Pool, path: Path) -> None:
    path.write_text(TEXT + OVERLAY)
    live = await ensure_policies(pool, settings(path), NOW)
    book, first = PolicyBook(pool), load_policy(TEXT + OVERLAY, "file")
    policy = await book.current(live.version, None, None)
    assert policy == first
    assert policy.content_hash == first.content_hash == live.content_hash
    assert str(policy.pricing.catalogue["team"].list) == "199.00"
    assert (await book.current(live.version, "US-TX", "team")).gate("close")[0] == 0.75
    assert await book.current(live.version, None, None) is policy


async def test_other_parts_can_read_the_content_as_json(pool: Pool, path: Path) -> None:
    await ensure_policies(pool, settings(path), NOW)
    async with pool.connection() as connection:
        rows = await connection.execute(
            "select (content #>> '{capacity,seats,ai_closer}')::int as seats,"
            " (content ->> 'emergency')::boolean as emergency,"
            " content #>> '{pricing,catalogue,starter,list}' as price from policies"
        )
        assert await rows.fetchall() == [{"seats": 40, "emergency": False, "price": "49.00"}]


async def test_a_second_start_changes_nothing(pool: Pool, path: Path) -> None:
    first = await ensure_policies(pool, settings(path, "local"), NOW)
    assert await ensure_policies(pool, settings(path, "local"), NOW + timedelta(hours=1)) == first
    assert await counted(pool, "policy_activations") == 1


async def test_starts_at_the_same_time_activate_once(pool: Pool, path: Path) -> None:
    found = await asyncio.gather(*(ensure_policies(pool, settings(path, "local"), NOW) for _ in range(4)))
    assert len({live.version for live in found}) == 1
    assert await counted(pool, "policy_activations") == 1


async def test_a_new_file_replaces_what_a_start_activated(pool: Pool, path: Path) -> None:
    await ensure_policies(pool, settings(path), NOW)
    path.write_text(TEXT.replace('"2026-11-24.1"', '"2026-11-25.1"').replace("quote_valid_h: 72", "quote_valid_h: 48"))
    live = await ensure_policies(pool, settings(path), NOW + timedelta(days=1))
    assert live.version == "2026-11-25.1"


async def test_a_bad_file_leaves_the_old_version_live_and_says_so(
    pool: Pool, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = await ensure_policies(pool, settings(path), NOW)
    path.write_text(TEXT.replace("outbound: 25", "outbound: 5").replace('"2026-11-24.1"', '"2026-11-25.1"'))
    with caplog.at_level(logging.ERROR):
        assert await ensure_policies(pool, settings(path), NOW) == first
    assert "telephony.ring_timeout_s.outbound" in caplog.text
    assert f"Version {first.version} stays in force" in caplog.text
    assert await counted(pool, "policies") == 1


async def test_a_bad_file_stops_the_first_start(pool: Pool, path: Path) -> None:
    path.write_text("nonsense")
    with pytest.raises(PolicyRefused):
        await ensure_policies(pool, settings(path), NOW)
    with pytest.raises(PolicyRefused, match="cannot be read"):
        await ensure_policies(pool, settings(path.with_name("none.yaml")), NOW)


async def test_one_version_is_one_content(pool: Pool, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = await ensure_policies(pool, settings(path), NOW)
    path.write_text(TEXT.replace("quote_valid_h: 72", "quote_valid_h: 48"))
    assert await ensure_policies(pool, settings(path), NOW) == first
    assert "another content" in caplog.text
    policy = await PolicyBook(pool).current(first.version, None, None)
    assert policy.pricing.quote_valid_h == 72


async def test_a_policy_of_the_future_waits(pool: Pool, path: Path) -> None:
    path.write_text(TEXT.replace("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"))
    with pytest.raises(BadInput, match="effective_at"):
        await ensure_policies(pool, settings(path), NOW)
    assert (await ensure_policies(pool, settings(path), NOW + timedelta(days=8))).version == "2026-11-24.1"


async def test_what_people_put_in_force_survives_a_start(pool: Pool, path: Path) -> None:
    await ensure_policies(pool, settings(path), NOW)
    book = PolicyBook(pool)
    changes = {"pricing.discount.agent_max_pct": 5, "approvals.A1.when": "discount_pct > 5 and discount_pct <= 20"}
    policy = await book.change("tight-1", changes, NOW, "operator:ada", "margins")
    assert policy.supersedes == "2026-11-24.1"
    live = await ensure_policies(pool, settings(path), NOW + timedelta(hours=1))
    assert (live.version, live.activated_by, live.reason) == ("tight-1", "operator:ada", "margins")
    newer = (NOW + timedelta(hours=2)).isoformat()
    path.write_text(TEXT.replace('"2026-11-24.1"', '"2026-11-25.1"').replace("2026-11-01T00:00:00Z", newer))
    live = await ensure_policies(pool, settings(path), NOW + timedelta(hours=3))
    assert live.version == "2026-11-25.1"


async def test_rollback_is_a_new_version_with_the_old_content(pool: Pool, path: Path) -> None:
    first = await ensure_policies(pool, settings(path), NOW)
    book = PolicyBook(pool)
    await book.change("other", {"emergency": True}, NOW, "operator:ada", "incident")
    old = changed(await book.content(first.version), "rollback", "back-1", {})
    back = await book.put_in_force(old, "rollback", NOW, "operator:ada", "over")
    live = await policy_in_force(pool)
    assert live is not None and (live.version, live.reason) == ("back-1", "over")
    assert back.supersedes == first.version and back.emergency is False
    assert await counted(pool, "policies") == await counted(pool, "policy_activations") == 3


async def test_a_refused_change_leaves_what_is_in_force(pool: Pool, path: Path) -> None:
    first = await ensure_policies(pool, settings(path), NOW)
    with pytest.raises(PolicyRefused, match=r"approvals\.0\.when"):
        await PolicyBook(pool).change("loose", {"pricing.discount.agent_max_pct": 15}, NOW, "operator:ada", "")
    assert await policy_in_force(pool) == first


async def test_an_unknown_version_names_the_remedy(pool: Pool) -> None:
    for version in ("", "never"):
        with pytest.raises(BadInput, match="make run"):
            await PolicyBook(pool).current(version, None, None)
