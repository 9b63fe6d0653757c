"""Databases that a benchmark makes for itself and throws away."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from graph.bootstrap import World, open_world
from graph.policy_book import ensure_policies
from graph.settings import load_settings
from memory.database import migrate
from memory.embedded import ensure, stop


@contextmanager
def server() -> Generator[tuple[str, Path]]:
    """A database server of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="throughline-bench-", dir="/tmp") as home:
        Path(home).chmod(0o711)
        try:
            yield ensure(Path(home) / "postgres"), Path(home)
        finally:
            stop(Path(home) / "postgres", only_if_unused=False)


@asynccontextmanager
async def scratch(dsn: str, home: Path) -> AsyncGenerator[World]:
    await migrate(dsn)
    settings = load_settings(None).model_copy(update={"database_url": dsn, "data_dir": home})
    async with open_world(settings, size=12) as world:
        await ensure_policies(world.pool, settings, world.clock.now())
        yield world
