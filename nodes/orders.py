"""The order on the table: its scope, its quote, and the words that change them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.acts import say
from domain.authority import use
from domain.facts import FactStatus, counts
from domain.ledger import write
from domain.pricing import OrderScope, Quote, draft_quote
from domain.refusal import Refused
from domain.turn import Turn
from nodes.hearing import start_named
from nodes.questions import quote_slots


def scope_of(turn: Turn) -> OrderScope:
    scope: dict[str, Any] = turn.deal["scope"]
    return OrderScope.from_json(scope)


def set_scope(turn: Turn, scope: OrderScope) -> None:
    """Put an order scope on the table; it is confirmed by the answer to its read-back only."""
    turn.deal["scope"] = {**scope.to_json(), "hash": scope.scope_hash, "confirmed": False}


def first_scope(turn: Turn) -> tuple[OrderScope, bool]:
    """The scope to read back first, from what is known; and whether the number was the buyer's own."""
    named = turn.reading.quantity or turn.value("quantity")
    proposal = turn.catalogue.recommend(int(named) if named else None)
    product = turn.reading.product or turn.value("preference.product") or proposal.product
    annual = "annual" in (turn.reading.term, turn.value("preference.term"))
    return OrderScope(product, proposal.quantity, "annual" if annual else "monthly", start_of(turn)), bool(named)


def start_of(turn: Turn) -> date | None:
    """A start that the buyer named by month; otherwise the day of signature."""
    timeline = str(turn.value("timeline") or "").lower()
    if "next month" in timeline:
        first = turn.now.date().replace(day=1)
        return (first + timedelta(days=32)).replace(day=1)
    return None


def changed_scope(turn: Turn) -> OrderScope:
    """The scope after the words that change it."""
    before, reading = scope_of(turn), turn.reading
    return OrderScope(
        product=reading.product or before.product,
        quantity=reading.quantity or before.quantity,
        term=reading.term if reading.term in ("monthly", "annual") else before.term,  # type: ignore[arg-type]
        start=start_named(turn) or before.start,
    )


def scope_slots(scope: OrderScope, turn: Turn) -> dict[str, Any]:
    start = scope.start.isoformat() if scope.start else "signature"
    return {"quantity": scope.quantity, "product": scope.product, "term": scope.term, "start": start}


def read_back_scope(turn: Turn, act: str = "scope_readback") -> None:
    say(turn, act, **scope_slots(scope_of(turn), turn))


def draft(turn: Turn, discount: Decimal = Decimal(0)) -> Quote | Refused:
    """A draft of the next quote version; nothing is written."""
    version = int(turn.deal.get("quote_version", 0)) + 1
    return draft_quote(turn.policy, scope_of(turn), discount, version, turn.now)


def write_quote(
    turn: Turn, quote: Quote, *, proposal_id: str | None = None, scopes: tuple[str, ...] = ("quote.create",)
) -> Refused | None:
    """Put a quote on the table under the capabilities it needs; the one before it is superseded."""
    for scope in scopes:
        limits = {"max_pct": str(quote.discount_pct)} if scope == "discount.apply" else {}
        permit = use(
            turn, scope, f"Q{quote.version}", limits=limits, quote_hash=quote.quote_hash, proposal_id=proposal_id
        )
        if isinstance(permit, Refused):
            return permit
    old: dict[str, Any] | None = turn.deal.get("quote")
    if old:
        turn.want("quote_status", quote_hash=old["quote_hash"], status="superseded")
    body = {**quote.to_json(), "unit_price": str(quote.lines[0].unit_price), "proposal_id": proposal_id}
    in_writing = turn.channel.text
    turn.want("quote", body=body, in_writing=in_writing, proposal_id=proposal_id)
    turn.deal["quote"] = {**body, "issued_in_writing": in_writing}
    turn.deal["quote_version"] = quote.version
    turn.deal.pop("terms_said", None)
    return None


def quote_on_table(turn: Turn) -> Quote:
    """The open quote as it was drafted."""
    beside = ("unit_price", "proposal_id", "issued_in_writing")
    return Quote.from_json({name: value for name, value in turn.deal["quote"].items() if name not in beside})


def void_quote(turn: Turn) -> None:
    """A quote that no longer stands; the buyer's acknowledgement of it goes with it."""
    quote = turn.deal.pop("quote", None)
    if quote:
        turn.want("quote_status", quote_hash=quote["quote_hash"], status="void")
    for key in ("price_said", "terms_said"):
        turn.deal.pop(key, None)
    ack = turn.fact("price_ack")
    if ack and ack["status"] == FactStatus.CONFIRMED:
        write(turn, "price_ack", ack["value"], status=FactStatus.SUPERSEDED, speaker="system")


def read_back_price(turn: Turn) -> None:
    """Amount, currency, term and recurrence of the current quote, word for word."""
    quote: dict[str, Any] = turn.deal["quote"]
    act = "price_readback" if Decimal(quote["discount_pct"]) == 0 else "price_readback_discount"
    say(turn, act, **quote_slots(quote))


def say_terms(turn: Turn) -> None:
    """Total cost, quantity, restrictions, refund and recurring terms, before any commitment."""
    quote, company = turn.deal["quote"], turn.catalogue.company
    say(
        turn,
        "terms",
        quantity=quote["scope"]["quantity"],
        product=quote["scope"]["product"],
        amount=quote["amount"],
        term=quote["scope"]["term"],
        value=quote["contract_value"],
        refund=company.refund_terms,
        restrictions=company.restrictions,
        quote_hash=quote["quote_hash"],
    )


def authority_known(turn: Turn) -> bool:
    fact = turn.fact("authority")
    sure = counts(fact, turn.now) and fact is not None and fact["status"] == FactStatus.CONFIRMED
    return sure and fact is not None and fact["value"] is True


def ask_authority(turn: Turn) -> None:
    """Who decides: read back where it was claimed, asked where it is unknown; whoever said no is not asked again."""
    fact = turn.fact("authority")
    if fact is not None and fact["status"] == FactStatus.CONFIRMED and fact["value"] is False:
        say(turn, "no_authority_in_words")
        return
    if fact is not None and fact["status"] == FactStatus.CLAIMED and fact["value"] is True:
        say(turn, "confirm_authority")
    else:
        say(turn, "ask_authority")
