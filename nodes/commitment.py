"""The commitment: checklist, the direct question, contract and payment link."""

from typing import Any

from domain.acts import asks_something, say
from domain.authority import mint, refuse
from domain.events import EventKind
from domain.firing import fire
from domain.guards.closing import approval_for, value_le_limit_or_a3
from domain.guards.transfer import expected_value
from domain.ledger import confirm
from domain.ports import Ports
from domain.reading import Answer
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.bargaining import ask_for_value, refused_value
from nodes.orders import ask_authority, authority_known, quote_on_table, say_terms, scope_of, void_quote
from nodes.price import scope_confirmed
from nodes.proposals import COMMIT_USES, level_one_rule, open_proposal, propose, rule_json
from nodes.questions import quote_slots
from nodes.sending import closed_use, say_links, send


def check_list(turn: Turn, ports: Ports, words: bool) -> None:
    """CLOSE.compliance: terms, who decides, and T30 as soon as everything is true."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") == "authority_readback" and answered["answer"] == Answer.YES:
        confirm(turn, "authority")
    if words and "T29" not in turn.fired and another_price(turn):
        return
    quote_hash = turn.deal["quote"]["quote_hash"]
    told: dict[str, Any] = part(turn.deal, "terms_said")
    if told.get("quote_hash") != quote_hash:
        if words or turn.work.get("returned"):
            say_terms(turn)
            _ask_missing(turn, [])
        return
    if not turn.heard(told.get("speech_id")):
        if words:
            _ask_missing(turn, [])
        return
    turn.work["checklist_missing"] = []
    level = commit_level(turn)
    row = fire(
        turn,
        Trigger.CHECKLIST_COMPLETE,
        records={"compliance_passed": {"quote": f"Q{turn.deal['quote']['version']}"}},
        act=lambda: _open_commit(turn, level),
    )
    if isinstance(row, Transition):
        put_commitment(turn)
    elif words or turn.event.kind is EventKind.DECISION:
        _ask_missing(
            turn,
            [
                e["guard"]
                for e in turn.effects
                if e["kind"] == "guard_result" and e["transition"] == "T30" and not e["held"]
            ],
        )


def price_again(turn: Turn, reason: str = "price_reopened") -> None:
    """The same scope gets a new quote: for a request after the acknowledgement, or because the quote ran out."""
    scope = scope_of(turn).to_json()
    row = fire(
        turn,
        Trigger.SCOPE_CHANGED,
        reason=reason,
        records={"scope_superseded": {"from": scope, "to": scope}},
        act=lambda: void_quote(turn),
    )
    if isinstance(row, Transition):
        turn.work["scope_confirmed_before"] = True
        scope_confirmed(turn)


def another_price(turn: Turn) -> bool:
    """A wish for another price reopens it; a figure or unit that is missing is asked for first."""
    request = turn.reading.request
    if request is None:
        return False
    if request.value is None:
        say(turn, "ask_discount_figure")
    elif request.unit is None:
        say(turn, "ask_percent_or_amount", value=str(request.value))
    else:
        price_again(turn)
    return True


def commit_level(turn: Turn) -> str:
    value = expected_value(turn)
    levels = [turn.policy.autonomy.level(scope, turn.place.get("region"), value) or "L0" for scope in COMMIT_USES]
    return min(levels)


def _open_commit(turn: Turn, level: str) -> None:
    """T30 opens both uses; where each use asks, they are minted by the approval instead."""
    if level >= "L2":
        for scope in COMMIT_USES:
            mint_at_next_epoch(turn, scope)


def mint_at_next_epoch(turn: Turn, scope: str) -> None:
    """Grants of a row that also revokes live in the epoch that the row begins."""
    turn.epoch += 1
    try:
        mint(turn, scope, quote_hash=turn.deal["quote"]["quote_hash"])
    finally:
        turn.epoch -= 1


def put_commitment(turn: Turn) -> None:
    """The direct question; where each use asks, people first."""
    quote_hash = turn.deal["quote"]["quote_hash"]
    if commit_level(turn) == "L1" and approval_for(turn, "L1", quote_hash) is None:
        _ask_level_one(turn)
    else:
        ask_commit(turn)


def _use_up(turn: Turn, proposal_id: str | None) -> None:
    """An approval of each use is good for one."""
    for entry in turn.authority["approved"].get("list", []):
        if proposal_id and entry["proposal_id"] == proposal_id:
            entry["rules"] = [rule for rule in entry["rules"] if rule != "L1"]


def _ask_level_one(turn: Turn) -> None:
    """At L1 each use asks: one proposal for both uses of the quote."""
    rule = level_one_rule(turn)
    facts = ("scope", "authority")
    if propose(turn, [rule], COMMIT_USES, quote_on_table(turn), title="commit", facts=facts, gate="commit"):
        say(turn, "approval_wait_commit", role=rule["role"], duration=rule["sla_s"])


def ask_commit(turn: Turn) -> None:
    say(turn, "ask_commit", **quote_slots(turn.deal["quote"]))


def _ask_missing(turn: Turn, failed: list[str]) -> None:
    """Say what stands in the way, the buyer's part first."""
    if not authority_known(turn):
        if not asks_something(turn):
            ask_authority(turn)
        return
    waiting = open_proposal(turn, *COMMIT_USES)
    if "value_le_limit_or_a3" in failed and waiting:
        say(turn, "approval_pending", role=waiting["roles"][0])
    elif "value_le_limit_or_a3" in failed and not refused_value(turn):
        ask_for_value(turn, quote_on_table(turn))
    elif failed == ["confidence_ge_0.80"] and not waiting and not refused_value(turn) and _ask_for_confidence(turn):
        return
    elif failed and not asks_something(turn):
        names = {
            "gate_commit_open": "sure",
            "structural_ge_1.2": "sure",
            "confidence_ge_0.80": "sure",
            "no_open_blocking_objection": "objection",
            "value_le_limit_or_a3": "value",
        }
        say(turn, "missing_for_commit", missing=next((names[f] for f in failed if f in names), "sure"))


def _ask_for_confidence(turn: Turn) -> bool:
    """T41 (A6): everything is there but evidence; a manager may stand in for it."""
    rule = next((rule for rule in turn.policy.approvals if rule.id == "A6"), None)
    if rule is None or not propose(
        turn, [rule_json(rule)], COMMIT_USES, quote_on_table(turn), title="commit", facts=("scope", "authority"),
        gate="commit",
    ):  # fmt: skip
        return False
    say(turn, "approval_wait_commit", role=rule.role, duration=rule.sla_s)
    return True


def commitment(turn: Turn, ports: Ports, words: bool) -> None:
    """CLOSE.commit_requested: only a plain yes to the direct question commits."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") == "commit" and answered["answer"] == Answer.YES:
        _commit(turn, ports)
        return
    if words and "T30" not in turn.fired:
        if another_price(turn):
            return
        if not authority_known(turn):
            _reconfirm_authority(turn, answered)
            return
    level, quote_hash = commit_level(turn), turn.deal["quote"]["quote_hash"]
    waiting = open_proposal(turn, *COMMIT_USES)
    allowed = level >= "L2" or approval_for(turn, "L1", quote_hash) is not None
    if "T30" in turn.fired:
        return
    if waiting and not allowed:
        if words and not turn.plan_answers():
            say(turn, "approval_pending", role=waiting["roles"][0])
    elif not allowed:
        if words or turn.work.get("payment_retry") or (turn.work.get("undone") == "T31" and turn.present):
            _ask_level_one(turn)
    elif (
        turn.work.get("settled_now")
        or turn.work.get("returned")
        or turn.work.get("payment_retry")
        or (turn.work.get("undone") == "T31" and turn.present)
        or (words and not asks_something(turn))
    ):
        ask_commit(turn)


def _reconfirm_authority(turn: Turn, answered: dict[str, Any]) -> None:
    """Who decides is asked again before anything is committed to."""
    if answered.get("key") == "authority_readback" and answered["answer"] == Answer.YES:
        confirm(turn, "authority")
        ask_commit(turn)
    elif not asks_something(turn):
        ask_authority(turn)


def _commit(turn: Turn, ports: Ports) -> None:
    """T31: contract and payment link, their capabilities consumed in this commit, before the row's revokes."""
    quote: dict[str, Any] = turn.deal["quote"]
    quote_hash = quote["quote_hash"]
    approval = approval_for(turn, "L1", quote_hash)
    if commit_level(turn) < "L2" and approval is None:
        for scope in COMMIT_USES:
            refuse(turn, scope, "L1", "each use needs a person's yes", quote_hash)
        if waiting := open_proposal(turn, *COMMIT_USES):
            say(turn, "approval_pending", role=waiting["roles"][0])
        else:
            _ask_level_one(turn)
        return
    if not value_le_limit_or_a3(turn).held:
        for scope in COMMIT_USES:
            refuse(turn, scope, "value_le_limit_or_a3", "the approval of this value has run out", quote_hash)
        ask_for_value(turn, quote_on_table(turn))
        return
    before = part(turn.deal, "order")
    if before.get("quote_hash") != quote_hash:
        before = {}  # another quote is another order: nothing of the old one was signed or paid for this
    order: dict[str, Any] = {
        "quote_hash": quote_hash,
        "attempt": int(before.get("attempt", 0)) + 1,
        "open": True,
        "contract_void": bool(before.get("contract_void")),
    }
    proposal_id = approval["proposal_id"] if approval else None
    if stopped := closed_use(turn, order, proposal_id):
        refuse(turn, stopped[0], stopped[1].guard, stopped[1].why, quote_hash)
        say(turn, "missing_for_commit", missing="closed")
        return
    row = fire(
        turn,
        Trigger.EXPLICIT_COMMITMENT,
        records={"stage_commit": {"amount": quote["amount"], "quote": f"Q{quote['version']}"}},
        act=lambda: send(turn, ports, order, proposal_id),
    )
    if isinstance(row, Transition):
        turn.deal["order"] = {**before, **order, "contract_void": False}
        _use_up(turn, proposal_id)
        say_links(turn, "commit_sent", order)
    elif not asks_something(turn):
        ask_commit(turn)
