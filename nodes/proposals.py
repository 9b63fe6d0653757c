"""Proposals: what needs a person's yes is put to people complete, with its draft quote and a row per role."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from domain.approval_rules import matching_rules
from domain.firing import fire
from domain.policy import ApprovalRule
from domain.pricing import Quote
from domain.proposal import proposal_hash
from domain.stages import COMMIT_STEPS
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn

COMMIT_USES = ("contract.send", "payment.link")


def rules_for(turn: Turn, discount: Decimal, value: Decimal, margin: Decimal) -> tuple[ApprovalRule, ...]:
    """The approval rules that this price runs into."""
    return matching_rules(
        turn.policy,
        {
            "discount_pct": discount,
            "contract_value": value,
            "nonstandard_terms": False,
            "regulated_region": bool(turn.place.get("regulated")),
            "confidence": Decimal(str(round(turn.intent["confidence"], 4))),
            "stage": "commit" if turn.step in COMMIT_STEPS else "close",
            "vip": bool(turn.place.get("vip")),
            "refund": False,
            "cooling_off": False,
            "region": turn.place.get("region") or "",
            "intent": Decimal(str(round(turn.score, 4))),
            "margin_pct": margin,
        },
    )


def propose(
    turn: Turn,
    rules: list[dict[str, Any]],
    uses: tuple[str, ...],
    quote: Quote,
    *,
    title: str,
    facts: tuple[str, ...],
    gate: str | None,
) -> bool:
    """T41: store the proposal with its draft quote and one row per role; nothing else stops."""
    used = [key for key in facts if key in turn.facts]
    proposal = turn.work["proposal"] = _complete(turn, rules, uses, quote, title, used, gate)

    def store() -> None:
        turn.want("proposal", **proposal)
        turn.want("timer", timer="approval_deadline", ref=proposal["proposal_id"], due_at=proposal["deadline"])

    fields = {"rules": proposal["rules"], "uses": list(uses), "quote": f"Q{quote.version}"}
    row = fire(
        turn,
        Trigger.ACTION_NEEDS_APPROVAL,
        reason=",".join(proposal["rules"]),
        records={"approval_requested": fields},
        act=store,
    )
    if not isinstance(row, Transition):
        return False
    turn.situation.setdefault("proposals", []).append({**proposal, "status": "open", "fresh": True})
    turn.audit(
        "approval_requested",
        {"proposal": proposal["proposal_id"], "rules": proposal["rules"], "hash": proposal["proposal_hash"]},
    )
    return True


def _complete(
    turn: Turn,
    rules: list[dict[str, Any]],
    uses: tuple[str, ...],
    quote: Quote,
    title: str,
    used: list[str],
    gate: str | None,
) -> dict[str, Any]:
    """The exact action that people are asked about. What the buyer said stays with the turn."""
    body = _body(turn, quote, title, used)
    seconds = max(int(rule["sla_s"]) for rule in rules)
    number = sum(1 for e in turn.effects if e["kind"] == "proposal")
    proposal: dict[str, Any] = {
        "proposal_id": f"{turn.session_id}:{turn.event.turn_id}:p{number}",
        "rules": [rule["id"] for rule in rules],
        "roles": sorted({str(rule["role"]) for rule in rules}),
        "uses": list(uses),
        "quote_hash": quote.quote_hash,
        "body": body,
        "facts_used": used,
        "gate": gate,
        "fallback": str(rules[0]["on_timeout"]),
        "deadline": (turn.now + timedelta(seconds=seconds)).isoformat(),
    }
    return {**proposal, "proposal_hash": proposal_hash(proposal)}


def _body(turn: Turn, quote: Quote, title: str, used: list[str]) -> dict[str, Any]:
    """What an approver sees: the draft beside what stands."""
    return {
        "title": title,
        "draft": quote.to_json(),
        "args": {"discount_pct": str(quote.discount_pct), "quantity": quote.scope.quantity, "term": quote.scope.term},
        "quote_before": part(turn.deal, "quote").get("quote_hash"),
        "before": turn.deal.get("quote"),
        "fact_ids": {key: turn.facts[key]["fact_id"] for key in used},
        "request": turn.value("request.discount"),
    }


def rule_json(rule: ApprovalRule) -> dict[str, Any]:
    return {"id": rule.id, "role": rule.role, "sla_s": rule.sla_s, "on_timeout": rule.on_timeout}


def level_one_rule(turn: Turn) -> dict[str, Any]:
    rule = turn.policy.approval_rules.level_1
    return {"id": "L1", "role": rule.role, "sla_s": rule.sla_s, "on_timeout": rule.on_timeout}


def withdraw(turn: Turn, proposal: dict[str, Any]) -> None:
    """What it asked about is off the table: nobody need decide it."""
    proposal["status"] = "withdrawn"
    turn.want("withdraw_proposal", proposal_id=proposal["proposal_id"])
    turn.want("cancel_timer", timer="approval_deadline", ref=proposal["proposal_id"])
    turn.audit("approval_withdrawn", {"proposal": proposal["proposal_id"], "quote": proposal["quote_hash"]})


def open_proposal(turn: Turn, *uses: str) -> dict[str, Any] | None:
    """A proposal that still waits for people and asks for one of these uses; for any where none is named."""
    for proposal in turn.situation.get("proposals", []):
        if proposal["status"] == "open" and (not uses or set(proposal["uses"]) & set(uses)):
            return proposal
    return None
