"""The order on the table of a session that starts in its middle: scope, quotes, lines about them, and the papers."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.acts import ACTS, say
from domain.errors import BadInput
from domain.facts import FactStatus
from domain.ledger import write
from domain.ports import Ports
from domain.pricing import OrderScope, draft_quote
from domain.reading import Request
from domain.refusal import Refused
from domain.turn import Turn
from graph.scenarios.setting import OrderState, QuotePart, RequestPart, SpokenPart, Start
from nodes.commitment import ask_commit
from nodes.hearing import take_request
from nodes.orders import read_back_price, read_back_scope, say_terms, set_scope, write_quote

LINK_DAYS = 3


def order(start: Start, turn: Turn) -> None:
    """The order scope on the table, confirmed by the buyer unless told otherwise."""
    part = start.order
    if part is None:
        return
    scope = OrderScope.from_json(
        {"product": part.product, "quantity": part.quantity, "term": part.term, "start": part.start}
    )
    set_scope(turn, scope)
    turn.deal["scope"]["confirmed"] = part.confirmed
    if part.confirmed:
        write(turn, "scope", scope.to_json(), status=FactStatus.CONFIRMED, confidence=1.0)
    write(turn, "quantity", part.quantity, status=FactStatus.CONFIRMED, confidence=1.0)


def quote(part: QuotePart, turn: Turn) -> None:
    """The next quote version of the order, read back."""
    scope = OrderScope.from_json(turn.deal["scope"])
    drafted = draft_quote(
        turn.policy, scope, Decimal(part.discount_pct), int(turn.deal.get("quote_version", 0)) + 1, turn.now
    )
    if isinstance(drafted, Refused):
        raise BadInput("quotes.discount_pct", drafted.why, "Give a discount that the policy allows.")
    write_quote(turn, drafted, scopes=())
    turn.effects[-1]["in_writing"] = turn.deal["quote"]["issued_in_writing"] = part.in_writing or turn.channel.text
    read_back_price(turn)
    if part.acknowledged:
        value = {"quote_hash": drafted.quote_hash, "amount": str(drafted.amount), "quote": drafted.name}
        write(turn, "price_ack", value, status=FactStatus.CONFIRMED, confidence=1.0)


def spoken(part: SpokenPart, turn: Turn) -> None:
    """A line of the agent; its slots come from the order and the quote on the table."""
    line = _LINES.get(part.act)
    if line is not None:
        line(turn)
    elif not ACTS[part.act].slots:
        say(turn, part.act)
    else:
        known = ", ".join(sorted(_LINES))
        raise BadInput(
            "said.act", f"{part.act} has slots that a start cannot fill", f"Use {known}, or an act without slots."
        )


_LINES: dict[str, Callable[[Turn], None]] = {
    "price_readback": read_back_price,
    "price_readback_discount": read_back_price,
    "scope_readback": read_back_scope,
    "terms": say_terms,
    "ask_commit": ask_commit,
}


def request(part: RequestPart, turn: Turn) -> None:
    """A wish for another price that nobody has answered."""
    take_request(turn, Request(quote="", value=part.value, unit=part.unit))


def commitment(state: OrderState, ports: Ports, turn: Turn) -> None:
    """Contract and payment link as T31 left them."""
    on_table: dict[str, Any] = turn.deal["quote"]
    quote_hash, amount, turn_id = str(on_table["quote_hash"]), on_table["amount"], turn.event.turn_id
    contract, payment = ports.links.token(turn_id, "contract"), ports.links.token(turn_id, "payment")
    payment_id, expires = f"{turn.session_id}:{quote_hash}:{state.attempt}", turn.now + timedelta(days=LINK_DAYS)
    buyer = {"name": turn.value("contact.name"), "address": turn.value("contact.phone")}
    document = ports.links.document(on_table, buyer, turn.now)
    turn.want("contract", contract_id=f"{turn.session_id}:c1", quote_hash=quote_hash, token=contract, document=document)
    turn.want(
        "payment", payment_id=payment_id, quote_hash=quote_hash, attempt=state.attempt, amount=amount,
        currency=on_table["currency"], token=payment, expires_at=expires.isoformat(),
    )  # fmt: skip
    turn.want("quote_status", quote_hash=quote_hash, status="accepted")
    turn.want("timer", timer="link_expiry", ref=payment_id, due_at=expires.isoformat())
    write(turn, "commitment", {"quote_hash": quote_hash, "amount": amount}, status=FactStatus.CONFIRMED)
    links = {"contract_link": ports.links.contract(contract), "payment_link": ports.links.payment(payment)}
    turn.deal["order"] = {
        "quote_hash": quote_hash,
        "attempt": state.attempt,
        "open": True,
        **links,
        **({"signed": True, "signed_quote_hash": quote_hash} if state.contract == "accepted" else {}),
        **({"paid_amount": amount} if state.payment == "paid" else {}),
    }
