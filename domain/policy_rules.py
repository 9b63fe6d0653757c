"""The rules that hold between the fields of a policy: what the schema of one field cannot see."""

import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.checked_file import Problem, suggestion
from domain.evidence import EvidenceClass, EvidenceType
from domain.expressions import QUIET, BadExpression, bounds, holds, parse
from domain.policy_autonomy import Autonomy
from domain.policy_operating import Authors, Locale
from domain.policy_selling import (
    COMMIT_SCOPES,
    MONEY_SCOPES,
    SCOPES,
    ApprovalRule,
    ApprovalRules,
    Intent,
    Pricing,
    Scope,
    Stages,
)
from domain.policy_types import Table

LEAST_HYSTERESIS = 0.05
MOST_DISCOUNT = Decimal(60)
HIGH_RISK_TTL_S = 120
COMMIT_NEEDS = ("scope", "price_ack", "compliance", "authority")
_STEP_ABOVE = Decimal("0.000001")  # just above a threshold


def version_problems(
    version: str, supersedes: str | None, effective_at: datetime, authors: Authors
) -> Iterator[Problem]:
    if effective_at.tzinfo is None:
        yield Problem("effective_at", str(effective_at), "the time has no zone", "Add Z or an offset such as -06:00.")
    if authors.proposed_by in authors.approved_by:
        yield Problem("authors.approved_by", authors.proposed_by, "the proposer may not approve", "Name somebody else.")
    if len(set(authors.approved_by)) != len(authors.approved_by):
        yield Problem(
            "authors.approved_by", ", ".join(authors.approved_by), "an approver stands twice", "Name each once."
        )
    if supersedes == version:
        yield Problem("supersedes", version, "a version cannot supersede itself", "Give the file a new version.")


def locale_problems(locale: Locale) -> Iterator[Problem]:
    try:
        ZoneInfo(locale.business_tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem("locale.business_tz", locale.business_tz, "no such time zone", "Write it like America/Chicago.")


def stage_problems(stages: Stages) -> Iterator[Problem]:
    gates = {"transfer": stages.transfer, "close": stages.close, "commit": stages.commit}
    for name, gate in gates.items():
        # Thresholds are decimals of two or three digits: a float's last bit must not decide.
        if round(gate.enter - gate.exit, 9) < LEAST_HYSTERESIS:
            yield Problem(
                f"stages.{name}.exit",
                f"{gate.exit:g}",
                f"the gate would flap: exit must lie at least {LEAST_HYSTERESIS} below enter ({gate.enter:g})",
                f"Write {gate.enter - LEAST_HYSTERESIS:.2f} or less.",
            )
    for low, high in (("transfer", "close"), ("close", "commit")):
        if gates[low].enter >= gates[high].enter:
            yield Problem(
                f"stages.{high}.enter",
                f"{gates[high].enter:g}",
                "thresholds must rise from transfer over close to commit",
                f"Write more than {gates[low].enter:g}, the threshold of {low}.",
            )
    missing = [need for need in COMMIT_NEEDS if need not in stages.commit.requires]
    if missing:
        yield Problem(
            "stages.commit.requires",
            ", ".join(stages.commit.requires),
            f"a commitment must require {', '.join(missing)}",
            "Add what is missing.",
        )


def intent_problems(intent: Intent, stages: Stages) -> Iterator[Problem]:
    tables = (("half_life_s", intent.half_life_s, EvidenceClass), ("cap", intent.cap, EvidenceClass))
    for name, table, kinds in (*tables, ("weights", intent.weights, EvidenceType)):
        for missing in [kind for kind in kinds if kind not in table]:
            yield Problem(
                f"intent.{name}.{missing}", "", "this key is missing", "Add it; the default policy shows a value."
            )
    if {EvidenceClass.HEAT, EvidenceClass.ENGAGEMENT} <= set(intent.cap):
        yield from _momentum(intent, stages.transfer.enter)
    if intent.reversal.ceiling >= stages.transfer.enter:
        yield Problem(
            "intent.reversal.ceiling",
            f"{intent.reversal.ceiling:g}",
            "after a reversal the transfer gate could open at once",
            f"Write less than {stages.transfer.enter:g}.",
        )


def _momentum(intent: Intent, enter: float) -> Iterator[Problem]:
    highest = 1 / (1 + math.exp(-(intent.b0 + intent.cap[EvidenceClass.HEAT] + intent.cap[EvidenceClass.ENGAGEMENT])))
    if highest >= enter:
        yield Problem(
            "intent.cap.heat",
            f"{intent.cap[EvidenceClass.HEAT]:g}",
            f"enthusiasm alone (the caps of heat and engagement) reaches {highest:.2f}, the transfer gate opens at {enter:g}",
            "Lower the caps or raise stages.transfer.enter.",
        )


def scope_problems(scopes: Table[str, Scope]) -> Iterator[Problem]:
    for name in scopes:
        if name not in SCOPES:
            yield Problem(f"scopes.{name}", "", "this scope is not known", suggestion(name, SCOPES))
    for name in SCOPES:
        if name not in scopes:
            yield Problem(
                f"scopes.{name}", "", "this scope is missing", "Add it; stages: [] means that nobody gets it."
            )
    for name, scope in scopes.items():
        yield from _one_scope(name, scope)


def _one_scope(name: str, scope: Scope) -> Iterator[Problem]:
    field, stages = f"scopes.{name}.stages", ", ".join(scope.stages)
    if name == "payment.capture":
        if scope.stages:
            yield Problem(field, stages, "the agent never captures a payment", "Write [].")
    elif name in COMMIT_SCOPES:
        if set(scope.stages) - {"commit"}:
            yield Problem(field, stages, f"{name} may be granted in the commit steps only", "Write [commit].")
    elif name in MONEY_SCOPES and {"book", "transfer"} & set(scope.stages):
        yield Problem(field, stages, "a money scope may not be granted in book or transfer", "Keep close or commit.")
    risky = name in MONEY_SCOPES or scope.risk in ("high", "critical")
    if risky and scope.uses > 1:
        yield Problem(f"scopes.{name}.uses", str(scope.uses), "a high-risk capability is used once", "Write 1.")
    if risky and scope.ttl_s > HIGH_RISK_TTL_S:
        yield Problem(
            f"scopes.{name}.ttl_s",
            str(scope.ttl_s),
            f"a high-risk capability lives {HIGH_RISK_TTL_S} s at most",
            f"Write {HIGH_RISK_TTL_S} or less.",
        )


def pricing_problems(pricing: Pricing) -> Iterator[Problem]:
    ladder = pricing.discount
    steps = (ladder.agent_max_pct, ladder.manager_max_pct, ladder.director_max_pct)
    if list(steps) != sorted(steps) or steps[-1] > MOST_DISCOUNT:
        yield Problem(
            "pricing.discount",
            ", ".join(f"{step:f}" for step in steps),
            f"the discount ladder must rise from agent to director and end at {MOST_DISCOUNT} or below",
            "Lower the agent's or raise the director's limit.",
        )
    for name, row in pricing.catalogue.items():
        price = row.list * (1 - ladder.agent_max_pct / 100)
        if price - row.unit_cost < price * ladder.floor_margin_pct / 100:
            yield Problem(
                f"pricing.catalogue.{name}.unit_cost",
                f"{row.unit_cost:f}",
                f"at the agent's limit of {ladder.agent_max_pct:f} % the margin is below the floor of {ladder.floor_margin_pct:f} %",
                "Raise the list price, or lower the limit or the floor.",
            )


def approval_problems(approvals: tuple[ApprovalRule, ...], rules: ApprovalRules, pricing: Pricing) -> Iterator[Problem]:
    readable = True
    for number, rule in enumerate(approvals):
        if any(rule.id == other.id for other in approvals[:number]) or rule.id == "L1":
            yield Problem(
                f"approvals.{number}.id", rule.id, "this rule id is taken", "Give every rule an id of its own."
            )
        try:
            parse(rule.when)
        except BadExpression as fault:
            readable = False
            yield Problem(
                f"approvals.{number}.when",
                rule.when,
                f"the condition of {rule.id} is outside the language: {fault}",
                "Compare known variables with numbers or words; join with and, or, not.",
            )
    if readable:
        yield from _ladder_problems(approvals, pricing)
    if rules.self_approval:
        yield Problem("approval_rules.self_approval", "true", "nobody approves their own request", "Write false.")
    missing = {"proposal_hash", "quote_hash"} - set(rules.bind_to)
    if missing:
        yield Problem("approval_rules.bind_to", ", ".join(rules.bind_to), f"an approval must be bound to {', '.join(sorted(missing))}", "Add it.")  # noqa: E501  # fmt: skip


def _asked(approvals: tuple[ApprovalRule, ...], discount: Decimal) -> list[ApprovalRule]:
    """The rules that a discount alone brings up."""
    given = {**QUIET, "discount_pct": discount}
    return [rule for rule in approvals if holds(parse(rule.when), given)]


def _ladder_problems(approvals: tuple[ApprovalRule, ...], pricing: Pricing) -> Iterator[Problem]:
    """Above the agent's limit somebody must be asked, without a gap; up to it nobody."""
    limit, manager, top = (
        pricing.discount.agent_max_pct,
        pricing.discount.manager_max_pct,
        pricing.discount.director_max_pct,
    )
    edges = {limit, manager, top}
    for rule in approvals:
        edges |= {number for _, number in bounds(parse(rule.when), "discount_pct")}
    probes = sorted({point for edge in edges for point in (edge, edge + _STEP_ABOVE)})
    early = next((point for point in probes if 0 < point <= limit and _asked(approvals, point)), None)
    if early is not None:
        rule = _asked(approvals, early)[0]
        yield Problem("approvals", rule.when, f"{rule.id} asks for a discount of {early.normalize():f} %, which the agent may give alone (up to {limit:f} %)", f"Let the rule start at discount_pct > {limit:f}.")  # noqa: E501  # fmt: skip
    gap = next((point for point in probes if limit < point <= top and not _asked(approvals, point)), None)
    if gap is not None:
        yield Problem("approvals", "", f"no approval rule covers a discount of {gap.quantize(Decimal('0.01')):f} %: the rules must start at the agent's limit of {limit:f} % and reach {top:f} %", f"Add a rule such as discount_pct > {limit:f}.")  # noqa: E501  # fmt: skip
    if manager < top and gap is None:
        above = {rule.role for rule in _asked(approvals, manager + _STEP_ABOVE)}
        if above == {"sales_manager"}:
            yield Problem("approvals", "sales_manager", f"a sales manager would decide alone above manager_max_pct ({manager:f} %)", f"Let a rule of another role start at discount_pct > {manager:f}.")  # noqa: E501  # fmt: skip


def autonomy_problems(autonomy: Autonomy) -> Iterator[Problem]:
    for scope, level in autonomy.levels.items():
        yield from _one_level(f"autonomy.levels.{scope}", scope, level)
    for number, cell in enumerate(autonomy.cells):
        yield from _one_level(f"autonomy.cells.{number}", cell.scope, cell.level)
        same = [c for c in autonomy.cells[:number] if (c.scope, c.region, c.value_below) == (cell.scope, cell.region, cell.value_below)]  # noqa: E501  # fmt: skip
        if same:
            yield Problem(f"autonomy.cells.{number}", cell.scope, "this cell stands twice", "Keep one of the two.")
    if list(autonomy.checkpoints) != sorted(set(autonomy.checkpoints)):
        yield Problem(
            "autonomy.checkpoints", str(list(autonomy.checkpoints)), "checkpoints must rise", "Write them in order."
        )


def _one_level(field: str, scope: str, level: str) -> Iterator[Problem]:
    if scope not in SCOPES:
        yield Problem(field, scope, "this scope is not known", suggestion(scope, SCOPES))
    elif scope == "payment.capture" and level != "L0":
        yield Problem(field, level, "the agent never captures a payment", "Remove the level.")
    elif scope in MONEY_SCOPES and level == "L4":
        yield Problem(field, level, "money scopes end at L3", "Write L3 or lower.")
