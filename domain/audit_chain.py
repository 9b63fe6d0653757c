"""The audit chain: each row binds the one before, and its payload by a salted digest, so erasing leaves it whole."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

START = ""  # what the first row of a session names as the one before


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold, in words for an operator."""

    seq: int
    why: str


def digest_of(salt: str, payload: Mapping[str, Any]) -> str:
    """The salt keeps a short payload from being guessed once it is erased."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(f"{salt}\n{text}".encode()).hexdigest()


def hash_of(previous: str, seq: int, at: datetime, actor: str, action: str, digest: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return sha256("\n".join((previous, str(seq), moment, actor, action, digest)).encode()).hexdigest()


def verify(rows: Iterable[Mapping[str, Any]]) -> Break | None:
    """The first row that does not follow from the one before it; None where the whole chain holds.

    A row is as the table has it, with `opened` = {salt, payload}, or None where the payload was erased.
    """
    previous, expected = START, 1
    for row in rows:
        seq = int(row["seq"])
        if seq != expected:
            return Break(seq, f"row {expected} is missing")
        if row["previous"] != previous:
            return Break(seq, "it does not name the row before it")
        opened = row.get("opened")
        if opened is not None and digest_of(opened["salt"], opened["payload"]) != row["digest"]:
            return Break(seq, "its payload was changed")
        if hash_of(previous, seq, row["at"], row["actor"], row["action"], row["digest"]) != row["hash"]:
            return Break(seq, "its time, actor, action or digest was changed")
        previous, expected = row["hash"], expected + 1
    return None
