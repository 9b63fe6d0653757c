"""The door to the calls for who serves, opens or watches them: voice workers, the reconciler, the console."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from domain.calls import Call, CallState, CallTurn, Serving
from graph.bootstrap import World
from memory.calls import DEAD_AFTER_S, Calls, Notice, notices
from memory.database import Gone

__all__ = ["DEAD_AFTER_S", "Call", "CallState", "CallTurn", "Calls", "Gone", "Notice", "Serving", "calls_of", "told"]


def calls_of(world: World) -> Calls:
    return Calls(world.pool, world.sealer)


def told(world: World) -> AbstractAsyncContextManager[AsyncIterator[Notice]]:
    """What is announced of all sessions; holds a connection and ends when that is lost."""
    return notices(world.pool)
