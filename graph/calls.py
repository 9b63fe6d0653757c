"""The door to the calls for who serves, opens or watches them: voice workers, the reconciler, the console."""

from domain.calls import Call, CallState, CallTurn, Serving
from graph.bootstrap import World
from memory.calls import DEAD_AFTER_S, Calls

__all__ = ["DEAD_AFTER_S", "Call", "CallState", "CallTurn", "Calls", "Serving", "calls_of"]


def calls_of(world: World) -> Calls:
    return Calls(world.pool, world.sealer)
