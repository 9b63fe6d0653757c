"""What an approver sees and may change: the price after an edit, the line to be said, and the rules run again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.approval_rules import matching_rules
from domain.expressions import QUIET
from domain.policy import ApprovalRule, Policy
from domain.ports import Lines
from domain.pricing import Quote, draft_quote, plain
from domain.proposal import proposal_hash
from domain.refusal import Refused
from memory.desk import Redraft
from nodes.questions import quote_slots

# Who may grant what another role may: the discount ladder of the policy has two rungs above the agent.
STANDS_FOR: Mapping[str, frozenset[str]] = {"sales_director": frozenset({"sales_manager"})}
EDITABLE_USE = "discount.apply"


@dataclass(frozen=True, slots=True)
class Preview:
    """A price as it would be, with what the buyer would hear. `refused` keeps the button shut and says why."""

    discount_pct: Decimal
    quote: Quote | None
    spoken: str
    rules: tuple[str, ...] = ()
    refused: Refused | None = None

    @property
    def open(self) -> bool:
        return self.refused is None


def editable(proposal: Mapping[str, Any]) -> bool:
    """Only where a discount is asked for: any other price was heard and acknowledged by the buyer already."""
    return EDITABLE_USE in proposal["uses"] and bool(proposal["body"].get("draft"))


def draft_of(proposal: Mapping[str, Any]) -> Quote | None:
    raw = proposal["body"].get("draft")
    return Quote.from_json(raw) if raw else None


def before_of(proposal: Mapping[str, Any]) -> Quote | None:
    """The quote that stands now, where the proposal would replace one."""
    raw = proposal["body"].get("before")
    return Quote.from_json(raw) if raw else None


def preview(
    proposal: Mapping[str, Any], policy: Policy, lines: Lines, discount_pct: Decimal | None, now: datetime
) -> Preview:
    """The proposal as it stands, or with another discount: priced, worded and checked under the policy of now."""
    draft = draft_of(proposal)
    if draft is None:
        return Preview(Decimal(0), None, spoken_of(proposal, None, lines))
    if discount_pct is None or discount_pct == draft.discount_pct:
        return Preview(draft.discount_pct, draft, spoken_of(proposal, draft, lines), tuple(proposal["rules"]))
    if not editable(proposal):
        return Preview(
            discount_pct, None, "", refused=Refused("edit", "this request has no price that could be changed")
        )
    quote = draft_quote(policy, draft.scope, discount_pct, draft.version, now)
    if isinstance(quote, Refused):
        return Preview(discount_pct, None, "", refused=quote)
    rules = price_rules(policy, quote)
    return Preview(
        discount_pct,
        quote,
        spoken_of(proposal, quote, lines),
        tuple(rule.id for rule in rules),
        _unserved(rules, proposal, quote),
    )


def price_rules(policy: Policy, quote: Quote) -> tuple[ApprovalRule, ...]:
    """The approval rules that this price alone runs into."""
    known = {
        "discount_pct": quote.discount_pct,
        "contract_value": quote.contract_value,
        "margin_pct": quote.margin_pct,
    }
    return tuple(matching_rules(policy, {**QUIET, **known}))


def _unserved(rules: tuple[ApprovalRule, ...], proposal: Mapping[str, Any], quote: Quote) -> Refused | None:
    """An edit may not need somebody who was never asked."""
    asked = {str(row["role"]) for row in proposal["approvals"]}
    served = asked.union(*(STANDS_FOR.get(role, frozenset()) for role in asked))
    for rule in rules:
        if rule.role not in served:
            what = f"{plain(quote.discount_pct)} % at {quote.contract_value:,} {quote.currency}"
            why = f"{what} also needs {named(rule.role)} (rule {rule.id}), who was not asked here"
            return Refused(f"rule_{rule.id}", why, plain(quote.discount_pct))
    return None


def named(role: str) -> str:
    return "the " + role.replace("_", " ")


def spoken_of(proposal: Mapping[str, Any], quote: Quote | None, lines: Lines) -> str:
    """The line the agent says once it is approved: the price for a discount, the direct question for a commitment."""
    uses = set(proposal["uses"])
    if quote is None:
        return ""
    slots = {name: value for name, value in quote_slots(quote.to_json()).items() if name != "quote_hash"}
    if EDITABLE_USE in uses:
        act = "price_readback_discount" if quote.discount_pct else "price_readback"
    elif "L1" in proposal["rules"]:
        act = "ask_commit"
    else:
        return lines.render("approval_granted", {"role": str(proposal["approvals"][0]["role"])}, 0)
    return lines.render(act, slots, 0)


def redraft(proposal: Mapping[str, Any], seen: Preview) -> Redraft:
    """The proposal after the edit: another draft, another hash to sign."""
    quote = seen.quote
    if quote is None:
        raise ValueError("nothing was drafted")
    body = {
        **proposal["body"],
        "draft": quote.to_json(),
        "args": {**proposal["body"].get("args", {}), "discount_pct": plain(quote.discount_pct)},
    }
    return Redraft(body, quote.quote_hash, proposal_hash({**proposal, "body": body, "quote_hash": quote.quote_hash}))
