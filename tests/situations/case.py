"""A guard with a situation in which it must hold and changes to it under which it must not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from domain.events import EventKind
from domain.guards.check import Predicate
from domain.turn import Turn
from tests.builders import a_turn, an_event

Situation = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """`holds` are whole situations; `fails` are laid over the first of them, so that None takes something away."""

    guard: str
    holds: Sequence[Situation]
    fails: Sequence[Situation]

    def wrong(self, predicate: Predicate) -> list[str]:
        """The situations that the predicate judges otherwise than they are meant."""
        return [
            *(f"holds {n}" for n, given in enumerate(self.holds) if not lets_pass(predicate, turn_of(given))),
            *(
                f"fails {n}"
                for n, given in enumerate(self.fails)
                if lets_pass(predicate, turn_of(merged(self.holds[0], given)))
            ),
        ]


def lets_pass(predicate: Predicate, turn: Turn) -> bool:
    """A guard lets an approval pass only if it does not call it void: that row fires either way."""
    return predicate(turn).held and not turn.work.get("void")


def merged(*situations: Situation) -> dict[str, Any]:
    """Later ones win; dictionaries are joined, all else is replaced."""
    out: dict[str, Any] = {}
    for situation in situations:
        for name, value in situation.items():
            before = out.get(name)
            joined = isinstance(before, Mapping) and isinstance(value, Mapping)
            out[name] = merged(cast(Situation, before), cast(Situation, value)) if joined else value
    return out


def turn_of(situation: Situation) -> Turn:
    """`data` and `channel` are those of the event, `kind` what happened; the rest is as the builder takes it."""
    given = {**situation}
    data = {"speaker": "buyer", "channel": given.pop("channel", "voice"), **given.pop("data", {})}
    kind = given.pop("kind", EventKind.WORDS)
    return a_turn(event=an_event(kind, **data), **given)
