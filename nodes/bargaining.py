"""Bargaining: another price inside the agent's limits at once, above them with a person's yes, beyond all never."""

from decimal import Decimal

from domain.acts import say
from domain.authority import needs_person, refuse
from domain.facts import FactStatus
from domain.firing import record
from domain.policy import ApprovalRule
from domain.pricing import Quote, percent_of
from domain.refusal import Refused
from domain.stages import COMMIT_STEPS, Step
from domain.state import Json
from domain.turn import Turn
from nodes.approvals import counter_offer
from nodes.discovery import drop_request
from nodes.orders import draft, read_back_price, scope_of, write_quote
from nodes.proposals import COMMIT_USES, level_one_rule, open_proposal, propose, rule_json, rules_for, withdraw


def bargain(turn: Turn, request: Json) -> None:
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
    asking = _rules(turn, quote, "discount_pct")
    if asking:
        each = [level_one_rule(turn)] if needs_person(turn, "discount.apply", {}) else []
        _ask_person(turn, [*map(rule_json, asking), *each], quote)
    else:
        apply_discount(turn, percent)


def apply_discount(turn: Turn, percent: Decimal) -> None:
    """A new quote version inside the agent's limit, in this commit; where each use asks, a person is asked first."""
    quote = draft(turn, percent)
    if isinstance(quote, Refused) or turn.step in COMMIT_STEPS:
        return
    if needs_person(turn, "discount.apply", {"max_pct": str(percent)}):
        _ask_person(turn, [level_one_rule(turn)], quote)
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
        ask_for_value(turn, quote)
        read_back_price(turn)


def ask_for_value(turn: Turn, quote: Quote) -> None:
    """T41 (A3) right after the quote: the talk goes on while people decide about the value."""
    rules, waiting = _rules(turn, quote, "contract_value"), open_proposal(turn, *COMMIT_USES)
    if waiting and waiting["quote_hash"] != quote.quote_hash:
        withdraw(turn, waiting)  # nobody need decide about a price that is off the table
        waiting = None
    if not rules or waiting:
        return
    asked = [rule_json(rule) for rule in rules]
    if propose(turn, asked, COMMIT_USES, quote, title="value", facts=("scope",), gate=None):
        rule = max(rules, key=lambda r: r.sla_s)
        say(turn, "approval_wait_value", role=rule.role, duration=rule.sla_s, value=str(quote.contract_value))


def refused_value(turn: Turn) -> bool:
    """Whether people have said no to the value of the quote on the table."""
    return turn.deal["quote"]["quote_hash"] in turn.deal.get("refused_values", [])


def _rules(turn: Turn, quote: Quote, variable: str) -> list[ApprovalRule]:
    """The rules that this price runs into because of one of its numbers."""
    rules = rules_for(turn, quote.discount_pct, quote.contract_value, quote.margin_pct)
    return [rule for rule in rules if variable in rule.when]


def _ask_person(turn: Turn, asking: list[Json], quote: Quote) -> None:
    """One proposal for the discount, with a row for everybody who has to agree to this price."""
    if open_proposal(turn, "discount.apply"):
        say(turn, "approval_pending", role=str(asking[0]["role"]))
        return
    by_id = {rule["id"]: rule for rule in [*asking, *map(rule_json, _rules(turn, quote, "contract_value"))]}
    rules = sorted(by_id.values(), key=lambda rule: str(rule["id"]))
    facts = ("scope", "request.discount")
    if propose(turn, rules, ("discount.apply",), quote, title="discount", facts=facts, gate=None):
        refuse(turn, "discount.apply", str(asking[0]["id"]), "a person has to agree", f"{quote.discount_pct:g} %")
        slowest = max(rules, key=lambda rule: int(rule["sla_s"]))
        say(turn, "approval_wait", role=slowest["role"], duration=slowest["sla_s"])
