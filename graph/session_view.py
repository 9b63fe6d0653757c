"""One session as people read it: the thread with what happened between the lines, its stages, its score."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.evidence import CLASS_OF, EvidenceClass, EvidenceType
from memory.inspection import Trail

Json = dict[str, Any]
GAP = timedelta(minutes=10)  # a silence worth a line of its own
SPOKEN_EVENTS = ("words",)


def stage_of(step: str) -> str:
    """The stage of a step, or the terminal itself."""
    return step.partition(".")[0]


def thread(trail: Trail, upto: int | None = None, *, pending: bool = True) -> list[Json]:
    """Everything said and decided, in order: words, what they moved, what was refused, what was answered."""
    turns = [turn for turn in trail.turns if upto is None or turn["turn"] <= upto]
    entries: list[Json] = []
    before: datetime | None = None
    by_turn = _Grouped(trail)
    for number, turn in enumerate(turns):
        if before is not None and turn["at"] - before >= GAP:
            entries.append({"kind": "gap", "seconds": (turn["at"] - before).total_seconds(), "turn": turn["turn"]})
        entries += _turn_entries(turn, by_turn, turns[number - 1]["score"] if number else None)
        until = turns[number + 1]["at"] if number + 1 < len(turns) else None
        entries += by_turn.loose_between(turn["at"] if number else None, until)
        before = turn["at"]
    if pending and (upto is None or not trail.turns or upto >= trail.turns[-1]["turn"]):
        entries += [_pending(row) for row in trail.waiting if row["kind"] in SPOKEN_EVENTS]
    return entries


class _Grouped:
    """The rows of a trail by the turn they belong to."""

    def __init__(self, trail: Trail) -> None:
        self.speech = _by_turn(trail.speech)
        self.moves = _by_turn(trail.transitions)
        self.guards = _by_turn(trail.guards)
        self.evidence = _by_turn(trail.evidence)
        self.calls = _by_turn(trail.tool_calls)
        known = {turn["turn_id"] for turn in trail.turns}
        first = trail.turns[0]["at"] if trail.turns else None
        # A filler is committed on its own, before the turn it belongs to; messages belong to none.
        loose = [(row["queued_at"], _agent(row, None)) for row in trail.speech if row["turn_id"] not in known]
        loose += [(row["sent_at"], _message(row)) for row in trail.messages]
        self._loose = sorted((item for item in loose if first is None or item[0] >= first), key=lambda item: item[0])

    def loose_between(self, start: datetime | None, until: datetime | None) -> list[Json]:
        return [entry for at, entry in self._loose if (start is None or at >= start) and (until is None or at < until)]


def _by_turn(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["turn_id"], []).append(row)
    return found


def _turn_entries(turn: Mapping[str, Any], rows: _Grouped, score_before: float | None) -> list[Json]:
    number, turn_id = turn["turn"], turn["turn_id"]
    place = {"turn": number, "stage": stage_of(turn["step_after"]), "at": turn["at"].isoformat()}
    began = stage_of(turn["step_before"])
    moves = rows.moves.get(turn_id, [])
    fired = {move["transition"] for move in moves}
    score = float(turn["score"])
    head: Json = {
        **place,
        "stage": place["stage"] if began == "ENTRY" else began,
        "kind": "buyer" if turn["kind"] in SPOKEN_EVENTS else "event",
        "event": turn["kind"],
        "text": turn["words"],
        "hidden": turn["hidden"],
        "speaker": turn.get("speaker") or "buyer",
        "channel": turn["channel"],
        "score": score,
        "delta": None if score_before is None else score - float(score_before),
        "signals": [signal(row) for row in rows.evidence.get(turn_id, [])],
    }
    entries = [head]
    guards = rows.guards.get(turn_id, [])
    entries += [{**place, **_move(move), "gate": _gate(guards, move["transition"])} for move in moves]
    entries += [{**place, **item} for item in refusals(guards, fired)]
    entries += [{**place, **_call(call)} for call in rows.calls.get(turn_id, []) if call["scope"] != "crm.stage"]
    entries += [{**place, **_agent(row, number)} for row in rows.speech.get(turn_id, [])]
    return entries


def signal(row: Mapping[str, Any]) -> Json:
    """A piece of evidence and whether it speaks for a sale."""
    try:
        against = CLASS_OF[EvidenceType(row["type"])] is EvidenceClass.NEGATIVE
    except ValueError:  # a named piece that was withdrawn or resolved
        against = row["change"] == "withdrawn"
    if row["change"] != "added":
        against = not against
    return {"type": row["type"], "change": row["change"], "confidence": float(row["confidence"]), "up": not against}


def refusals(guards: Sequence[Mapping[str, Any]], fired: Iterable[str]) -> list[Json]:
    """For each row that was asked and did not fire, the first guard that stood in its way."""
    done, found = set(fired), dict[str, Json]()
    for row in guards:
        if not row["held"] and row["transition"] not in done:
            item = {"kind": "refusal", "transition": row["transition"], "guard": row["guard"], "value": row["value"]}
            found.setdefault(row["transition"], item)
    return list(found.values())


def _gate(guards: Sequence[Mapping[str, Any]], transition: str) -> str:
    """What the gate of a row saw, where the row has one: the score and its threshold."""
    found = (row for row in guards if row["transition"] == transition and row["guard"].startswith("gate_"))
    return next((str(row["value"]) for row in found), "")


def _move(row: Mapping[str, Any]) -> Json:
    return {
        "kind": "move",
        "transition": row["transition"],
        "trigger": row["trigger"],
        "before": row["step_before"],
        "after": row["step_after"],
        "overlay": row["overlay_after"],
        "overlay_before": row["overlay_before"],
        "reason": row["reason"],
    }


def _call(row: Mapping[str, Any]) -> Json:
    return {
        "kind": "call",
        "scope": row["scope"],
        "outcome": row["outcome"],
        "reason": row["reason"],
        "object": row["object"],
    }


def _agent(row: Mapping[str, Any], turn: int | None) -> Json:
    return {
        "kind": "agent",
        "turn": turn,
        "at": row["queued_at"].isoformat(),
        "speech_id": row["speech_id"],
        "act": row["act"],
        "text": row["words"],
        "heard": row["heard_words"],
        "hidden": row["hidden"],
        "status": row["status"],
        "channel": row["channel"],
        "asks": row["asks"],
    }


def _message(row: Mapping[str, Any]) -> Json:
    return {"kind": "message", "at": row["sent_at"].isoformat(), "channel": row["channel"], "text": row["body"]}


def _pending(row: Mapping[str, Any]) -> Json:
    state = "failed" if row["status"] == "dead" else "waiting"
    return {"kind": "buyer", "event": row["kind"], "text": row["words"], "pending": state, "at": row["at"].isoformat(),
            "turn_id": row["turn_id"], "channel": row["channel"], "hidden": row["words"] is None}  # fmt: skip


def ribbon(trail: Trail, upto: int | None = None) -> list[Json]:
    """Stage by stage: when it was entered, at which step it stands or was left, and for how long it lasted."""
    parts: list[Json] = []
    for turn in trail.turns:
        if upto is not None and turn["turn"] > upto:
            break
        stage = stage_of(turn["step_after"])
        if not parts or parts[-1]["stage"] != stage:
            if parts:
                parts[-1]["until"] = turn["at"]
            parts.append({"stage": stage, "since": turn["at"], "until": turn["at"], "turn": turn["turn"]})
        parts[-1].update(until=turn["at"], step=turn["step_after"], overlay=turn["overlay_after"])
    return [{**part, "seconds": (part["until"] - part["since"]).total_seconds()} for part in parts]


def points(trail: Trail, upto: int | None = None) -> list[Json]:
    """The readiness score turn by turn, with what moved it."""
    evidence = _by_turn(trail.evidence)
    found: list[Json] = []
    for turn in trail.turns:
        if upto is not None and turn["turn"] > upto:
            break
        signals = [signal(row) for row in evidence.get(turn["turn_id"], [])]
        found.append(
            {
                "turn": turn["turn"],
                "at": turn["at"],
                "score": float(turn["score"]),
                "confidence": float(turn["confidence"]),
                "stage": stage_of(turn["step_after"]),
                "sums": turn.get("sums") or {},
                "signals": signals,
                "kind": turn["kind"],
            }
        )
    return found
