"""Which request an approver sees first: the one whose buyer waits, then the one with least time left."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.stages import Overlay

STILL_THERE = timedelta(minutes=10)  # a buyer in a chat counts as waiting this long after their last words


class Waiting(StrEnum):
    """How the buyer waits for the answer, most urgent first."""

    ON_LINE = "on_line"
    IN_CHAT = "in_chat"
    CALLBACK = "callback"
    AWAY = "away"


_RANK = {waiting: rank for rank, waiting in enumerate(Waiting)}


def waiting_of(row: Mapping[str, Any], now: datetime) -> Waiting:
    """From the head of the session: the line, the overlay, and when the buyer was last there."""
    if row["overlay"] == Overlay.CALLBACK:
        return Waiting.CALLBACK
    if row["overlay"] is not None:
        return Waiting.AWAY
    if row["line"] == "up":
        return Waiting.ON_LINE
    seen = row.get("buyer_at")
    if row["channel"] not in (None, "voice") and seen is not None and now - seen <= STILL_THERE:
        return Waiting.IN_CHAT
    return Waiting.AWAY


def by_urgency(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[dict[str, Any]]:
    """The open requests in the order in which they should be decided; those that ran out stand last."""
    found = [{**row, "waiting": waiting_of(row, now), "late": row["deadline"] <= now} for row in rows]
    return sorted(found, key=lambda row: (row["late"], _RANK[row["waiting"]], row["deadline"], row["number"]))


def for_roles(rows: Iterable[Mapping[str, Any]], roles: frozenset[str]) -> list[Mapping[str, Any]]:
    """The requests that somebody with these roles could decide."""
    return [row for row in rows if any(a["status"] == "open" and a["role"] in roles for a in row["approvals"] or ())]


def beyond_limit(rows: Iterable[Mapping[str, Any]], roles: frozenset[str], most: int, now: datetime) -> frozenset[str]:
    """The proposals that an approver may not decide yet: so many more urgent ones are open for them."""
    mine = [row["proposal_id"] for row in by_urgency(for_roles(rows, roles), now) if not row["late"]]
    return frozenset(mine[most:])
