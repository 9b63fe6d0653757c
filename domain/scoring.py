"""Evidence and gates of a turn: what was observed moves the score, the score moves the gates."""

from typing import Any, Literal

from domain import gates, intent
from domain.evidence import CLASS_OF, EvidenceClass, EvidenceType
from domain.turn import Turn, copied

GATES: tuple[Literal["transfer", "close", "commit"], ...] = ("transfer", "close", "commit")


def note(turn: Turn, kind: str, confidence: float = 1.0, key: str | None = None) -> None:
    """Add a piece of evidence and rescore. `key` names it for a later withdrawal or resolution."""
    evidence_id = f"{turn.event.turn_id}:{key or kind}"
    state = turn.intent["state"] or intent.empty()
    turn.intent["state"] = intent.add(state, kind, turn.now, confidence, turn.policy.intent, evidence_id)
    if key:
        turn.intent.setdefault("named", {})[key] = evidence_id
    turn.want("evidence", type=kind, confidence=confidence, change="added")
    turn.work["explicit"] = turn.work["explicit"] or CLASS_OF[EvidenceType(kind)] is EvidenceClass.EXPLICIT
    turn.work["reversal"] = turn.work["reversal"] or kind == "reversal"
    turn.work.setdefault("noted", []).append({"type": kind, "confidence": confidence})
    rescore(turn)


def withdraw(turn: Turn, key: str) -> None:
    """Take a named piece back: it no longer counts."""
    evidence_id = turn.intent.get("named", {}).pop(key, None)
    if evidence_id and turn.intent["state"]:
        turn.intent["state"] = intent.withdraw(turn.intent["state"], evidence_id, turn.now)
        turn.want("evidence", type=key, confidence=1.0, change="withdrawn")
        rescore(turn)


def resolve(turn: Turn, key: str) -> None:
    """An open objection is resolved: a quarter of it stays."""
    evidence_id = turn.intent.get("named", {}).pop(key, None)
    if evidence_id and turn.intent["state"]:
        turn.intent["state"] = intent.resolve(turn.intent["state"], evidence_id, turn.now)
        turn.want("evidence", type=key, confidence=1.0, change="resolved")
        note(turn, "objection_resolved")


def rescore(turn: Turn) -> None:
    """Compute S and confidence at this moment, and the gates from where they stood before the turn."""
    state = turn.intent["state"] or intent.empty()
    result = intent.score(state, turn.now, turn.policy.intent)
    turn.score = result.s
    turn.intent.update(confidence=result.confidence, structural=result.structural, sums=dict(result.sums))
    turn.work["scored_at"] = turn.now.isoformat()
    if turn.work.get("buyer_turn"):
        _observe(turn)


def _observe(turn: Turn) -> None:
    """The gates advance once per buyer turn, however often the score moves in it."""
    base: dict[str, Any] = turn.work.setdefault("gates_before", copied(turn.intent["gates"]))
    for name in GATES:
        enter, leave = turn.policy.gate(name)
        turn.intent["gates"][name] = gates.observe(
            base.get(name),
            turn.score,
            enter,
            leave,
            explicit=turn.work["explicit"],
            reversal=turn.work["reversal"],
            dwell=turn.policy.intent.dwell,
        )
