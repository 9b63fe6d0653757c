"""The fact ledger as seen by a turn: rows are closed and written anew, never changed."""

import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeGuard

from domain.facts import FactStatus, OnContradiction, kind_of
from domain.state import Json, part
from domain.turn import Turn

_SPACE = uuid.UUID("5b0a2f0e-7c0d-4a55-9d0c-2f3a5f4b6a01")
SAID = 0.9  # confidence of a fact in the buyer's plain words
HEDGED = 0.85  # "I guess", "maybe"
ASKING = (OnContradiction.ASK_ONCE, OnContradiction.BLOCK)


def write(
    turn: Turn,
    key: str,
    value: Any,
    *,
    status: FactStatus = FactStatus.CLAIMED,
    quote: str = "",
    confidence: float = SAID,
    unit: str | None = None,
    speaker: str | None = None,
    old_status: FactStatus = FactStatus.SUPERSEDED,
) -> Json:
    """Write a fact and close the row it replaces. Returns the fact now in force."""
    kind, before = kind_of(key), turn.facts.get(key)
    who = speaker or str(turn.event.data.get("speaker", "buyer"))
    if before:
        turn.want("fact_close", fact_id=before["fact_id"], status=old_status.value)
    fact: Json = {
        "fact_id": _fact_id(turn, key),
        "type": kind.name,
        "key": key,
        "value": value,
        "unit": unit,
        "status": (FactStatus.CLAIMED if who == "third_party" else status).value,
        "confidence": confidence,
        "at": turn.now.isoformat(),
        "turn_id": turn.event.turn_id,
        "speaker": who,
    }
    turn.facts[key] = fact
    turn.want(
        "fact",
        **fact,
        stake=kind.stake.value,
        quote=quote,
        valid_from=before["at"] if before and _same(before["value"], value) else turn.now.isoformat(),
        channel=turn.event.channel.value if turn.event.channel else None,
        supersedes=before["fact_id"] if before else None,
        asr_confidence=turn.event.data.get("confidence"),
    )
    return fact


def _fact_id(turn: Turn, key: str) -> str:
    """The same for the same turn, so that deciding it again writes the same row."""
    number = sum(1 for e in turn.effects if e["kind"] == "fact")
    return str(uuid.uuid5(_SPACE, f"{turn.session_id}:{turn.event.turn_id}:{key}:{number}"))


def learn(
    turn: Turn, key: str, value: Any, *, quote: str, hedged: bool = False, direct: bool = False, unit: str | None = None
) -> str:
    """Take a fact from the words. Returns new, same, confirmed or contradicted.

    `direct`: it answers a direct question, so it is confirmed. A second independent turn confirms as well.
    """
    before = turn.facts.get(key)
    third_party = turn.event.data.get("speaker") == "third_party"
    if third_party and (kind_of(key).buyer_only or (_live(before) and before["speaker"] != "third_party")):
        return "same"  # a third party neither speaks for the buyer nor takes back what others said
    confidence = HEDGED if hedged else SAID
    sure = direct and not hedged and not third_party
    status = FactStatus.CONFIRMED if sure else FactStatus.CLAIMED
    told = _Told(key, value, quote, unit, confidence)
    if not _live(before):
        _take(turn, told, status)
        return "new"
    again = sure or not (hedged or third_party or before["turn_id"] == turn.event.turn_id)
    if before["status"] == FactStatus.CONTRADICTED:
        return _settle(turn, told, before, again)
    if _same(before["value"], value):
        return _repeat(turn, told, before, again)
    if before["status"] == FactStatus.CONFIRMED and kind_of(key).on_contradiction in ASKING:
        return _contradict(turn, told, before)
    _take(turn, told, status)
    return "new"


@dataclass(frozen=True, slots=True)
class _Told:
    """What somebody just said about one key."""

    key: str
    value: Any
    quote: str
    unit: str | None
    confidence: float


def _live(fact: Json | None) -> TypeGuard[Json]:
    return fact is not None and fact["status"] not in (FactStatus.SUPERSEDED, FactStatus.WITHDRAWN)


def _take(turn: Turn, told: _Told, status: FactStatus) -> None:
    write(turn, told.key, told.value, status=status, quote=told.quote, confidence=told.confidence, unit=told.unit)


def _repeat(turn: Turn, told: _Told, before: Json, again: bool) -> str:
    """The value in force was said once more."""
    if before["status"] != FactStatus.CLAIMED or not again:
        return "same"
    _take(turn, replace(told, value=before["value"], unit=before["unit"]), FactStatus.CONFIRMED)
    return "confirmed"


def _contradict(turn: Turn, told: _Told, before: Json) -> str:
    """Something confirmed was contradicted: it counts as missing until one question has settled it."""
    write(
        turn,
        told.key,
        before["value"],
        status=FactStatus.CONTRADICTED,
        quote=told.quote,
        unit=before["unit"],
        old_status=FactStatus.CONTRADICTED,
    )
    turn.deal["contradiction"] = {"key": told.key, "old": before["value"], "new": told.value, "unit": told.unit}
    return "contradicted"


def _settle(turn: Turn, told: _Told, before: Json, again: bool) -> str:
    """A contradicted fact: saying either value again settles it; a third value is what the question asks about."""
    conflict = part(turn.deal, "contradiction")
    open_here = conflict.get("key") == told.key
    if not again:
        return "same"
    if _same(before["value"], told.value) or (open_here and _same(conflict.get("new"), told.value)):
        _settled(turn, told.key)
        _take(turn, told, FactStatus.CONFIRMED)
        return "new"
    turn.deal["contradiction"] = {"key": told.key, "old": before["value"], "new": told.value, "unit": told.unit}
    return "contradicted"


def confirm(turn: Turn, key: str, quote: str = "") -> None:
    """A yes to the read-back of a fact."""
    fact = turn.facts.get(key)
    if fact and fact["status"] != FactStatus.CONFIRMED:
        write(turn, key, fact["value"], status=FactStatus.CONFIRMED, quote=quote or turn.words[:200], unit=fact["unit"])
        _settled(turn, key)


def close(turn: Turn, key: str, status: FactStatus) -> None:
    """Take a fact out of force; a later fact of the key starts anew."""
    fact = turn.facts.pop(key, None)
    if fact:
        turn.want("fact_close", fact_id=fact["fact_id"], status=status.value)
        _settled(turn, key)


def _settled(turn: Turn, key: str) -> None:
    """Nothing is left to ask about the key."""
    if part(turn.deal, "contradiction").get("key") == key:
        turn.deal.pop("contradiction")


def _same(before: Any, value: Any) -> bool:
    if isinstance(before, str) and isinstance(value, str):
        return " ".join(before.lower().split()) == " ".join(value.lower().split())
    if isinstance(before, bool) or isinstance(value, bool):
        return before is value
    if isinstance(before, (int, float)) and isinstance(value, (int, float)):
        return Decimal(str(before)) == Decimal(str(value))
    return before == value
