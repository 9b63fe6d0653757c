"""What is there before the first step: the buyer, the closers, the calendar, and a session in its middle."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field

from domain.contact import identity_of
from domain.errors import BadInput
from domain.evidence import EvidenceType
from domain.facts import FACT_TYPES, FactStatus
from domain.policy_types import Block, Count, Money, Percent, Positive, Region, Switch, Table, Word
from domain.stages import Channel, Overlay, Recording, Speaker, Step
from graph.scenarios.values import Duration, Moment

AUTONOMY = ("default", "L1 close", "L3 close")
Autonomy = Literal["default", "L1 close", "L3 close"]
_STATUSES = {status.value for status in FactStatus}


def _address(raw: object) -> object:
    """A phone number, an e-mail address or a chat id as the program itself reads it."""
    try:
        return identity_of(raw).value if isinstance(raw, str) else raw
    except BadInput as fault:
        raise ValueError(fault.problem) from None


def _fact(raw: object) -> object:
    """`confirmed` alone is a status; any other bare value is the value of a confirmed fact."""
    if isinstance(raw, str) and raw in _STATUSES:
        return {"status": raw}
    return cast("object", raw) if isinstance(raw, Mapping) else {"value": raw}


def _known_key(key: str) -> str:
    if key.partition(".")[0] not in FACT_TYPES:
        raise ValueError(f"{key!r} is no fact of the ledger")
    return key


Address = Annotated[Word, BeforeValidator(_address)]
FactKey = Annotated[Word, BeforeValidator(_known_key)]


class Consent(Block):
    """A consent on file. Recording consents are written by the start, not here."""

    kind: Literal["sms_marketing", "voice_ai_marketing", "transactional"]
    channel: Channel
    status: Literal["given", "declined", "revoked"] = "given"


class KnownFact(Block):
    """A fact of the ledger before the first step."""

    value: Any = None
    unit: Word | None = None
    status: FactStatus = FactStatus.CONFIRMED
    speaker: Speaker = Speaker.BUYER
    quote: Word | None = None
    age: Duration = timedelta(minutes=5)


Facts = Table[FactKey, Annotated[KnownFact, BeforeValidator(_fact)]]


class Contact(Block):
    """The buyer: on file before the first step, unless `on_file` is false."""

    name: Word | None = None
    phone: Address | None = None
    email: Address | None = None
    chat: Address | None = None
    region: Region | None = None
    zone: Word | None = None
    verified: Switch = True
    on_file: Switch = True
    consents: tuple[Consent, ...] = ()
    facts: Facts = Field(default_factory=dict)


class Seat(Block):
    """Seats of one kind; their number per status."""

    free: Count = 0
    busy: Count = 0
    off: Count = 0


class Seats(Block):
    """Closers. How many sessions the AI may close at once is policy: capacity.seats.ai_closer."""

    human_closer: Seat = Seat(free=5)


class Taken(Block):
    """Hours of the calendar that belong to somebody else."""

    starts: Moment
    ends: Moment


class OrderPart(Block):
    """The order scope on the table."""

    product: Word
    quantity: Positive
    term: Literal["monthly", "annual"] = "monthly"
    start: Word | None = None
    confirmed: Switch = True


class QuotePart(Block):
    """One quote version of the order scope; the last one is open, those before are superseded."""

    discount_pct: Percent = Field(default=0, validate_default=True)
    heard: Switch = True
    acknowledged: Switch = False
    in_writing: Switch = False
    age: Duration = timedelta(minutes=2)


class SpokenPart(Block):
    """A line of the agent before the first step; `asks` of the last one that asks is the open question."""

    act: Word
    status: Literal["queued", "heard", "partly", "unheard"] = "heard"
    quote: Positive | None = None  # the version it is about
    age: Duration = timedelta(seconds=30)


class EvidencePart(Block):
    type: EvidenceType
    confidence: Annotated[float, Field(gt=0, le=1)] = 1.0
    age: Duration = timedelta(minutes=2)


class RequestPart(Block):
    """A change of price the buyer asked for and nobody has answered."""

    value: Money | None = None
    unit: Literal["percent", "amount"] | None = None


class AppointmentPart(Block):
    starts: Moment
    minutes: Positive = 30
    zone: Word
    seat: Switch = False  # a human seat is reserved for it


class OrderState(Block):
    """What is out after the commitment."""

    contract: Literal["sent", "accepted"] = "sent"
    payment: Literal["open", "paid"] = "open"
    attempt: Positive = 1


Gate = Literal["transfer", "close", "commit"]


class Start(Block):
    """A session in its middle. What is not given follows from the step, as docs/scenarios.md tells."""

    step: Step
    overlay: Overlay | None = None
    remembered: Step | None = None
    channel: Channel = Channel.VOICE
    line: Literal["up", "down"] | None = None
    recording: Recording | None = None
    age: Duration = timedelta(minutes=8)
    facts: Facts = Field(default_factory=dict)
    evidence: tuple[EvidencePart, ...] | None = None
    gates: Table[Gate, Switch] = Field(default_factory=dict[Gate, bool])
    order: OrderPart | None = None
    quotes: tuple[QuotePart, ...] = ()
    said: tuple[SpokenPart, ...] = ()
    request: RequestPart | None = None
    scopes: tuple[Word, ...] | None = None
    capabilities: tuple[Word, ...] = ()
    offer: Literal["ai_closer", "human_closer"] | None = None
    appointment: AppointmentPart | None = None
    committed: OrderState | None = None
    disclosed: tuple[Channel, ...] | None = None


class SessionPart(Block):
    """A session of the scenario under a name. `contact_of` names another one with the same buyer."""

    contact: Contact | None = None
    contact_of: Word | None = None
    start: Start | None = None


PolicyChanges = Table[Word, Any]
