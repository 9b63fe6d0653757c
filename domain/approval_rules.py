"""Which approval rules an action brings up: the conditions of the policy, run by our own evaluator."""

from collections.abc import Mapping
from decimal import Decimal

from domain.expressions import QUIET, Given, bounds, holds, parse
from domain.policy import Policy
from domain.policy_selling import ApprovalRule

__all__ = ["QUIET", "ApprovalRule", "contract_value_thresholds", "matching_rules"]


def matching_rules(policy: Policy, variables: Mapping[str, Given]) -> tuple[ApprovalRule, ...]:
    """The rules whose condition holds, in the order of the file.

    Start from QUIET and set what is known: a condition over a variable that is missing raises BadInput.
    """
    return tuple(rule for rule in policy.approvals if holds(parse(rule.when), variables))


def contract_value_thresholds(policy: Policy) -> tuple[Decimal, ...]:
    """The contract values from which a rule asks, ascending: a value below all of them asks for nothing."""
    found = {
        number
        for rule in policy.approvals
        for sign, number in bounds(parse(rule.when), "contract_value")
        if sign in (">", ">=", "==")
    }
    return tuple(sorted(found))
