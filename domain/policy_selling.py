"""The blocks of a policy file that say how selling may go: stages, intent, scopes, prices and approvals."""

from functools import cached_property
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from domain.evidence import CLASS_OF, SHARE, EvidenceClass, EvidenceType
from domain.policy_types import Block, Count, Money, Percent, Positive, PositiveReal, Real, Share, Table, Word

SCOPES = (
    "call.dial", "voicemail.leave", "calendar.read", "calendar.hold", "calendar.write", "calendar.cancel",
    "crm.read_own", "crm.write_contact", "crm.note", "crm.stage", "messaging.sms", "messaging.optout_confirm",
    "call.transfer", "call.bridge", "callback.schedule", "assist.read", "pricing.read", "quote.create",
    "discount.apply", "contract.send", "payment.link", "payment.capture",
)  # fmt: skip
MONEY_SCOPES = frozenset({"discount.apply", "contract.send", "payment.link", "payment.capture"})
COMMIT_SCOPES = frozenset({"contract.send", "payment.link"})

StageName = Literal["book", "transfer", "close", "commit"]
Requirement = Literal["scope", "price_ack", "compliance", "authority", "budget"]
Role = Literal["sales_manager", "sales_director", "legal", "compliance", "account_owner", "finance"]
OnTimeout = Literal["deny", "human_takeover", "callback", "escalate"]


class BookStage(Block):
    max_minutes: PositiveReal
    idle_park_s: Positive
    enter: Share
    exit: Share


class TransferStage(BookStage):
    min_confidence: Share
    offer_cooldown_s: Count
    offer_cooldown_turns: Count


class CloseStage(BookStage):
    min_confidence: Share


class CommitGate(Block):
    """Not a stage: it covers CLOSE.commit_requested and CLOSE.committed."""

    enter: Share
    exit: Share
    min_confidence: Share
    min_structural: Annotated[Real, Field(ge=0)]
    requires: tuple[Requirement, ...]


class Stages(Block):
    book: BookStage
    transfer: TransferStage
    close: CloseStage
    commit: CommitGate


class Reversal(Block):
    ceiling: Share
    explicit_positives_to_lift: Positive


class Dwell(Block):
    up_turns: Positive
    down_turns: Positive


class Weighing(NamedTuple):
    """One evidence type, ready for the sum."""

    place: int  # of its class, in the order of EvidenceClass
    weight: float
    half_life_s: float
    share: float


class Intent(Block):
    b0: Annotated[Real, Field(ge=-6, le=0)]
    repeat_factor: Annotated[Real, Field(gt=0, lt=1)]
    half_life_s: Table[EvidenceClass, Positive]
    cap: Table[EvidenceClass, PositiveReal]
    weights: Table[EvidenceType, Real]
    reversal: Reversal
    dwell: Dwell

    @cached_property
    def weighing(self) -> dict[str, Weighing]:
        """Everything the score needs about a type, in one look-up: it is asked for every piece in every turn."""
        place = {name: number for number, name in enumerate(EvidenceClass)}
        return {
            kind.value: Weighing(place[cls], self.weights[kind], float(self.half_life_s[cls]), SHARE[cls])
            for kind, cls in CLASS_OF.items()
        }

    @cached_property
    def caps(self) -> tuple[float, ...]:
        return tuple(self.cap[cls] for cls in EvidenceClass)


class Scope(Block):
    stages: tuple[StageName, ...]
    ttl_s: Annotated[int, Field(strict=True, gt=0, le=900)]
    uses: Positive
    risk: Literal["low", "medium", "high", "critical"]


class CatalogueRow(Block):
    """Per unit: list price and own cost."""

    list: Annotated[Money, Field(gt=0)]
    unit_cost: Annotated[Money, Field(ge=0)]


class Discount(Block):
    agent_max_pct: Percent
    manager_max_pct: Percent
    director_max_pct: Percent
    floor_margin_pct: Percent


class Pricing(Block):
    currency: Annotated[str, Field(strict=True, pattern=r"^[A-Z]{3}$")]
    catalogue: Annotated[Table[Word, CatalogueRow], Field(min_length=1)]
    unit: Literal["seat_month"]
    quote_valid_h: Annotated[int, Field(strict=True, gt=0, le=720)]
    discount: Discount
    rounding: Literal["half_even"]


class ApprovalRule(Block):
    """`when` is a restricted expression, see domain/approval_rules.py."""

    id: Annotated[str, Field(strict=True, pattern=r"^[A-Z][A-Za-z0-9_]{0,15}$")]
    when: Annotated[str, Field(strict=True, min_length=1, max_length=400)]
    role: Role
    sla_s: Positive
    on_timeout: OnTimeout


class LevelOneRule(Block):
    """Who approves each use of a scope at autonomy level L1."""

    role: Role
    sla_s: Positive
    on_timeout: OnTimeout


class ApprovalRules(Block):
    four_eyes_over: Annotated[Money, Field(gt=0)]
    self_approval: Annotated[bool, Field(strict=True)]
    max_open_per_approver: Positive
    validity_s: Annotated[int, Field(strict=True, gt=0, le=86_400)]
    bind_to: tuple[Literal["proposal_hash", "quote_hash"], ...]
    level_1: LevelOneRule
