"""What `langgraph dev` opens: the same graph and the same saver, on the same database, without a key."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig

from graph.bootstrap import World, open_world, ports_of
from graph.build import build
from graph.settings import load_settings
from memory.checkpoints import TurnSaver

_OPEN = AsyncExitStack()
_WORLD: list[World] = []


async def _world() -> World:
    """One world a process: the server enters the graph for every run and for every look at a state."""
    if not _WORLD:
        import asyncio

        settings = await asyncio.to_thread(load_settings)
        _WORLD.append(await _OPEN.enter_async_context(open_world(settings)))
    return _WORLD[0]


@asynccontextmanager
async def studio(config: RunnableConfig) -> AsyncIterator[Any]:
    """The graph, compiled without a saver: the server puts in its own, which is ours (see langgraph.json)."""
    yield build(ports_of(await _world())).compile(name="throughline")


@asynccontextmanager
async def checkpointer() -> AsyncIterator[TurnSaver]:
    world = await _world()
    yield TurnSaver(world.pool, world.sealer)
