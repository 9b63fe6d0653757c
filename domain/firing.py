"""How a row of the table fires: guards in order, then grants, effects, revokes, records, all into one commit."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from domain.authority import closed, mint, opened
from domain.guards.families import GUARDS
from domain.refusal import Refused
from domain.stages import Overlay, Step
from domain.transitions import BY_TRIGGER, HISTORY, SAME, TAKEN_BACK, Transition, Trigger, leaves
from domain.turn import MOST_ROWS, Turn

Fired = Transition


def fire(
    turn: Turn,
    trigger: Trigger,
    *,
    reason: str | None = None,
    records: Mapping[str, Mapping[str, Any]] | None = None,
    act: Callable[[], None] | None = None,
    history: Step | None = None,
) -> Fired | Refused:
    """Fire the first row of the trigger whose guards hold, or say which guard refused.

    `records` holds the fields of each CRM record by name; `act` plans the row's own effects between grants and
    revokes; `history` is the remembered step after re-validation.
    """
    if len(turn.fired) >= MOST_ROWS:
        return Refused("four_rows_a_turn", f"{MOST_ROWS} rows fired already")
    refused = Refused("row_leaves_here", f"no row for {trigger} leaves {turn.step}")
    for row in BY_TRIGGER[trigger]:
        if not leaves(row, turn.step, turn.overlay):
            continue
        failed = _first_failure(turn, row)
        if failed is None:
            _apply(turn, row, reason, records or {}, act, history)
            return row
        refused = failed
    turn.work["refused"].append({"trigger": trigger.value, "guard": refused.guard, "why": refused.why})
    return refused


def _first_failure(turn: Turn, row: Transition) -> Refused | None:
    """Evaluate and record all guards of the row in order; the first that does not hold is the reason."""
    failed = None
    for name in row.guards:
        check = GUARDS[name](turn)
        turn.want("guard_result", transition=row.id, guard=name, held=check.held, value=check.value[:120])
        if not check.held and failed is None:
            failed = Refused(name, check.value)
    return failed


def _apply(
    turn: Turn,
    row: Transition,
    reason: str | None,
    records: Mapping[str, Mapping[str, Any]],
    act: Callable[[], None] | None,
    history: Step | None,
) -> None:
    before = (turn.step, turn.overlay)
    scopes_before = list(turn.authority["open"])
    if row.id in TAKEN_BACK:
        _remember(turn, row, scopes_before)
    _move(turn, row, history)
    opened(turn, row.grants)
    if "stage_scopes_reminted" in row.grants:
        turn.authority["open"] = _reopened(turn)
    if act:
        act()
    if row.revokes:
        _revoke(turn, row)
    if before[1] is None and turn.overlay is not None:
        turn.authority["before_overlay"] = scopes_before
    changes_stage = turn.step.stage != before[0].stage
    if row.revokes or changes_stage:
        turn.epoch += 1
    if changes_stage:
        turn.place["entered_at"] = turn.now.isoformat()
    turn.fired.append(row.id)
    _journal(turn, row, reason, *before)
    _record(turn, row, records, reason)
    if turn.step.terminal and not before[0].terminal:
        turn.want("close_session", outcome=turn.step.value, void=turn.step is not Step.WON)
        turn.place["ended_at"] = turn.now.isoformat()
    turn.audit(
        "transition",
        {"row": row.id, "from": before[0].value, "to": turn.step.value, "overlay": turn.overlay, "reason": reason},
    )


def _remember(turn: Turn, row: Transition, scopes: list[str]) -> None:
    """Where the session stands before a row that may be taken back."""
    turn.authority.setdefault("before_row", {})[row.id] = {
        "step": turn.step.value,
        "overlay": turn.overlay.value if turn.overlay else None,
        "remembered": turn.remembered.value if turn.remembered else None,
        "open": scopes,
    }


def _revoke(turn: Turn, row: Transition) -> None:
    gone = closed(turn, row.revokes)
    if "all" in row.revokes:
        opened(turn, row.grants)  # what the row itself grants outlives what it takes
    turn.want("revoke", scopes=gone, everything="all" in row.revokes, epoch=turn.epoch)
    _withdraw(turn, gone)


def _journal(turn: Turn, row: Transition, reason: str | None, step: Step, overlay: Overlay | None) -> None:
    """The row of the journal: where the session was, where it is, and the epoch that began."""
    turn.want(
        "transition",
        transition=row.id,
        trigger=row.trigger.value,
        step_before=step.value,
        step_after=turn.step.value,
        overlay_before=overlay.value if overlay else None,
        overlay_after=turn.overlay.value if turn.overlay else None,
        epoch=turn.epoch,
        reason=reason,
    )


def _move(turn: Turn, row: Transition, history: Step | None) -> None:
    target = row.target
    if target is SAME:
        return
    if target is HISTORY:
        turn.step = history or turn.remembered or turn.step
        turn.overlay = turn.remembered = None
    elif isinstance(target, Overlay):
        turn.remembered = row.remembers.get(turn.step, turn.remembered or turn.step)
        turn.step = turn.remembered
        turn.overlay = target
    elif isinstance(target, Step):
        turn.step = row.to_if[1] if row.to_if and turn.deal.get("appointment") else target
        turn.overlay = turn.remembered = None


def _reopened(turn: Turn) -> list[str]:
    """The scopes that were open when the overlay was entered, as far as current policy allows them here."""
    before: list[str] = turn.authority.pop("before_overlay", None) or turn.authority["open"]
    kept = [*turn.authority["open"], *(scope for scope in before if scope not in turn.authority["open"])]
    return [scope for scope in kept if turn.policy.scope_allowed(scope, turn.step)]


def _withdraw(turn: Turn, gone: list[str]) -> None:
    """A row that revokes the scope of an open proposal, and every row into a terminal, withdraws it."""
    for proposal in turn.situation.get("proposals", []):
        if proposal["status"] == "open" and (turn.step.terminal or set(proposal["uses"]) & set(gone)):
            proposal["status"] = "withdrawn"
            turn.want("withdraw_proposal", proposal_id=proposal["proposal_id"])


def _record(turn: Turn, row: Transition, records: Mapping[str, Mapping[str, Any]], reason: str | None) -> None:
    for name in row.crm:
        if name == "need" and not new_need(turn):
            continue
        fields = dict(records.get(name, {}))
        if reason:
            fields.setdefault("reason", reason)
        record(turn, name, fields, row.id)


def record(turn: Turn, name: str, fields: Mapping[str, Any], row_id: str | None = None) -> None:
    """One CRM record, under the capability that every record needs, with its delivery."""
    seq = turn.place["crm_seq"] = int(turn.place.get("crm_seq", 0)) + 1
    key = f"{turn.session_id}:{turn.event.turn_id}:{name}:{seq}"
    permit = mint(turn, "crm.stage", keep=False)
    turn.want(
        "call",
        scope="crm.stage",
        ordinal=seq,
        stage=turn.stage.value if turn.stage else turn.step.value,
        outcome="done",
        capability_id=permit.capability_id,
        epoch=turn.epoch,
        quote_hash=None,
        object=key,
    )
    turn.audit("use", {"scope": "crm.stage", "capability": permit.capability_id, "object": key})
    turn.want("crm", record_key=key, seq=seq, name=name, transition=row_id, fields=dict(fields))


def new_need(turn: Turn) -> bool:
    """A need is recorded once: the key is the session and the need's hash."""
    need = turn.fact("need")
    digest = hashlib.sha256(str(need["value"] if need else "").encode()).hexdigest()[:16]
    if turn.deal.get("need_recorded") == digest:
        return False
    turn.deal["need_recorded"] = digest
    return True
