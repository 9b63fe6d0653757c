"""The rules of the default policy on real cases, and the edges of the expression language."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.approval_rules import QUIET, contract_value_thresholds, matching_rules
from domain.errors import BadInput
from domain.expressions import VARIABLES, BadExpression, bounds, holds, parse
from domain.policy import load_policy

TEXT = Path("policy/default.yaml").read_text("utf-8")
POLICY = load_policy(TEXT, "default")


def asked(**known: Any) -> list[str]:
    return [rule.id for rule in matching_rules(POLICY, {**QUIET, **known})]


@pytest.mark.parametrize(
    ("known", "rules"),
    [
        ({}, []),
        ({"discount_pct": Decimal(10)}, []),
        ({"discount_pct": Decimal("10.01")}, ["A1"]),
        ({"discount_pct": Decimal("12.5")}, ["A1"]),
        ({"discount_pct": Decimal(20)}, ["A1"]),
        ({"discount_pct": Decimal("20.01")}, ["A2"]),
        ({"contract_value": Decimal("24999.99")}, []),
        ({"contract_value": Decimal(25000)}, ["A3"]),
        ({"contract_value": Decimal("27860.00"), "discount_pct": Decimal(15)}, ["A1", "A3"]),
        ({"nonstandard_terms": True}, ["A4"]),
        ({"regulated_region": True}, ["A5"]),
        ({"confidence": 0.79, "stage": "commit"}, ["A6"]),
        ({"confidence": 0.8, "stage": "commit"}, []),
        ({"confidence": 0.79, "stage": "close"}, []),
        ({"vip": True, "refund": True}, ["A7", "A8"]),
        ({"cooling_off": True}, ["A8"]),
    ],
)
def test_rules_of_the_default_policy(known: dict[str, Any], rules: list[str]) -> None:
    assert asked(**known) == rules


def test_a_value_that_nobody_looked_up_is_a_fault_and_no_permission() -> None:
    incomplete = {name: value for name, value in QUIET.items() if name != "contract_value"}
    with pytest.raises(BadInput, match="contract_value"):
        matching_rules(POLICY, incomplete)


def test_the_quiet_case_names_every_variable() -> None:
    assert set(QUIET) == set(VARIABLES)


def test_contract_value_thresholds() -> None:
    assert contract_value_thresholds(POLICY) == (Decimal(25000),)
    rules = {
        "B1": "region == 'US-FL' and 5000 <= contract_value",
        "B2": "not contract_value < 9000.50 and vip",
        "B3": "contract_value < 100 and vip",
    }
    rows = [
        f'  - {{id: {name}, when: "{when}", role: legal, sla_s: 60, on_timeout: deny}}' for name, when in rules.items()
    ]
    more = TEXT.replace("approvals:\n", "approvals:\n" + "\n".join(rows) + "\n")
    assert contract_value_thresholds(load_policy(more, "more")) == (Decimal(5000), Decimal("9000.5"), Decimal(25000))


@pytest.mark.parametrize(
    ("text", "known", "result"),
    [
        ("10 < discount_pct <= 20", {"discount_pct": Decimal(20)}, True),
        ("10 < discount_pct <= 20", {"discount_pct": Decimal(10)}, False),
        ("discount_pct == 10.10", {"discount_pct": Decimal("10.1")}, True),
        ("discount_pct > -5", {}, True),
        ("not vip", {}, True),
        ("vip or not (refund and cooling_off)", {"refund": True, "cooling_off": True}, False),
        ("region in ['US-TX', 'US-FL']", {"region": "US-FL"}, True),
        ("region in ['US-TX', 'US-FL']", {"region": "US-OH"}, False),
        ("region != 'US-TX'", {"region": "US-TX"}, False),
        ("vip == True", {"vip": True}, True),
        ("intent < margin_pct", {"intent": 0.5, "margin_pct": Decimal("0.6")}, True),
        ("confidence >= 0.1", {"confidence": 0.1}, True),
    ],
)
def test_expression(text: str, known: dict[str, Any], result: bool) -> None:
    assert holds(parse(text), {**QUIET, **known}) is result


@pytest.mark.parametrize(
    "text",
    [
        "",
        "discount_pct",
        "discount_pct >",
        "discount_pct > 'ten'",
        "vip > 1",
        "stage > 'close'",
        "discount_pct + 1 > 2",
        "discount_pct * 2 > 2",
        "moon > 1",
        "1 < 2",
        "True",
        "discount_pct is 10",
        "region not in ['US-TX']",
        "region in 'US-TX'",
        "region in []",
        "region in ['US-TX', 5]",
        "discount_pct in [10]",
        "region in [region]",
        "(lambda: True)()",
        "[vip for vip in []]",
        "vip if vip else vip",
        "vip.__class__",
        "vip[0]",
        "__import__('os')",
        "(vip := True)",
        "f'{vip}' == 'x'",
        "b'x' == region",
        "discount_pct > 1j",
        "discount_pct > 1e999",
        "discount_pct > None",
        "vip; vip",
        "vip\nvip",
        "\x00",
        "(" * 300 + "vip" + ")" * 300,
    ],
)
def test_outside_the_language(text: str) -> None:
    with pytest.raises(BadExpression):
        parse(text)


def test_bounds_turn_sides_and_lift_not() -> None:
    found = bounds(parse("not (20 < discount_pct) or discount_pct >= 30 or confidence < 1"), "discount_pct")
    assert list(found) == [("<=", Decimal(20)), (">=", Decimal(30))]
