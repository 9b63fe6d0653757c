"""The fact ledger as seen by a turn: rows are closed and written anew, never changed."""

import uuid
from decimal import Decimal
from typing import Any

from domain.facts import FactStatus, OnContradiction, kind_of
from domain.state import Json
from domain.turn import Turn

_SPACE = uuid.UUID("5b0a2f0e-7c0d-4a55-9d0c-2f3a5f4b6a01")
SAID = 0.9  # confidence of a fact in the buyer's plain words
HEDGED = 0.85  # "I guess", "maybe"


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
    number = sum(1 for e in turn.effects if e["kind"] == "fact")
    fact_id = str(uuid.uuid5(_SPACE, f"{turn.session_id}:{turn.event.turn_id}:{key}:{number}"))
    who = speaker or str(turn.event.data.get("speaker", "buyer"))
    if who == "third_party":
        status = FactStatus.CLAIMED
    if before:
        turn.want("fact_close", fact_id=before["fact_id"], status=old_status.value)
    same = before is not None and _same(before["value"], value)
    fact: Json = {
        "fact_id": fact_id,
        "type": kind.name,
        "key": key,
        "value": value,
        "unit": unit,
        "status": status.value,
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
        valid_from=before["at"] if before and same else turn.now.isoformat(),
        channel=turn.event.channel.value if turn.event.channel else None,
        supersedes=before["fact_id"] if before else None,
        asr_confidence=turn.event.data.get("confidence"),
    )
    return fact


def learn(
    turn: Turn, key: str, value: Any, *, quote: str, hedged: bool = False, direct: bool = False, unit: str | None = None
) -> str:
    """Take a fact from the buyer's words. Returns new, same, confirmed or contradicted.

    `direct`: it answers a direct question, so it is confirmed. A second independent turn confirms as well.
    """
    kind, before = kind_of(key), turn.facts.get(key)
    confidence = HEDGED if hedged else SAID
    third_party = turn.event.data.get("speaker") == "third_party"
    sure = direct and not hedged and not third_party
    status = FactStatus.CONFIRMED if sure else FactStatus.CLAIMED
    live = before is not None and before["status"] not in (FactStatus.SUPERSEDED, FactStatus.WITHDRAWN)
    if before is None or not live:
        write(turn, key, value, status=status, quote=quote, confidence=confidence, unit=unit)
        return "new"
    if third_party and before["speaker"] == "buyer":
        return "same"  # a third party cannot take back what the buyer said
    if _same(before["value"], value):
        independent = before["turn_id"] != turn.event.turn_id
        if before["status"] == FactStatus.CLAIMED and (sure or independent) and not hedged:
            write(
                turn,
                key,
                before["value"],
                status=FactStatus.CONFIRMED,
                quote=quote,
                confidence=confidence,
                unit=before["unit"],
            )
            return "confirmed"
        return "same"
    if before["status"] == FactStatus.CONFIRMED and kind.on_contradiction in (
        OnContradiction.ASK_ONCE,
        OnContradiction.BLOCK,
    ):
        write(
            turn,
            key,
            before["value"],
            status=FactStatus.CONTRADICTED,
            quote=quote,
            unit=before["unit"],
            old_status=FactStatus.CONTRADICTED,
        )
        turn.deal["contradiction"] = {"key": key, "old": before["value"], "new": value, "unit": unit}
        return "contradicted"
    write(turn, key, value, status=status, quote=quote, confidence=confidence, unit=unit)
    return "new"


def confirm(turn: Turn, key: str, quote: str = "") -> None:
    """A yes to the read-back of a fact."""
    fact = turn.facts.get(key)
    if fact and fact["status"] != FactStatus.CONFIRMED:
        write(turn, key, fact["value"], status=FactStatus.CONFIRMED, quote=quote or turn.words[:200], unit=fact["unit"])


def close(turn: Turn, key: str, status: FactStatus) -> None:
    """Take a fact out of force; a later fact of the key starts anew."""
    fact = turn.facts.pop(key, None)
    if fact:
        turn.want("fact_close", fact_id=fact["fact_id"], status=status.value)


def _same(before: Any, value: Any) -> bool:
    if isinstance(before, str) and isinstance(value, str):
        return " ".join(before.lower().split()) == " ".join(value.lower().split())
    if isinstance(before, (int, float)) and isinstance(value, (int, float)) and not isinstance(before, bool):
        return Decimal(str(before)) == Decimal(str(value))
    return before == value
