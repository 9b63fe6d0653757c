"""What holds for every order: never above list, the margin formula, and a hash that notices every change."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.policy import load_policy
from domain.pricing import OrderScope, Quote, draft_quote, hash_of, percent_of
from domain.refusal import Refused

POLICY = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default")
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
scopes = st.builds(
    OrderScope,
    st.sampled_from(list(POLICY.pricing.catalogue)),
    st.integers(1, 100_000),
    st.sampled_from(["monthly", "annual"]),
    st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)
discounts = st.decimals(0, 40, places=3)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(scopes, discounts, moments)
def test_amount_and_margin(scope: OrderScope, discount: Decimal, now: datetime) -> None:
    quote = draft_quote(POLICY, scope, discount, 1, now)
    row = POLICY.pricing.catalogue[scope.product]
    if isinstance(quote, Refused):
        price = row.list * (100 - discount) / 100
        assert discount > 35 or 100 * (price - row.unit_cost) < 30 * price + Decimal("0.01") * 100
        return
    assert quote.list_total == row.list * scope.quantity
    assert 0 < quote.amount <= quote.list_total
    assert abs(quote.amount - quote.list_total * (100 - discount) / 100) <= Decimal("0.005")
    assert quote.amount == quote.amount.quantize(Decimal("0.01"))
    assert abs(quote.margin_pct - 100 * (1 - quote.unit_cost_total / quote.amount)) <= Decimal("0.005")
    assert quote.margin_pct >= 30
    assert quote.contract_value == quote.amount * (12 if scope.term == "annual" else 1)


@given(scopes, st.decimals(0, 30, places=3), moments)
def test_json_round_trip(scope: OrderScope, discount: Decimal, now: datetime) -> None:
    quote = draft_quote(POLICY, scope, discount, 3, now)
    assert isinstance(quote, Quote)
    assert Quote.from_json(quote.to_json()) == quote


@given(scopes, st.decimals(0, 30, places=2), st.data())
def test_the_hash_notices_every_field_it_covers(scope: OrderScope, discount: Decimal, data: st.DataObject) -> None:
    quote = draft_quote(POLICY, scope, discount, 1, NOW)
    assert isinstance(quote, Quote)
    cent = st.integers(1, 10**6).map(lambda n: Decimal(n) / 100)
    line = quote.lines[0]
    changed = data.draw(
        st.sampled_from(
            [
                replace(quote, scope_hash=OrderScope(scope.product, scope.quantity + 1).scope_hash),
                replace(quote, lines=(replace(line, unit_price=line.unit_price + data.draw(cent)),)),
                replace(quote, lines=(replace(line, quantity=line.quantity + 1),)),
                replace(quote, lines=(line, line)),
                replace(quote, discount_pct=discount + data.draw(cent)),
                replace(quote, amount=quote.amount - data.draw(cent)),
                replace(quote, currency="EUR"),
                replace(quote, term="annual" if quote.term == "monthly" else "monthly"),
                replace(quote, recurrence="year"),
                replace(
                    quote, valid_until=quote.valid_until + timedelta(microseconds=data.draw(st.integers(1, 10**12)))
                ),
            ]
        )
    )
    assert hash_of(changed) != quote.quote_hash == hash_of(quote)


@given(scopes, st.integers(0, 10**9))
def test_an_amount_off_becomes_exactly_that_price(scope: OrderScope, off_cents: int) -> None:
    off = Decimal(off_cents) / 100
    percent = percent_of(POLICY, scope, off)
    assume(percent <= 30)
    quote = draft_quote(POLICY, scope, percent, 1, NOW)
    assert isinstance(quote, Quote)
    assert quote.amount == quote.list_total - off
