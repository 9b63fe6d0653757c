"""What counts as a sign of readiness to buy: the closed list of evidence types and their five classes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class EvidenceClass(StrEnum):
    HEAT = "heat"
    ENGAGEMENT = "engagement"
    STRUCTURAL = "structural"
    EXPLICIT = "explicit"
    NEGATIVE = "negative"


class EvidenceType(StrEnum):
    STAYS_ON_LINE = "stays_on_line"
    AFFIRMATIVE = "affirmative"
    ASKS_NEXT_STEP = "asks_next_step"
    ASKS_PRICE = "asks_price"
    ASKS_DETAIL = "asks_detail"
    RETURNED_UNPROMPTED = "returned_unprompted"
    SLOT_ACCEPTED = "slot_accepted"
    NEED_CONFIRMED = "need_confirmed"
    TIMELINE_30D = "timeline_30d"
    BUDGET_CONFIRMED = "budget_confirmed"
    AUTHORITY_CONFIRMED = "authority_confirmed"
    OBJECTION_RESOLVED = "objection_resolved"
    ACCEPT_TRANSFER_NOW = "accept_transfer_now"
    SCOPE_CONFIRM = "scope_confirm"
    PRICE_ACK = "price_ack"
    ASKS_TO_BUY = "asks_to_buy"
    VAGUE_DELAY = "vague_delay"
    OBJECTION_OPEN = "objection_open"
    COMPETITOR_CHOSEN = "competitor_chosen"
    NO_AUTHORITY = "no_authority"
    SILENCE_TIMEOUT = "silence_timeout"
    NO_SHOW = "no_show"
    ANGRY = "angry"
    REVERSAL = "reversal"
    NOT_INTERESTED = "not_interested"


_HEAT, _ENGAGEMENT, _STRUCTURAL, _EXPLICIT, _NEGATIVE = EvidenceClass
CLASS_OF: Mapping[EvidenceType, EvidenceClass] = MappingProxyType(
    {
        EvidenceType.STAYS_ON_LINE: _HEAT,
        EvidenceType.AFFIRMATIVE: _HEAT,
        EvidenceType.ASKS_NEXT_STEP: _HEAT,
        EvidenceType.ASKS_PRICE: _ENGAGEMENT,
        EvidenceType.ASKS_DETAIL: _ENGAGEMENT,
        EvidenceType.RETURNED_UNPROMPTED: _ENGAGEMENT,
        EvidenceType.SLOT_ACCEPTED: _ENGAGEMENT,
        EvidenceType.NEED_CONFIRMED: _STRUCTURAL,
        EvidenceType.TIMELINE_30D: _STRUCTURAL,
        EvidenceType.BUDGET_CONFIRMED: _STRUCTURAL,
        EvidenceType.AUTHORITY_CONFIRMED: _STRUCTURAL,
        EvidenceType.OBJECTION_RESOLVED: _STRUCTURAL,
        EvidenceType.ACCEPT_TRANSFER_NOW: _EXPLICIT,
        EvidenceType.SCOPE_CONFIRM: _EXPLICIT,
        EvidenceType.PRICE_ACK: _EXPLICIT,
        EvidenceType.ASKS_TO_BUY: _EXPLICIT,
        EvidenceType.VAGUE_DELAY: _NEGATIVE,
        EvidenceType.OBJECTION_OPEN: _NEGATIVE,
        EvidenceType.COMPETITOR_CHOSEN: _NEGATIVE,
        EvidenceType.NO_AUTHORITY: _NEGATIVE,
        EvidenceType.SILENCE_TIMEOUT: _NEGATIVE,
        EvidenceType.NO_SHOW: _NEGATIVE,
        EvidenceType.ANGRY: _NEGATIVE,
        EvidenceType.REVERSAL: _NEGATIVE,
        EvidenceType.NOT_INTERESTED: _NEGATIVE,
    }
)
# How much one fresh piece of a class adds to the count behind `confidence`.
SHARE: Mapping[EvidenceClass, float] = MappingProxyType(
    {_HEAT: 0.3, _ENGAGEMENT: 0.6, _STRUCTURAL: 1.0, _EXPLICIT: 1.0, _NEGATIVE: 0.6}
)
