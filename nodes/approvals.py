"""Approvals: what people decided is waited for without blocking, and executed in one turn."""

from datetime import datetime, timedelta
from typing import Any

from domain.acts import say
from domain.authority import mint
from domain.facts import FactStatus
from domain.firing import fire, record
from domain.ports import Ports
from domain.pricing import Quote, draft_quote
from domain.refusal import Refused
from domain.stages import CLOSE_STEPS, COMMIT_STEPS, Step
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.discovery import drop_request
from nodes.orders import read_back_price, scope_of, write_quote
from nodes.proposals import rules_for


async def settle(turn: Turn, ports: Ports) -> None:
    """T42 for every proposal that people decided or that ran out, while the buyer can be told."""
    if not turn.present or turn.step.terminal:
        return
    for proposal in turn.situation.get("proposals", []):
        if proposal.get("fresh") or len(turn.fired) >= 3:
            continue
        outcome = _outcome(turn, proposal)
        if outcome:
            _settle_one(turn, proposal, outcome)


def _outcome(turn: Turn, proposal: dict[str, Any]) -> str | None:
    if proposal["status"] in ("approved", "denied", "expired"):
        return str(proposal["status"])
    late = datetime.fromisoformat(proposal["deadline"]) <= turn.now
    return "expired" if proposal["status"] == "open" and late else None


def _settle_one(turn: Turn, proposal: dict[str, Any], outcome: str) -> None:
    turn.work["settling"] = {**proposal, "status": outcome}
    turn.work["policy_forbids"] = _policy_forbids(turn, proposal) if outcome == "approved" else ""
    turn.work["void"] = ""
    decided = {
        "outcome": outcome,
        "rules": proposal["rules"],
        "by": proposal.get("decided_by", []),
        "hash": proposal["proposal_hash"],
    }

    def execute() -> None:
        final = "void" if turn.work["void"] else outcome
        decided["outcome"] = final
        turn.want("settle_proposal", proposal_id=proposal["proposal_id"], status=final, before=proposal["status"])
        turn.want("cancel_timer", timer="approval_deadline", ref=proposal["proposal_id"])
        if final == "approved":
            _granted(turn, proposal)

    row = fire(
        turn, Trigger.APPROVAL_DECIDED_OR_EXPIRED, reason=outcome, records={"approval_outcome": decided}, act=execute
    )
    if not isinstance(row, Transition):
        return
    proposal["status"] = (turn.work["void"] and "void") or outcome
    turn.audit("approval_outcome", dict(decided))
    if "discount.apply" in proposal["uses"] and outcome == "approved" and not turn.work["void"]:
        _quote_approved(turn, proposal)
    else:
        _tell(turn, proposal, outcome)


def _granted(turn: Turn, proposal: dict[str, Any]) -> None:
    """What the approval opens: one use each, bound to the quote, for as long as it may be executed."""
    grants: list[dict[str, Any]] = turn.authority["approved"].setdefault("list", [])
    until = (
        proposal.get("executable_until")
        or (turn.now + timedelta(seconds=turn.policy.approval_rules.validity_s)).isoformat()
    )
    grants.append(
        {
            "proposal_id": proposal["proposal_id"],
            "rules": proposal["rules"],
            "uses": [use for use in proposal["uses"] if use != "discount.apply"],
            "quote_hash": proposal["quote_hash"],
            "until": until,
        }
    )
    turn.authority["approved"]["list"] = grants[-6:]
    if turn.step in COMMIT_STEPS:
        for scope in proposal["uses"]:
            mint(turn, scope, quote_hash=proposal["quote_hash"], proposal_id=proposal["proposal_id"])


def _quote_approved(turn: Turn, proposal: dict[str, Any]) -> None:
    """The approved quote is written, its capability consumed, and the read-back planned, all in this turn."""
    quote = Quote.from_json(proposal["body"]["draft"])
    if "discount.apply" not in turn.authority["open"]:
        turn.authority["open"].append("discount.apply")
    refused = write_quote(turn, quote, proposal_id=proposal["proposal_id"], scopes=("discount.apply",))
    if refused:
        say(turn, "approval_void", why=refused.why)
        return
    record(
        turn,
        "quote",
        {"quote": f"Q{quote.version}", "discount_pct": str(quote.discount_pct), "amount": str(quote.amount)},
        "T42",
    )
    drop_request(turn, FactStatus.MET)
    say(turn, "approval_granted", role=proposal["rules"][0])
    if turn.step is Step.PRICE:
        read_back_price(turn)
    turn.work["quoted_now"] = True


def _policy_forbids(turn: Turn, proposal: dict[str, Any]) -> str:
    """Whether the policy of this moment still allows what was approved."""
    draft = Quote.from_json(proposal["body"]["draft"])
    again = draft_quote(turn.policy, draft.scope, draft.discount_pct, draft.version, turn.now)
    if isinstance(again, Refused):
        return again.why
    if turn.step in CLOSE_STEPS and turn.deal.get("scope", {}).get("hash") != scope_of(turn).scope_hash:
        return "the order scope has changed"
    if again.amount != draft.amount:
        return "the list price has changed"
    if "discount.apply" in proposal["uses"]:
        rules = rules_for(turn, draft.discount_pct, draft.contract_value, draft.margin_pct)
        asked = {rule.role for rule in rules if "discount_pct" in rule.when}
        if not asked <= set(proposal.get("roles") or asked):
            return "somebody else has to agree to it now"
    return ""


def _tell(turn: Turn, proposal: dict[str, Any], outcome: str) -> None:
    """What was decided, and what the agent may offer by itself."""
    role = proposal["roles"][0] if proposal.get("roles") else proposal["rules"][0]
    if turn.work["void"]:
        say(turn, "approval_void", why=turn.work["void"])
    elif outcome == "approved":
        say(turn, "approval_granted", role=role)
    elif "discount.apply" in proposal["uses"]:
        drop_request(turn, FactStatus.REFUSED)
        counter_offer(turn, "approval_refused" if outcome == "denied" else "approval_expired", role=role)
    else:
        turn.deal["refused_values"] = [*turn.deal.get("refused_values", []), proposal["quote_hash"]][-4:]
        say(turn, "approval_refused_plain", role=role)
    turn.work["settled_now"] = True


def counter_offer(turn: Turn, act: str, **slots: Any) -> None:
    """The agent's own limit, as a price that it may give at once."""
    limit = turn.policy.pricing.discount.agent_max_pct
    quote = draft_quote(turn.policy, scope_of(turn), limit, 0, turn.now)
    amount = "0" if isinstance(quote, Refused) else str(quote.amount)
    say(turn, act, limit=str(limit), amount=amount, **slots)
