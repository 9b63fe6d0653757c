"""What the language packs ask for, one function per task; each stands for the reader as the product uses it."""

from bench.language_acts import (
    acts,
    affirm_deny,
    backchannel,
    consent,
    intent_score,
    prospect,
    special,
)
from bench.language_times import bargain, booking, datetime, ranges

__all__ = [
    "acts",
    "affirm_deny",
    "backchannel",
    "bargain",
    "booking",
    "consent",
    "datetime",
    "intent_score",
    "prospect",
    "ranges",
    "special",
]
