"""What `langgraph dev` opens: the same graph and the same saver, on the same database, without a key."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig

from graph.bootstrap import World, open_world, ports_of
from graph.build import build
from graph.settings import load_settings
from memory.checkpoints import TurnSaver

_OPEN = AsyncExitStack()
_STARTED = asyncio.Lock()
_PARTS: list[tuple[World, Any]] = []


async def _parts() -> tuple[World, Any]:
    """One world and one graph a process: the server enters `studio` for every run and for every look at a state."""
    async with _STARTED:
        if not _PARTS:
            settings = await asyncio.to_thread(load_settings)
            world = await _OPEN.enter_async_context(open_world(settings))
            # Loading the files that people own blocks; the server refuses that on its event loop.
            ports = await asyncio.to_thread(ports_of, world)
            _PARTS.append((world, build(ports)))
    return _PARTS[0]


@asynccontextmanager
async def studio(config: RunnableConfig) -> AsyncGenerator[Any]:
    """The graph, compiled without a saver: the server puts in its own, which is ours (see langgraph.json)."""
    _, graph = await _parts()
    yield graph.compile(name="throughline")


@asynccontextmanager
async def checkpointer() -> AsyncGenerator[TurnSaver]:
    world, _ = await _parts()
    yield TurnSaver(world.pool, world.sealer)
