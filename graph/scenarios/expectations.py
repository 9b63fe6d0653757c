"""What must be so: after a step, or at the end; each key is one kind of expectation, graded on tables only."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.acts import ACTS
from domain.facts import FactStatus
from domain.policy_types import Block, Count, Money, Percent, Positive, Switch, Table, Word
from domain.stages import Overlay, Recording, Speaker
from domain.stages import Step as Place
from domain.transitions import BY_ID, UNDO
from graph.scenarios.setting import FactKey
from graph.scenarios.values import Amount, Figure, Moment, Path, Record, Tally

_STATUSES = {*(status.value for status in FactStatus), "absent"}
# Everything that can be counted, as family.name; a family of one word stands alone.
FAMILIES = {
    "acts": "acts.<act>: lines of the agent",
    "answers": "answers.yes, .no, .neither",
    "audit": "audit.<action>",
    "bookings": "bookings.<state>",
    "calendar_events": "calendar_events.<state>: in the mirror",
    "callbacks": "callbacks: promised calls on the list of the closers",
    "capabilities": "capabilities.<scope>: ever minted",
    "contracts": "contracts.<status>",
    "crm": "crm.<name>: records written",
    "crm_deliveries": "crm_deliveries: records that arrived in the CRM",
    "effects": "effects.<kind> or effects.<kind>.<status>: rows of the outbox",
    "evidence": "evidence.<type>: pieces added",
    "facts": "facts.<status>: rows of the ledger, old ones too",
    "messages": "messages.<channel>: what left on a text channel",
    "payments": "payments.<status>",
    "questions": "questions.<fact>: questions about a fact, read-backs apart",
    "quotes": "quotes.<status>",
    "readbacks": "readbacks.<question>: read-backs, by the question they put",
    "refused_uses": "refused_uses.<scope>",
    "timers": "timers.<kind>: set and not yet fired",
    "turns": "turns.<kind of event>",
    "uses": "uses.<scope>: uses of authority that were done",
}


def _fact(raw: object) -> object:
    return {"status": raw} if isinstance(raw, str) and raw in _STATUSES else raw


def _counted(name: str) -> str:
    if name.partition(".")[0] not in FAMILIES:
        raise ValueError(f"{name!r} cannot be counted; use one of {', '.join(sorted(FAMILIES))}, with .name behind it")
    return name


def _row(name: str) -> str:
    if name.removeprefix(UNDO) not in BY_ID:
        raise ValueError(f"{name!r} is no row T01 to T54")
    return name


def _known_act(name: str) -> str:
    if name not in ACTS:
        raise ValueError(f"{name!r} is no act of the agent")
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as fault:
        raise ValueError(f"{text!r} is no pattern: {fault}") from None
    return text


Row = Annotated[Word, BeforeValidator(_row)]
ActName = Annotated[Word, BeforeValidator(_known_act)]


class FactWant(Block):
    """A fact in force. Keys that are not given are not compared."""

    status: FactStatus | Literal["absent"] | None = None
    value: Any = None
    unit: Word | None = None
    speaker: Speaker | None = None


FactWants = Table[FactKey, Annotated[FactWant, BeforeValidator(_fact)]]


class FactsAt(Block):
    """What the ledger held for so at an earlier moment, or when the step with this id was done."""

    at: Moment | None = None
    step: Word | None = None
    facts: FactWants


class Refusal(Block):
    """A row that a guard stopped, or a use of authority that was refused."""

    row: Row | None = None
    scope: Word | None = None
    guard: Word | None = None
    times: Tally | None = None

    @model_validator(mode="after")
    def _what(self) -> Self:
        if (self.row is None) == (self.scope is None):
            raise PydanticCustomError("refusal", "a refusal names either a row or a scope")
        return self


class QuoteWant(Block):
    """A quote, by version. Keys that are not given are not compared."""

    name: Annotated[str, Field(pattern=r"^Q\d+$")]
    status: Literal["open", "superseded", "void", "accepted"] | None = None
    amount: Amount | None = None
    list_total: Amount | None = None
    discount_pct: Percent | None = None
    contract_value: Amount | None = None
    currency: Word | None = None
    product: Word | None = None
    quantity: Positive | None = None
    term: Word | None = None
    recurrence: Word | None = None
    in_writing: Switch | None = None
    valid_until: Moment | None = None


class BookingWant(Block):
    starts: Moment
    state: Literal["hold", "booked", "cancelled", "expired"] = "booked"
    ends: Moment | None = None
    zone: Word | None = None


class ApprovalWant(Block):
    """A proposal and its answers, in the order in which they were asked."""

    rules: tuple[Word, ...] | None = None
    status: Literal["open", "approved", "denied", "expired", "withdrawn", "void"] | None = None
    uses: tuple[Word, ...] | None = None
    roles: tuple[Word, ...] | None = None
    quote: Annotated[str, Field(pattern=r"^Q\d+$")] | None = None
    discount_pct: Percent | None = None
    amount: Amount | None = None
    edited: Switch | None = None
    fallback: Word | None = None
    decided_by: tuple[Word, ...] | None = None


class ContractWant(Block):
    status: Literal["sent", "accepted", "void"]
    quote: Annotated[str, Field(pattern=r"^Q\d+$")] | None = None


class PaymentWant(Block):
    status: Literal["open", "paid", "failed", "expired"]
    quote: Annotated[str, Field(pattern=r"^Q\d+$")] | None = None
    amount: Money | None = None
    attempt: Count | None = None


class AuditWant(Block):
    action: Word
    actor: Word | None = None
    payload: Table[Word, Any] = Field(default_factory=dict)
    policy_version: Word | None = None


class TimerWant(Block):
    kind: Word
    due: Moment | None = None
    status: Literal["set", "fired", "cancelled"] = "set"


class Never(Block):
    """What must not be there at all."""

    rows: tuple[Row, ...] = ()
    effects: tuple[Word, ...] = ()  # kinds of outbox rows that were not cancelled
    uses: tuple[Word, ...] = ()  # scopes of uses that were done
    capabilities: tuple[Word, ...] = ()  # scopes that were minted
    acts: tuple[ActName, ...] = ()
    crm: tuple[Word, ...] = ()
    facts: tuple[FactKey, ...] = ()
    evidence: tuple[Word, ...] = ()
    words: tuple[Annotated[Word, BeforeValidator(_pattern)], ...] = ()  # patterns, in what the agent said


Tallies = Table[Annotated[Word, BeforeValidator(_counted)], Tally]


class Expect(Block):
    """What can be asked of a session, after a step as well as at the end."""

    step: Place | None = None
    overlay: Overlay | Literal["none"] | None = None
    remembered: Place | None = None
    recording: Recording | None = None
    owner: Word | None = None
    region: Word | None = None
    path: Path | None = None
    crm: tuple[Record, ...] | None = None
    facts: FactWants = Field(default_factory=dict)
    fact_rows: Table[FactKey, tuple[Annotated[FactWant, BeforeValidator(_fact)], ...]] = Field(default_factory=dict)
    facts_at: tuple[FactsAt, ...] = ()
    refused: tuple[Refusal, ...] = ()
    refused_scopes: tuple[Word, ...] | None = None
    quotes: tuple[QuoteWant, ...] | None = None
    bookings: tuple[BookingWant, ...] | None = None
    approvals: tuple[ApprovalWant, ...] | None = None
    contracts: tuple[ContractWant, ...] | None = None
    payments: tuple[PaymentWant, ...] | None = None
    S: Figure | None = None
    confidence: Figure | None = None
    open_scopes: tuple[Word, ...] = ()
    closed_scopes: tuple[Word, ...] = ()
    audit: tuple[AuditWant, ...] = ()
    timers: tuple[TimerWant, ...] = ()
    counts: Tallies = Field(default_factory=dict)
    never: Never = Never()


class StepExpect(Expect):
    """After a step also: what this step alone did."""

    fired: Path | None = None
    asks: Word | None = None  # the question that is open now; none: no question
    said: tuple[ActName, ...] = ()  # acts among the lines of this step
    not_said: tuple[ActName, ...] = ()
    epoch_rises: Switch | None = None
    dead: tuple[Word, ...] = ()  # scopes whose capabilities from before this step are all dead now


class FinalExpect(Expect):
    """At the end, of one session; of several by name under `sessions`."""

    sessions: "Table[Word, FinalExpect]" = Field(default_factory=dict)
    totals: Tallies = Field(default_factory=dict)  # over all sessions together

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in ("path", "crm") if getattr(self, name) is None]
        if not self.sessions and missing:
            raise PydanticCustomError(
                "whole", "{missing} must be given: they are compared exactly", {"missing": " and ".join(missing)}
            )
        return self
