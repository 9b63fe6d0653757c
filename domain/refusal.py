"""A refusal is a value, not a fault: it carries the name of the guard that said no, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """`value` is what the guard saw, where one value tells it."""

    guard: str
    why: str
    value: str = ""
