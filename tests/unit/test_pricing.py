"""Figures of the sales specification, refusals that no approval can lift, and the hash that binds a quote."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import BadInput
from domain.policy import Policy, load_policy
from domain.pricing import OrderScope, Quote, draft_quote, hash_of, percent_of
from domain.refusal import Refused

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(Path("policy/default.yaml").read_text("utf-8"), "default")


def quote(policy: Policy, product: str, quantity: int, discount: str = "0", term: str = "monthly") -> Quote:
    scope = OrderScope.from_json({"product": product, "quantity": quantity, "term": term})
    drafted = draft_quote(policy, scope, Decimal(discount), 1, NOW)
    assert isinstance(drafted, Quote)
    return drafted


@pytest.mark.parametrize(
    ("product", "quantity", "discount", "amount"),
    [
        ("team", 12, "0", "2388.00"),
        ("team", 12, "15", "2029.80"),
        ("team", 12, "12", "2101.44"),
        ("team", 12, "12.5", "2089.50"),
        ("team", 12, "10", "2149.20"),
        ("team", 10, "0", "1990.00"),
        ("team", 14, "0", "2786.00"),
        ("team", 14, "5", "2646.70"),
        ("team", 140, "0", "27860.00"),
        ("starter", 5, "0", "245.00"),
        ("enterprise", 12, "0", "11880.00"),
    ],
)
def test_amounts(policy: Policy, product: str, quantity: int, discount: str, amount: str) -> None:
    drafted = quote(policy, product, quantity, discount)
    assert str(drafted.amount) == amount
    assert str(drafted.contract_value) == amount  # month to month: one committed month
    assert (drafted.currency, drafted.recurrence, drafted.committed_months, drafted.name) == ("USD", "month", 1, "Q1")
    assert drafted.valid_until == NOW + timedelta(hours=72)


def test_a_year_is_twelve_committed_months(policy: Policy) -> None:
    drafted = quote(policy, "team", 12, "10", term="annual")
    assert (str(drafted.amount), drafted.committed_months, str(drafted.contract_value)) == ("2149.20", 12, "25790.40")


def test_margin(policy: Policy) -> None:
    drafted = quote(policy, "team", 12, "15")
    assert (str(drafted.unit_cost_total), str(drafted.margin_pct)) == ("840.00", "58.62")


def test_half_a_cent_goes_to_the_even_cent(policy: Policy) -> None:
    assert str(quote(policy, "starter", 1, "0.5").amount) == "48.76"  # 48.755
    assert str(quote(policy, "starter", 1, "1.5").amount) == "48.26"  # 48.265


@pytest.mark.parametrize(
    ("product", "quantity", "discount", "guard", "value"),
    [
        ("team", 12, "40", "director_max_pct", "40"),
        ("team", 12, "35.01", "director_max_pct", "35.01"),
        ("enterprise", 12, "35", "margin_floor", "25.4"),
        ("telephone", 12, "0", "product_known", "telephone"),
        ("team", 0, "0", "quantity_ge_1", "0"),
        ("team", -3, "0", "quantity_ge_1", "-3"),
        ("team", 10**9, "0", "quantity_plausible", "1000000000"),
        ("team", 12, "-1", "discount_not_negative", "-1"),
        ("team", 12, "NaN", "discount_not_negative", "NaN"),
    ],
)
def test_refused(policy: Policy, product: str, quantity: int, discount: str, guard: str, value: str) -> None:
    refused = draft_quote(policy, OrderScope(product, quantity), Decimal(discount), 1, NOW)
    assert isinstance(refused, Refused)
    assert (refused.guard, refused.value) == (guard, value)
    assert refused.why


def test_just_inside_the_margin_floor(policy: Policy) -> None:
    """990 less 30.7 % leaves 30.03 %, less 30.75 % leaves 29.98 %."""
    assert isinstance(draft_quote(policy, OrderScope("enterprise", 12), Decimal("30.7"), 1, NOW), Quote)
    assert isinstance(draft_quote(policy, OrderScope("enterprise", 12), Decimal("30.75"), 1, NOW), Refused)


def test_percent_of(policy: Policy) -> None:
    team = OrderScope("team", 12)
    assert percent_of(policy, team, Decimal("298.50")) == Decimal("12.5")
    assert str(percent_of(policy, team, Decimal("238.80"))) == "10"
    with pytest.raises(BadInput):
        percent_of(policy, OrderScope("telephone", 12), Decimal(1))


def test_amount_off_survives_the_way_through_percent(policy: Policy) -> None:
    team = OrderScope("team", 140)
    drafted = draft_quote(policy, team, percent_of(policy, team, Decimal("100.01")), 1, NOW)
    assert isinstance(drafted, Quote) and drafted.amount == Decimal("27860.00") - Decimal("100.01")


def test_scope_hash_tells_orders_apart() -> None:
    first = OrderScope("team", 12)
    others = [replace(first, product="starter"), replace(first, quantity=13), replace(first, term="annual"), replace(first, start=date(2026, 12, 1))]  # noqa: E501  # fmt: skip
    assert len({first.scope_hash, *(other.scope_hash for other in others)}) == 5
    assert OrderScope.from_json(others[3].to_json()) == others[3]
    with pytest.raises(BadInput):
        OrderScope.from_json({"product": "team", "quantity": 12, "term": "weekly"})


def test_a_stored_quote_that_was_altered_is_refused(policy: Policy) -> None:
    raw = quote(policy, "team", 12).to_json()
    assert Quote.from_json(raw).to_json() == raw
    for field, value in (("amount", "238.80"), ("discount_pct", "90"), ("valid_until", "2030-01-01T00:00:00+00:00")):
        with pytest.raises(BadInput):
            Quote.from_json({**raw, field: value})
    with pytest.raises(BadInput):
        Quote.from_json({**raw, "scope": {**raw["scope"], "quantity": 24}})


def test_cost_and_margin_are_not_part_of_what_the_buyer_agrees_to(policy: Policy) -> None:
    drafted = quote(policy, "team", 12)
    dearer = replace(drafted, unit_cost_total=Decimal(1), margin_pct=Decimal(1), version=9)
    assert hash_of(dearer) == drafted.quote_hash


def test_the_hash_does_not_depend_on_the_zone_of_the_clock(policy: Policy) -> None:
    here = draft_quote(policy, OrderScope("team", 12), Decimal(0), 1, NOW)
    there = draft_quote(policy, OrderScope("team", 12), Decimal(0), 1, NOW.astimezone(timezone(timedelta(hours=-6))))
    assert here == there
