"""What a commitment sends: contract and payment link, each under its own capability."""

from datetime import timedelta
from typing import Any

from domain.acts import say
from domain.authority import allowed, use
from domain.errors import ThroughlineError
from domain.facts import FactStatus
from domain.ledger import write
from domain.ports import Ports
from domain.refusal import Refused
from domain.stages import Channel
from domain.state import Json, part
from domain.turn import Turn

LINK_DAYS = 3
LINKS = {"contract.send": "contract", "payment.link": "payment"}


def uses_of(order: Json) -> tuple[str, ...]:
    """A later attempt pays the contract that is out already, unless that one is void."""
    return tuple(LINKS) if order["attempt"] == 1 or order.get("contract_void") else ("payment.link",)


def closed_use(turn: Turn, order: Json, proposal_id: str | None) -> tuple[str, Refused] | None:
    """The first use of the order that authority does not allow now; nothing is sent then."""
    for scope in uses_of(order):
        refused = allowed(turn, scope, proposal_id=proposal_id)
        if refused:
            return scope, refused
    return None


def send(turn: Turn, ports: Ports, order: Json, proposal_id: str | None) -> None:
    """The effects of T31, in its commit. Writes the links into the order."""
    quote: Json = turn.deal["quote"]
    expires = (turn.now + timedelta(days=LINK_DAYS)).isoformat()
    order["contract_link"] = part(turn.deal, "order").get("contract_link", "")
    for scope in uses_of(order):
        kind = LINKS[scope]
        token = ports.links.token(turn.event.turn_id, kind)
        object_id = f"{turn.session_id}:{turn.event.turn_id}:{kind}"
        if kind == "contract":
            _contract(turn, ports, quote, object_id, token)
            order.update(contract_id=object_id, contract_link=ports.links.contract(token))
        else:
            _payment(turn, quote, order["attempt"], object_id, token, expires)
            order.update(payment_id=object_id, payment_link=ports.links.payment(token))
        _deliver(turn, scope, quote, object_id, proposal_id)
    turn.want("quote_status", quote_hash=quote["quote_hash"], status="accepted")
    promised = {"quote_hash": quote["quote_hash"], "amount": quote["amount"]}
    write(turn, "commitment", promised, status=FactStatus.CONFIRMED, quote=turn.words[:160])


def _contract(turn: Turn, ports: Ports, quote: Json, contract_id: str, token: str) -> None:
    buyer = {
        "name": turn.value("contact.name"),
        "company": turn.value("contact.company"),
        "address": turn.value("contact.phone"),
    }
    document = ports.links.document(quote, buyer, turn.now)
    turn.want("contract", contract_id=contract_id, quote_hash=quote["quote_hash"], token=token, document=document)


def _payment(turn: Turn, quote: Json, attempt: int, payment_id: str, token: str, expires: str) -> None:
    turn.want(
        "payment",
        payment_id=payment_id,
        quote_hash=quote["quote_hash"],
        attempt=attempt,
        amount=quote["amount"],
        currency=quote["currency"],
        token=token,
        expires_at=expires,
    )
    turn.want("timer", timer="link_expiry", ref=payment_id, due_at=expires)


def _deliver(turn: Turn, scope: str, quote: Json, object_id: str, proposal_id: str | None) -> None:
    permit = use(turn, scope, quote["quote_hash"], quote_hash=quote["quote_hash"], proposal_id=proposal_id)
    if isinstance(permit, Refused):
        raise ThroughlineError(f"{scope} was allowed a moment ago: {permit.why}")  # the turn is not committed
    payload: dict[str, Any] = {
        f"{LINKS[scope]}_id": object_id,
        "session": turn.session_id,
        "amount": quote["amount"],
        "currency": quote["currency"],
        "quote_hash": quote["quote_hash"],
    }
    turn.want(
        "outbox",
        outbox=f"{LINKS[scope]}_link",
        object=object_id,
        payload=payload,
        capability_id=permit.capability_id,
    )


def say_links(turn: Turn, act: str, order: Json) -> None:
    """Nobody can follow an address that is read out: on a call both links go out as text messages."""
    if turn.channel is Channel.VOICE:
        say(turn, f"{act}_by_text")
    else:
        say(turn, act, contract_link=order["contract_link"], payment_link=order["payment_link"])
