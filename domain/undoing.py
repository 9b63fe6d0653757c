"""How a row is taken back when its effect fails for good: undo list in reverse, step and authority as before."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.authority import closed, opened
from domain.firing import record
from domain.stages import Overlay, Step
from domain.state import Json, part
from domain.transitions import BY_ID, UNDO, Transition
from domain.turn import Turn


def undo(
    turn: Turn,
    row_id: str,
    compensations: Mapping[str, Callable[[], None]],
    records: Mapping[str, Mapping[str, Any]],
) -> None:
    """Run the row's undo list, last one first, and put the session where it was; a sale that went on stays where it is.

    `compensations` holds what is behind each name of the undo list; `records` the CRM records that correct the row's.
    """
    row, step, overlay = BY_ID[row_id], turn.step, turn.overlay
    for name in reversed(row.undo):
        compensations[name]()
    before: Json | None = part(turn.authority, "before_row").pop(row_id, None)
    if before and row.target in (step, overlay):
        _put_back(turn, row, before)
    turn.want(
        "transition",
        transition=UNDO + row.id,
        trigger="effect_failed",
        step_before=step.value,
        step_after=turn.step.value,
        overlay_before=overlay.value if overlay else None,
        overlay_after=turn.overlay.value if turn.overlay else None,
        epoch=turn.epoch,
        reason="effect_failed",
    )
    for name, fields in records.items():
        record(turn, name, {**fields, "reason": "effect_failed"}, row.id)
    turn.audit("undone", {"row": row.id, "undo": list(reversed(row.undo)), "to": turn.step.value}, actor="system")


def _put_back(turn: Turn, row: Transition, before: Json) -> None:
    """What the row granted goes, what it closed is open again, and a new epoch begins."""
    turn.step = Step(before["step"])
    if turn.overlay is row.target or turn.overlay is None:
        turn.overlay = Overlay(before["overlay"]) if before["overlay"] else None
        turn.remembered = Step(before["remembered"]) if before["remembered"] else None
    else:
        turn.remembered = turn.step  # another overlay lies over the step
    gone = closed(turn, row.grants)
    turn.want("revoke", scopes=gone, everything=False, epoch=turn.epoch)
    again = tuple(s for s in before["open"] if s in row.revokes and turn.policy.scope_allowed(s, turn.step))
    if turn.overlay is None or isinstance(row.target, Overlay):
        opened(turn, again)
    elif "before_overlay" in turn.authority:
        kept = [scope for scope in turn.authority["before_overlay"] if scope not in gone]
        turn.authority["before_overlay"] = [*kept, *again]
    turn.epoch += 1
