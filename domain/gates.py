"""Gates turn a noisy score into a decision that stays: hysteresis between two thresholds, dwell over buyer turns."""

from collections.abc import Mapping
from typing import Any, TypedDict

from domain.policy_selling import Dwell


class Gate(TypedDict):
    """JSON: whether the gate is open, and how many buyer turns in a row lay at or above enter, and below leave."""

    open: bool
    above: int
    below: int


def closed() -> Gate:
    return {"open": False, "above": 0, "below": 0}


def observe(
    base: Mapping[str, Any] | None,
    s: float,
    enter: float,
    leave: float,
    *,
    explicit: bool,
    reversal: bool,
    dwell: Dwell,
) -> Gate:
    """The gate after this buyer turn.

    `base` is the gate before the turn: when the score moves again within the turn, observe again from the same base,
    so that one turn never counts twice.
    """
    before = base or closed()
    above = before["above"] + 1 if s >= enter else 0
    below = before["below"] + 1 if s < leave else 0
    if reversal:
        return {"open": False, "above": 0, "below": below}
    if before["open"]:
        return {"open": below < dwell.down_turns, "above": above, "below": below}
    needed = 1 if explicit else dwell.up_turns
    return {"open": above >= needed, "above": above, "below": below}
