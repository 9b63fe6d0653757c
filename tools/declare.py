"""What every tool declares about itself, so that no effect leaves that nobody can repeat safely or take back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol

from domain.errors import ThroughlineError
from domain.events import Event


class EffectKind(StrEnum):
    READ = "read"  # changes nothing outside
    RECORD = "record"  # written down elsewhere; a later record corrects it
    REVERSIBLE = "reversible"  # its compensation takes it back
    IRREVERSIBLE = "irreversible"  # goes last: nothing takes it back


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `outbox` is the kind of effect that it delivers; a tool without one acts inside a turn's commit."""

    name: str
    scope: str
    effect: EffectKind
    key: str  # shape of the idempotency key
    compensation: tuple[str, ...] = ()  # names in the undo lists of the transition table
    timeout_s: float = 10.0
    tries: int = 8
    outbox: str | None = None
    to_buyer: bool = False  # an opt-out stops it
    in_order: bool = False  # effects of a session arrive in the order in which they were committed


_EFFECT_KEY = "session:turn_id:kind:ordinal"
_DECLARED = (
    Tool("read_calendar", "calendar.read", EffectKind.READ, "none: changes nothing"),
    Tool("hold_slot", "calendar.hold", EffectKind.REVERSIBLE, "booking_id", ("release_holds",)),
    Tool("book_slot", "calendar.write", EffectKind.REVERSIBLE, "booking_id", ("cancel_event",)),
    Tool("create_quote", "quote.create", EffectKind.REVERSIBLE, "quote_hash", ("void_quote",)),
    Tool(
        "mirror_event",
        "calendar.write",
        EffectKind.REVERSIBLE,
        "booking_id",
        ("cancel_event",),
        outbox="calendar_event",
        to_buyer=True,
    ),
    Tool(
        "write_record",
        "crm.stage",
        EffectKind.RECORD,
        "record_key = session:turn_id:name:seq",
        tries=12,
        outbox="crm_record",
        in_order=True,
    ),
    Tool("send_message", "messaging.sms", EffectKind.IRREVERSIBLE, _EFFECT_KEY, outbox="message", to_buyer=True),
    Tool(
        "send_contract",
        "contract.send",
        EffectKind.REVERSIBLE,
        "contract_id = session:turn_id:contract",
        ("void_envelope",),
        outbox="contract_link",
        to_buyer=True,
    ),
    Tool(
        "open_payment",
        "payment.link",
        EffectKind.REVERSIBLE,
        "payment_id = session:turn_id:payment",
        ("expire_link",),
        outbox="payment_link",
        to_buyer=True,
    ),
    Tool(
        "place_callback",
        "callback.schedule",
        EffectKind.REVERSIBLE,
        _EFFECT_KEY,
        ("cancel_task",),
        outbox="callback",
        to_buyer=True,
    ),
)
TOOLS: Mapping[str, Tool] = MappingProxyType({tool.name: tool for tool in _DECLARED})
BY_OUTBOX: Mapping[str, Tool] = MappingProxyType({tool.outbox: tool for tool in _DECLARED if tool.outbox})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One committed effect on its way out."""

    effect_id: str
    session_id: str
    kind: str
    object_id: str | None
    channel: str | None
    payload: Mapping[str, Any]
    at: datetime
    quiet: bool = False  # may not write to the buyer
    text_to: str | None = None  # the number of a buyer who is on a call, where links cannot be read


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the world answered. `events` become inbox rows in the transaction in which the effect is settled."""

    note: str
    events: tuple[Event, ...] = ()


class Deliver(Protocol):
    async def __call__(self, delivery: Delivery) -> Receipt: ...


class ToolFailed(ThroughlineError):
    """The world did not answer as it should; it is tried again later."""


class ToolRefused(ThroughlineError):
    """The world said no for good; asking again will not help."""
