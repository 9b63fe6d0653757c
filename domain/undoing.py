"""How a row is taken back when its effect fails for good: undo list in reverse, step and authority as before."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.authority import closed, opened
from domain.firing import record
from domain.stages import Overlay, Step
from domain.transitions import BY_ID, UNDO, Transition
from domain.turn import Turn


def undo(
    turn: Turn,
    row_id: str,
    compensations: Mapping[str, Callable[[], None]],
    back: Step | Overlay,
    records: Mapping[str, Mapping[str, Any]],
) -> None:
    """Run the row's undo list, last one first, and put the session where it was; a sale that went on stays where it is.

    `compensations` holds what is behind each name of the undo list; `records` the CRM records that correct the row's.
    """
    row, step, overlay = BY_ID[row_id], turn.step, turn.overlay
    for name in reversed(row.undo):
        compensations[name]()
    if row.target in (step, overlay, turn.remembered):
        _put_back(turn, row, back)
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


def _put_back(turn: Turn, row: Transition, back: Step | Overlay) -> None:
    """What the row granted goes, what it revoked is open again, and a new epoch begins."""
    if isinstance(back, Overlay):
        turn.overlay = back
    else:
        turn.step = back
        turn.remembered = back if turn.overlay else None
    gone = closed(turn, row.grants)
    turn.want("revoke", scopes=gone, everything=False, epoch=turn.epoch)
    reopened = tuple(scope for scope in row.revokes if turn.policy.scope_allowed(scope, turn.step))
    if turn.overlay is None:
        opened(turn, reopened)
    elif "before_overlay" in turn.authority:
        before: list[str] = turn.authority["before_overlay"]
        turn.authority["before_overlay"] = [*(scope for scope in before if scope not in gone), *reopened]
    turn.epoch += 1
