"""Another price: at once inside the agent's limits, with a person's yes above them, never beyond the ladder."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from domain.policy import Policy
from domain.stages import Step
from domain.turn import Turn
from nodes.bargaining import apply_discount, bargain
from tests.builders import POLICY, a_policy, a_quote, a_turn, of_kind

LEVELS = {"contract.send": "L3", "payment.link": "L3", "quote.create": "L2", "discount.apply": "L2"}
ASKING = a_policy(autonomy__levels={**LEVELS, "discount.apply": "L1"})


def pricing(policy: Policy = POLICY, discount: str = "0", quantity: int = 12, **situation: Any) -> Turn:
    quote = a_quote(discount, quantity)
    return a_turn(
        Step.PRICE,
        policy=policy,
        deal={"quote": quote, "quote_version": 1, "scope": {**quote["scope"], "hash": quote["scope_hash"]}},
        authority={"open": ["discount.apply", "quote.create"]},
        situation=situation,
    )


def asked(percent: str, unit: str = "percent", **given: Any) -> Turn:
    turn = pricing(**given)
    bargain(turn, {"value": percent, "unit": unit})
    return turn


def acts(turn: Turn) -> list[str]:
    return [line["act"] for line in turn.plan]


@pytest.mark.parametrize(("value", "unit"), [("10", "percent"), ("238.80", "amount")])
def test_what_the_agent_may_give_is_given_at_once(value: str, unit: str) -> None:
    turn = asked(value, unit)
    assert turn.fired == [] and turn.deal["quote"]["amount"] == "2149.20" and turn.deal["quote"]["version"] == 2
    assert acts(turn) == ["price_readback_discount"]
    assert [e["name"] for e in of_kind(turn, "crm")] == ["quote"]
    assert of_kind(turn, "mint")[0]["limits"] == {"max_pct": "10"}


@pytest.mark.parametrize(
    ("percent", "rules", "roles"), [("10.01", ["A1"], ["sales_manager"]), ("20.01", ["A2"], ["sales_director"])]
)
def test_above_the_limit_a_person_is_asked_and_the_price_stays(
    percent: str, rules: list[str], roles: list[str]
) -> None:
    turn = asked(percent)
    (proposal,) = of_kind(turn, "proposal")
    assert turn.fired == ["T41"] and proposal["rules"] == rules and proposal["roles"] == roles
    assert proposal["uses"] == ["discount.apply"] and turn.deal["quote"]["version"] == 1
    assert acts(turn) == ["approval_wait"]
    assert [c["outcome"] for c in of_kind(turn, "call") if c["scope"] == "discount.apply"] == ["refused"]


def test_a_price_that_two_rules_are_about_is_one_proposal_for_both_roles() -> None:
    turn = asked("15", quantity=150)
    (proposal,) = of_kind(turn, "proposal")
    assert proposal["rules"] == ["A1", "A3"] and proposal["roles"] == ["sales_director", "sales_manager"]


@pytest.mark.parametrize("percent", ["35.01", "100"])
def test_beyond_the_ladder_nobody_is_asked(percent: str) -> None:
    turn = asked(percent)
    assert turn.fired == [] and of_kind(turn, "proposal") == [] and acts(turn) == ["discount_refused"]
    assert turn.plan[0]["slots"]["limit"] == "10" and turn.plan[0]["slots"]["amount"] == "2149.20"


def test_while_people_decide_nobody_is_asked_twice() -> None:
    waiting = {"proposal_id": "p1", "uses": ["discount.apply"], "status": "open", "roles": ["sales_manager"]}
    turn = asked("15", proposals=[waiting])
    assert turn.fired == [] and acts(turn) == ["approval_pending"]


def test_what_the_price_already_has_is_not_given_again() -> None:
    turn = asked("5", discount="8")
    assert acts(turn) == ["discount_already", "price_readback_discount"] and of_kind(turn, "quote") == []


def agreed(turn: Turn) -> None:
    apply_discount(turn, Decimal(5))


def wished(turn: Turn) -> None:
    bargain(turn, {"value": "5", "unit": "percent"})


@pytest.mark.parametrize("give", [agreed, wished])
def test_where_each_use_asks_even_a_small_discount_needs_a_person(give: Callable[[Turn], None]) -> None:
    turn = pricing(ASKING)
    give(turn)
    (proposal,) = of_kind(turn, "proposal")
    assert proposal["rules"] == ["L1"] and proposal["roles"] == ["sales_manager"]
    assert acts(turn) == ["approval_wait"] and turn.deal["quote"]["version"] == 1
