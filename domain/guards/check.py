"""The form of a guard: a named condition over a turn, whose result is recorded with the value that decided it."""

from collections.abc import Callable
from dataclasses import dataclass

from domain.turn import Turn


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a guard holds, and the value that an operator is shown."""

    held: bool
    value: str


Predicate = Callable[[Turn], Check]
GUARDS: dict[str, Predicate] = {}


def guard(name: str) -> Callable[[Predicate], Predicate]:
    """Register a predicate under the guard's name in the table. Its docstring is the sentence operators read."""

    def register(predicate: Predicate) -> Predicate:
        if name in GUARDS:
            raise KeyError(f"guard {name} is defined twice")
        GUARDS[name] = predicate
        return predicate

    return register


def sentence(name: str) -> str:
    """What the guard demands, in words for an operator."""
    return " ".join((GUARDS[name].__doc__ or "").split()).rstrip(".")
