"""Price: the quote for a confirmed scope, its read-back, and bargaining inside the limits or with a person's yes."""

from decimal import Decimal
from typing import Any

from domain.acts import asks_something, planned, say
from domain.authority import refuse
from domain.facts import FactStatus
from domain.firing import fire, record
from domain.ledger import write
from domain.pricing import Quote, percent_of
from domain.reading import Answer, Question, Special
from domain.refusal import Refused
from domain.scoring import note
from domain.stages import COMMIT_STEPS, Step
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.approvals import COMMIT_USES, counter_offer, open_proposal, propose, rule_json, rules_for
from nodes.discovery import drop_request
from nodes.orders import draft, read_back_price, scope_of, write_quote


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
        _ask_for_value(turn, quote)
        read_back_price(turn)


def _ask_for_value(turn: Turn, quote: Quote) -> None:
    """T41 (A3) right after the quote: the talk goes on while people decide about the value."""
    rules = [
        rule
        for rule in rules_for(turn, quote.discount_pct, quote.contract_value, quote.margin_pct)
        if "contract_value" in rule.when
    ]
    if not rules or open_proposal(turn, *COMMIT_USES):
        return
    done = propose(
        turn,
        [rule_json(rule) for rule in rules],
        COMMIT_USES,
        quote,
        title="value",
        facts=("scope",),
        gate=None,
    )
    if done:
        rule = max(rules, key=lambda r: r.sla_s)
        say(turn, "approval_wait_value", role=rule.role, duration=rule.sla_s, value=str(quote.contract_value))


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
    limit = turn.policy.pricing.discount.agent_max_pct
    _apply_discount(turn, limit)
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


def bargain(turn: Turn, request: dict[str, Any]) -> None:
    """Within the agent's limit at once; above it a proposal; above the ladder or below the floor a refusal."""
    value = Decimal(str(request["value"]))
    percent = value if request["unit"] == "percent" else percent_of(turn.policy, scope_of(turn), value)
    quote = draft(turn, percent)
    if isinstance(quote, Refused):
        refuse(turn, "discount.apply", quote.guard, quote.why, f"{percent:g} %")
        drop_request(turn, FactStatus.REFUSED)
        counter_offer(turn, "discount_refused", asked=str(percent))
        return
    current = Decimal(turn.deal["quote"]["discount_pct"])
    if percent <= current:
        drop_request(turn, FactStatus.MET)
        say(turn, "discount_already", discount=str(current))
        read_back_price(turn)
        return
    rules = [
        rule for rule in rules_for(turn, percent, quote.contract_value, quote.margin_pct) if "discount_pct" in rule.when
    ]
    if not rules:
        _apply_discount(turn, percent)
    elif open_proposal(turn, "discount.apply"):
        say(turn, "approval_pending", role=rules[0].role)
    else:
        _ask_person(turn, rules, quote)


def _ask_person(turn: Turn, rules: list[Any], quote: Quote) -> None:
    both = [
        rule
        for rule in rules_for(turn, quote.discount_pct, quote.contract_value, quote.margin_pct)
        if rule in rules or "contract_value" in rule.when
    ]
    asked = propose(
        turn,
        [rule_json(rule) for rule in both],
        ("discount.apply",),
        quote,
        title="discount",
        facts=("scope", "request.discount"),
        gate=None,
    )
    if asked:
        refuse(turn, "discount.apply", both[0].id, "a person has to agree", f"{quote.discount_pct:g} %")
        slowest = max(both, key=lambda r: r.sla_s)
        say(turn, "approval_wait", role=slowest.role, duration=slowest.sla_s)


def _apply_discount(turn: Turn, percent: Decimal) -> None:
    """A new quote version inside the agent's limit, in this commit."""
    quote = draft(turn, percent)
    if isinstance(quote, Refused) or turn.step in COMMIT_STEPS:
        return
    refused = write_quote(turn, quote, scopes=("discount.apply",))
    if refused:
        say(turn, "approval_refused_plain", role="sales_manager")
        return
    record(
        turn,
        "quote",
        {"quote": quote.name, "discount_pct": str(quote.discount_pct), "amount": str(quote.amount)},
        "T28" if "T28" in turn.fired else None,
    )
    drop_request(turn, FactStatus.MET)
    if turn.step is Step.PRICE:
        _ask_for_value(turn, quote)
        read_back_price(turn)
