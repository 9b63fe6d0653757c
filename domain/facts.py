"""The fact ledger's rules: what may be written by whom, and what a contradiction does."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Stake(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    LEGAL = "legal"


class FactStatus(StrEnum):
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    OPEN = "open"
    MET = "met"
    REFUSED = "refused"


class OnContradiction(StrEnum):
    NEWEST_WINS = "newest_wins"
    ASK_ONCE = "ask_once"  # one confirming question; the score loses the old evidence meanwhile
    BLOCK = "block"  # blocks commitment until it is confirmed again
    SUPERSEDE = "supersede"  # written by a transition only, which closes what stood
    MOST_RESTRICTIVE = "most_restrictive"


@dataclass(frozen=True, slots=True)
class FactType:
    name: str
    stake: Stake
    on_contradiction: OnContradiction
    refresh: timedelta | None = None  # older than this it counts as missing and may be asked again
    buyer_only: bool = False


_TYPES = (
    FactType("contact", Stake.MEDIUM, OnContradiction.NEWEST_WINS),
    FactType("zone", Stake.MEDIUM, OnContradiction.NEWEST_WINS),
    FactType("region", Stake.MEDIUM, OnContradiction.NEWEST_WINS),
    FactType("need", Stake.LOW, OnContradiction.NEWEST_WINS),
    FactType("preference", Stake.LOW, OnContradiction.NEWEST_WINS),
    FactType("quantity", Stake.LOW, OnContradiction.NEWEST_WINS),
    FactType("claim", Stake.LOW, OnContradiction.NEWEST_WINS),
    FactType("budget", Stake.MEDIUM, OnContradiction.ASK_ONCE, timedelta(days=30)),
    FactType("timeline", Stake.MEDIUM, OnContradiction.ASK_ONCE, timedelta(days=30)),
    FactType("authority", Stake.HIGH, OnContradiction.BLOCK, timedelta(days=90), buyer_only=True),
    FactType("objection", Stake.MEDIUM, OnContradiction.NEWEST_WINS, buyer_only=True),
    FactType("request", Stake.MEDIUM, OnContradiction.NEWEST_WINS, buyer_only=True),
    FactType("scope", Stake.HIGH, OnContradiction.SUPERSEDE, buyer_only=True),
    FactType("price_ack", Stake.HIGH, OnContradiction.SUPERSEDE, buyer_only=True),
    FactType("consent", Stake.LEGAL, OnContradiction.MOST_RESTRICTIVE),
    FactType("commitment", Stake.HIGH, OnContradiction.SUPERSEDE, buyer_only=True),
    FactType("appointment", Stake.HIGH, OnContradiction.SUPERSEDE),
)
FACT_TYPES = {kind.name: kind for kind in _TYPES}
REQUEST_STATUSES = frozenset({FactStatus.OPEN, FactStatus.MET, FactStatus.REFUSED})


def kind_of(key: str) -> FactType:
    """The type of a ledger key: `contact.name` is of type contact, `request.discount` of type request."""
    return FACT_TYPES[key.partition(".")[0]]


def counts(fact: dict[str, Any] | None, now: datetime) -> bool:
    """Whether a guard may rely on the fact: in force, not contradicted, not due for refresh."""
    if fact is None or fact["status"] in (FactStatus.CONTRADICTED, FactStatus.SUPERSEDED, FactStatus.WITHDRAWN):
        return False
    refresh = kind_of(fact["key"]).refresh
    return refresh is None or now - datetime.fromisoformat(fact["at"]) <= refresh


def confirmed(fact: dict[str, Any] | None, now: datetime) -> bool:
    return counts(fact, now) and fact is not None and fact["status"] == FactStatus.CONFIRMED
