"""The rules of the discount ladder: who must be asked, from which discount on, without a gap."""

from collections.abc import Iterator
from decimal import Decimal

from domain.checked_file import Problem
from domain.expressions import QUIET, BadExpression, bounds, holds, parse
from domain.policy_selling import ApprovalRule, ApprovalRules, Discount

MOST_DISCOUNT = Decimal(60)
_STEP_ABOVE = Decimal("0.000001")  # just above a threshold


def rising(ladder: Discount) -> bool:
    return ladder.agent_max_pct <= ladder.manager_max_pct <= ladder.director_max_pct <= MOST_DISCOUNT


def approval_problems(approvals: tuple[ApprovalRule, ...], rules: ApprovalRules, ladder: Discount) -> Iterator[Problem]:
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
    if readable and rising(ladder):
        yield from _ladder_problems(approvals, ladder)
    if rules.self_approval:
        yield Problem("approval_rules.self_approval", "true", "nobody approves their own request", "Write false.")
    missing = sorted({"proposal_hash", "quote_hash"} - set(rules.bind_to))
    if missing:
        bound = ", ".join(rules.bind_to)
        yield Problem(
            "approval_rules.bind_to", bound, f"an approval is bound to {' and '.join(missing)} too", "Add it."
        )


def _asked(approvals: tuple[ApprovalRule, ...], discount: Decimal) -> list[ApprovalRule]:
    """The rules that a discount alone brings up."""
    given = {**QUIET, "discount_pct": discount}
    return [rule for rule in approvals if holds(parse(rule.when), given)]


def _ladder_problems(approvals: tuple[ApprovalRule, ...], ladder: Discount) -> Iterator[Problem]:
    """Above the agent's limit somebody must be asked, without a gap; up to it nobody."""
    limit, manager, top = ladder.agent_max_pct, ladder.manager_max_pct, ladder.director_max_pct
    edges = {limit, manager, top}
    for rule in approvals:
        edges |= {number for _, number in bounds(parse(rule.when), "discount_pct")}
    # Conditions change at their edges only, so these discounts stand for all.
    probes = sorted({point for edge in edges for point in (edge, edge + _STEP_ABOVE)})
    early = [(point, rule) for point in probes if 0 < point <= limit for rule in _asked(approvals, point)]
    if early:
        point, rule = early[0]
        yield Problem(
            f"approvals.{approvals.index(rule)}.when",
            rule.when,
            f"{rule.id} asks for a discount {_spoken(point)}, which the agent may give alone (up to {limit:f} %)",
            f"Let it start with discount_pct > {limit:f}.",
        )
    gap = next((point for point in probes if limit < point <= top and not _asked(approvals, point)), None)
    if gap is not None:
        yield Problem(
            "approvals",
            ", ".join(rule.id for rule in approvals),
            f"no rule asks for a discount {_spoken(gap)}: they must start at the agent's limit of {limit:f} %"
            f" and reach {top:f} %",
            f"Let a rule start with discount_pct > {limit:f}.",
        )
    elif manager < top and {rule.role for rule in _asked(approvals, manager + _STEP_ABOVE)} == {"sales_manager"}:
        yield Problem(
            "approvals",
            "sales_manager",
            f"a sales manager would decide alone above manager_max_pct ({manager:f} %)",
            f"Let a rule of another role start with discount_pct > {manager:f}.",
        )


def _spoken(point: Decimal) -> str:
    edge = point.quantize(Decimal("0.0001"))
    return f"just above {edge.normalize():f} %" if edge != point else f"of {point.normalize():f} %"
