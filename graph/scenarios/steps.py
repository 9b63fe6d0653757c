"""What can happen in a scenario: one thing per step, when, in which session, and how it is heard."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.acts import ACTS
from domain.policy_types import Block, Level, Percent, Positive, Region, Share, Switch, Table, Word
from domain.stages import Channel, Speaker
from graph.probes import POINTS
from graph.scenarios.expectations import StepExpect
from graph.scenarios.setting import Address, PolicyChanges, Seats, Taken
from graph.scenarios.values import Duration, Keyed, Moment, wrapped
from tools.declare import BY_OUTBOX


def _act(name: str) -> str:
    if name not in ACTS:
        raise ValueError(f"{name!r} is no act of the agent")
    return name


def _point(name: str) -> str:
    if name not in POINTS:
        raise ValueError(f"{name!r} is no point; use one of {', '.join(POINTS)}")
    return name


def _tool(name: str) -> str:
    if name not in BY_OUTBOX:
        raise ValueError(f"{name!r} is no kind of effect; use one of {', '.join(sorted(BY_OUTBOX))}")
    return name


Act = Annotated[Word, BeforeValidator(_act)]
Point = Annotated[Word, BeforeValidator(_point)]
Delivered = Annotated[Word, BeforeValidator(_tool)]


class Hearing(Block):
    """How one line of the agent reaches the buyer."""

    act: Act
    status: Literal["heard", "partly", "unheard"]
    words: Word | None = None  # what was really played of a line that was partly heard


class Over(Block):
    """The buyer begins to speak while a line of the agent is being played."""

    act: Act
    cuts: Switch = False  # true: the speech stops there, and what follows is not heard
    heard: Word | None = None  # with cuts: the words played until then


class Dial(Block):
    answer: Literal["due", "human", "uncertain", "voicemail", "no_answer", "busy", "failed", "ivr", "screening"]
    words: Word | None = None  # of a screening prompt or a greeting


class Consult(Block):
    outcome: Literal["accepted", "declined", "timeout", "voicemail"]
    seat: Word | None = None


class Webhook(Block):
    """What the signing and the paying side report about the newest document or link of the session."""

    source: Literal["contract", "payment", "both"]
    status: Literal["signed", "paid", "failed", "expired", "signed_and_paid"]


class Edit(Block):
    discount_pct: Percent | None = None
    quantity: Positive | None = None


class Decide(Block):
    """A person decides about the newest proposal that asks this role."""

    role: Word
    decision: Literal["approve", "deny"]
    by: Word = "operator"
    reason: str = ""
    edit: Edit | None = None
    refused: Word | None = None  # the click itself must be refused with this reason


class Operator(Block):
    act: Literal["takeover", "hand_back", "record_win", "record_loss", "erase"]
    by: Word = "operator"
    reason: str = ""
    contract_reference: Word | None = None
    scope_changes: Word | None = None


class Activation(Block):
    """A new policy version, from the one in force, with dotted paths set anew."""

    set: PolicyChanges
    emergency: Switch = False


class LevelChange(Block):
    """The autonomy level of one scope, everywhere or in a region."""

    scope: Word
    level: Level
    region: Region | None = None
    value_below: Positive | None = None


class Incident(Block):
    """An incident takes autonomy away as the policy's demotion rules say."""

    severity: Literal["sev1", "sev2", "rolling"]
    scope: Word
    region: Region | None = None


class CalendarChange(Block):
    take: tuple[Taken, ...] = ()
    release: tuple[Taken, ...] = ()


class MintedBefore(Block):
    """A capability of this scope that was minted before the step with this id."""

    minted_before: Word


class Provoke(Block):
    """A use of authority that must be refused and put on the trail."""

    scope: Word
    quote: Positive | None = None
    discount_pct: Percent | None = None
    capability: Literal["new", "newest", "of_proposal"] | MintedBefore = "new"
    guard: Word | None = None  # the guard or rule that must refuse it


class Fail(Block):
    """The next deliveries of a kind of effect fail."""

    effect: Delivered
    times: Positive = 1
    for_good: Switch = False  # the world says no: it is not tried again


class Step(Keyed):
    """One step. It does one thing, or, with only `at` or `after`, lets time pass."""

    say: str | None = None
    arrive: Channel | None = None
    line: Literal["up", "down"] | None = None
    silence: Annotated[int, Field(strict=True, ge=1, le=3)] | None = None
    dial: Annotated[Dial, wrapped("answer", (str,))] | None = None
    consult: Annotated[Consult, wrapped("outcome", (str,))] | None = None
    webhook: Webhook | None = None
    decide: Decide | None = None
    operator: Operator | None = None
    policy: Activation | None = None
    autonomy: LevelChange | None = None
    incident: Incident | None = None
    seats: Seats | None = None
    calendar: CalendarChange | None = None
    provoke: Provoke | None = None
    fail: Fail | None = None
    again: Word | None = None  # the same event once more, by the id of its step
    together: "tuple[Step, ...] | None" = None

    id: Word | None = None
    session: Word = "main"
    at: Moment | None = None
    after: Duration | None = None
    channel: Channel | None = None
    sender: Address | None = None  # an address other than the contact's own
    speaker: Speaker = Speaker.BUYER
    confidence: Share | None = None  # of the recogniser
    over: Over | None = None
    hears: Literal["all", "none"] | tuple[Hearing, ...] = "all"
    replies: Table[Word, str] = Field(default_factory=dict)
    kill_at: Point | None = None
    then: StepExpect | None = None

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        return KINDS

    @property
    def kind(self) -> str | None:
        return next((name for name in KINDS if getattr(self, name) is not None), None)

    @property
    def of_a_session(self) -> bool:
        """Whether it happens in one session, or only in the world around all of them."""
        return self.then is not None or self.kind in _OF_A_SESSION

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind is None and self.at is None and self.after is None and self.then is None:
            raise PydanticCustomError("empty_step", "a step does something, waits (at, after) or looks (then)")
        if self.at is not None and self.after is not None:
            raise PydanticCustomError("two_times", "give either at or after")
        if self.over is not None and self.say is None:
            raise PydanticCustomError("over_without_words", "only words can begin over a line: over goes with say")
        nested = [step for step in self.together or () if step.together or step.at or step.after or step.kill_at]
        if nested:
            raise PydanticCustomError(
                "nested", "steps under together happen at once: no at, after, kill_at or together"
            )
        return self


KINDS = (
    "say", "arrive", "line", "silence", "dial", "consult", "webhook", "decide", "operator", "policy", "autonomy",
    "incident", "seats", "calendar", "provoke", "fail", "again", "together",
)  # fmt: skip
_OF_A_SESSION = frozenset(
    {"say", "arrive", "line", "silence", "dial", "consult", "webhook", "decide", "operator", "provoke"}
)
