"""Quotes: what an order costs, exact to the cent, bound to its content by a hash, refused where policy says no."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal, Self, get_args

from domain.errors import BadInput
from domain.policy import Policy
from domain.refusal import Refused

Term = Literal["monthly", "annual"]
RECURRENCE = "month"
COMMITTED_MONTHS: Mapping[str, int] = {"monthly": 1, "annual": 12}
MOST_SEATS = 1_000_000
_CENT = Decimal("0.01")
_PERCENT_STEP = Decimal("0.00000001")  # fine enough that an amount survives the way to percent and back


@dataclass(frozen=True, slots=True)
class OrderScope:
    """What is bought."""

    product: str
    quantity: int
    term: Term = "monthly"
    start: date | None = None

    @property
    def scope_hash(self) -> str:
        return _digest(self.to_json())

    def to_json(self) -> dict[str, Any]:
        start = self.start.isoformat() if self.start else None
        return {"product": self.product, "quantity": self.quantity, "term": self.term, "start": start}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        if raw["term"] not in get_args(Term):
            raise BadInput("scope.term", f"{raw['term']!r} is no term", "Use monthly or annual")
        start = date.fromisoformat(raw["start"]) if raw.get("start") else None
        return cls(str(raw["product"]), int(raw["quantity"]), raw["term"], start)


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One position at list price."""

    product: str
    quantity: int
    unit: str
    unit_price: Decimal
    amount: Decimal

    def to_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "quantity": self.quantity,
            "unit": self.unit,
            "unit_price": f"{self.unit_price:f}",
            "amount": f"{self.amount:f}",
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        return cls(raw["product"], raw["quantity"], raw["unit"], Decimal(raw["unit_price"]), Decimal(raw["amount"]))


@dataclass(frozen=True, slots=True)
class Quote:
    """A versioned price for one order scope. `amount` is due once per recurrence, for the committed months at least."""

    version: int
    scope: OrderScope
    scope_hash: str
    lines: tuple[PriceLine, ...]
    list_total: Decimal
    discount_pct: Decimal
    amount: Decimal
    currency: str
    term: Term
    recurrence: str
    committed_months: int
    contract_value: Decimal
    unit_cost_total: Decimal
    margin_pct: Decimal
    valid_until: datetime
    quote_hash: str

    @property
    def name(self) -> str:
        return f"Q{self.version}"

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "scope": self.scope.to_json(),
            "scope_hash": self.scope_hash,
            "lines": [line.to_json() for line in self.lines],
            "list_total": f"{self.list_total:f}",
            "discount_pct": plain(self.discount_pct),
            "amount": f"{self.amount:f}",
            "currency": self.currency,
            "term": self.term,
            "recurrence": self.recurrence,
            "committed_months": self.committed_months,
            "contract_value": f"{self.contract_value:f}",
            "unit_cost_total": f"{self.unit_cost_total:f}",
            "margin_pct": f"{self.margin_pct:f}",
            "valid_until": self.valid_until.isoformat(),
            "quote_hash": self.quote_hash,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        """Raises BadInput where the content does not fit the hash: nothing is sold on a price that was altered."""
        quote = cls(
            version=raw["version"],
            scope=OrderScope.from_json(raw["scope"]),
            scope_hash=raw["scope_hash"],
            lines=tuple(PriceLine.from_json(line) for line in raw["lines"]),
            list_total=Decimal(raw["list_total"]),
            discount_pct=Decimal(raw["discount_pct"]),
            amount=Decimal(raw["amount"]),
            currency=raw["currency"],
            term=raw["term"],
            recurrence=raw["recurrence"],
            committed_months=raw["committed_months"],
            contract_value=Decimal(raw["contract_value"]),
            unit_cost_total=Decimal(raw["unit_cost_total"]),
            margin_pct=Decimal(raw["margin_pct"]),
            valid_until=datetime.fromisoformat(raw["valid_until"]),
            quote_hash=raw["quote_hash"],
        )
        if quote.scope_hash != quote.scope.scope_hash or quote.quote_hash != hash_of(quote):
            raise BadInput("quote", "its content does not fit its hash", "Draft the quote again")
        return quote


def hash_of(quote: Quote) -> str:
    """Covers what the buyer agrees to, and neither cost nor margin, which the buyer never sees."""
    return _hash(quote.scope_hash, quote.lines, quote.discount_pct, quote.amount, quote.currency, quote.term, quote.recurrence, quote.valid_until)  # noqa: E501  # fmt: skip


def _hash(
    scope_hash: str,
    lines: tuple[PriceLine, ...],
    discount_pct: Decimal,
    amount: Decimal,
    currency: str,
    term: str,
    recurrence: str,
    valid_until: datetime,
) -> str:
    return _digest(
        {
            "scope_hash": scope_hash,
            "lines": [line.to_json() for line in lines],
            "discount_pct": plain(discount_pct),
            "amount": f"{amount:f}",
            "currency": currency,
            "term": term,
            "recurrence": recurrence,
            "valid_until": valid_until.astimezone(UTC).isoformat(),
        }
    )


def draft_quote(
    policy: Policy, scope: OrderScope, discount_pct: Decimal, version: int, now: datetime
) -> Quote | Refused:
    """Price the order. What no approval could allow is refused here; lower limits are the caller's to ask about."""
    refused = _impossible(policy, scope, discount_pct)
    if refused:
        return refused
    row = policy.pricing.catalogue[scope.product]
    list_total, cost = cents(row.list * scope.quantity), cents(row.unit_cost * scope.quantity)
    amount = cents(list_total * (100 - discount_pct) / 100)
    margin = (1 - cost / amount) * 100 if amount else Decimal(-100)
    floor = policy.pricing.discount.floor_margin_pct
    if margin < floor:
        shown = margin.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
        return Refused(
            "margin_floor", f"the margin would be {shown} %, below the floor of {plain(floor)} %", f"{shown}"
        )
    lines = (PriceLine(scope.product, scope.quantity, policy.pricing.unit, row.list, list_total),)
    valid_until = now.astimezone(UTC) + timedelta(hours=policy.pricing.quote_valid_h)
    months = COMMITTED_MONTHS[scope.term]
    scope_hash = scope.scope_hash
    return Quote(
        version=version,
        scope=scope,
        scope_hash=scope_hash,
        lines=lines,
        list_total=list_total,
        discount_pct=discount_pct,
        amount=amount,
        currency=policy.pricing.currency,
        term=scope.term,
        recurrence=RECURRENCE,
        committed_months=months,
        contract_value=amount * months,
        unit_cost_total=cost,
        margin_pct=margin.quantize(_CENT, ROUND_HALF_EVEN),
        valid_until=valid_until,
        quote_hash=_hash(
            scope_hash, lines, discount_pct, amount, policy.pricing.currency, scope.term, RECURRENCE, valid_until
        ),
    )


def _impossible(policy: Policy, scope: OrderScope, discount_pct: Decimal) -> Refused | None:
    if scope.product not in policy.pricing.catalogue:
        return Refused("product_known", "the catalogue has no such product", scope.product)
    if scope.quantity < 1:
        return Refused("quantity_ge_1", "an order has at least one seat", str(scope.quantity))
    if scope.quantity > MOST_SEATS:
        return Refused("quantity_plausible", f"more than {MOST_SEATS} seats are no order", str(scope.quantity))
    if not discount_pct.is_finite() or discount_pct < 0:
        return Refused("discount_not_negative", "a discount lowers the price", str(discount_pct))
    highest = policy.pricing.discount.director_max_pct
    if discount_pct > highest:
        why = f"{plain(discount_pct)} % is above {plain(highest)} %, which nobody may approve"
        return Refused("director_max_pct", why, plain(discount_pct))
    return None


def percent_of(policy: Policy, scope: OrderScope, amount: Decimal) -> Decimal:
    """An amount off per recurrence as percent of the list total: rules and limits see percent only."""
    row = policy.pricing.catalogue.get(scope.product)
    if row is None or scope.quantity < 1:
        raise BadInput("scope", "the order cannot be priced", "Name a product of the catalogue and one seat or more")
    share = amount * 100 / cents(row.list * scope.quantity)
    return Decimal(plain(share.quantize(_PERCENT_STEP, ROUND_HALF_EVEN)))


def cents(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """A number without needless zeros: 10, 12.5."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
