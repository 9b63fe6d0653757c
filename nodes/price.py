"""Price: the quote for a confirmed scope, its read-back and its acknowledgement."""

from decimal import Decimal
from typing import Any

from domain.acts import asks_something, planned, say
from domain.facts import FactStatus
from domain.firing import fire
from domain.ledger import write
from domain.reading import Answer, Question, Special
from domain.refusal import Refused
from domain.scoring import note
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.bargaining import apply_discount, ask_for_value, bargain
from nodes.orders import draft, read_back_price, scope_of, write_quote
from nodes.proposals import open_proposal


def scope_confirmed(turn: Turn) -> None:
    """T28: the confirmed scope gets its quote; over the limit a director is asked; an open request is taken up."""
    quote = draft(turn)
    if isinstance(quote, Refused):
        say(turn, "ask_scope")
        return
    turn.work["draft"] = quote.to_json()
    scope = scope_of(turn)

    def store() -> None:
        write_quote(turn, quote)
        write(turn, "scope", scope.to_json(), status=FactStatus.CONFIRMED, quote=turn.words[:160])
        turn.deal["scope"]["confirmed"] = True

    row = fire(
        turn,
        Trigger.SCOPE_CONFIRMED,
        records={"scope": scope.to_json(), "quote": {"quote": quote.name, "amount": str(quote.amount)}},
        act=store,
    )
    turn.work.pop("draft")
    if not isinstance(row, Transition):
        return
    note(turn, "scope_confirm")
    if not _take_up_request(turn):
        ask_for_value(turn, quote)
        read_back_price(turn)


def _take_up_request(turn: Turn) -> bool:
    """A request that is still open is taken up with the new quote, without being asked again."""
    fact = turn.fact("request.discount")
    if not fact or fact["status"] != FactStatus.OPEN or fact["value"]["value"] is None or fact["value"]["unit"] is None:
        return False
    bargain(turn, fact["value"])
    waits = open_proposal(turn, "discount.apply")  # the price is put once people have decided about it
    if not waits and not planned(turn, "price_readback", "price_readback_discount"):
        read_back_price(turn)
    return True


def price_talk(turn: Turn, words: bool) -> None:
    """CLOSE.price: a request first, then the acknowledgement, then the read-back."""
    if turn.work.get("quoted_now") or (turn.work.get("settled_now") and not words):
        return
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if words and _counter_answer(turn, answered):
        return
    if words and Special.MACHINE_INSTRUCTION not in turn.reading.specials and _request(turn, answered):
        return
    if answered.get("key") == "price_readback" and answered["answer"] == Answer.YES:
        acknowledge(turn)
        return
    fresh = "T28" in turn.fired
    if turn.work.get("returned") or turn.work.get("closing_now"):
        if not planned(turn, "price_readback", "price_readback_discount"):
            read_back_price(turn)
    elif words and not fresh and not asks_something(turn) and not turn.work.get("settled_now"):
        _stay_on_price(turn, answered)


def _stay_on_price(turn: Turn, answered: dict[str, Any]) -> None:
    """What was said changes nothing about the price: wait with the buyer, or put the price again."""
    waiting = open_proposal(turn, "discount.apply")
    if waiting:
        if not turn.plan_answers():
            say(turn, "approval_pending", role=waiting["roles"][0])
        return
    heard = turn.heard(part(turn.deal, "price_said").get("speech_id"))
    if answered.get("key") == "price_readback" and answered["answer"] == Answer.NO:
        say(turn, "ask_discount_figure")
    elif (
        not heard
        or Question.PRICE in turn.reading.questions
        or turn.reading.answer is not Answer.NEITHER
        or not turn.plan
        or not asks_something(turn)
    ):
        read_back_price(turn)


def acknowledge(turn: Turn) -> None:
    """T29: the buyer acknowledged the current quote."""
    quote = turn.deal["quote"]
    fields = {
        "quote": f"Q{quote['version']}",
        "amount": quote["amount"],
        "currency": quote["currency"],
        "recurrence": quote["recurrence"],
        "channel": turn.channel.value,
    }
    row = fire(
        turn,
        Trigger.PRICE_ACKNOWLEDGED,
        records={"price_ack": fields},
        act=lambda: _store_ack(turn, fields),
    )
    if isinstance(row, Transition):
        note(turn, "price_ack")
    elif not asks_something(turn):
        read_back_price(turn)


def _store_ack(turn: Turn, fields: dict[str, Any]) -> None:
    quote = turn.deal["quote"]
    value = {"quote_hash": quote["quote_hash"], "amount": fields["amount"], "quote": fields["quote"]}
    write(turn, "price_ack", value, status=FactStatus.CONFIRMED, quote=turn.words[:160])


def _counter_answer(turn: Turn, answered: dict[str, Any]) -> bool:
    """A yes to the agent's own limit applies it."""
    if answered.get("key") != "counter_offer" or answered["answer"] != Answer.YES or turn.reading.request:
        return False
    limit, current = turn.policy.pricing.discount.agent_max_pct, Decimal(turn.deal["quote"]["discount_pct"])
    if current >= limit:
        say(turn, "discount_already", discount=str(current))
        read_back_price(turn)
    else:
        apply_discount(turn, limit)
    return True


def _request(turn: Turn, answered: dict[str, Any]) -> bool:
    """A wish for another price in these words, or the unit or figure that an earlier one lacked."""
    reading, fact = turn.reading, turn.fact("request.discount")
    if answered.get("key") == "percent_or_amount" and fact and fact["value"]["unit"] is None:
        unit = _unit_in(turn)
        if unit:
            value = {**fact["value"], "unit": unit}
            write(turn, "request.discount", value, status=FactStatus.OPEN, quote=turn.words[:120])
            bargain(turn, value)
            return True
    if reading.request is None:
        if Question.DISCOUNT in reading.questions:
            say(turn, "ask_discount_figure")
            return True
        return False
    if reading.request.value is None:
        say(turn, "ask_discount_figure")
    elif reading.request.unit is None:
        say(turn, "ask_percent_or_amount", value=str(reading.request.value))
    else:
        bargain(turn, {"value": str(reading.request.value), "unit": reading.request.unit})
    return True


def _unit_in(turn: Turn) -> str | None:
    words = turn.words.lower()
    if "percent" in words or "%" in words:
        return "percent"
    if "dollar" in words or "$" in words or "buck" in words or "usd" in words:
        return "amount"
    return turn.reading.request.unit if turn.reading.request else None
