"""What the approvals page shows of a request, as plain values: queue items, tables and the words around them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.pricing import Quote
from graph.desk import Operator, Queue, Review
from ui import words
from ui.thread_items import HIDDEN

Json = dict[str, Any]


def item(row: Mapping[str, Any], queue: Queue, who: Operator) -> Json:
    """One card of the queue."""
    open_roles = [a["role"] for a in row["approvals"] if a["status"] == "open"]
    locked = ""
    if row["proposal_id"] in queue.beyond:
        locked = f"later: {queue.most} more urgent ones are open for you"
    elif not any(who.holds(role) for role in open_roles):
        locked = "not yours to decide"
    return {
        "id": f"A-{row['number']}",
        "title": words.title(row),
        "waiting": row["waiting"].value,
        "waits": words.WAITING[row["waiting"].value],
        "due": row["deadline"].timestamp(),
        "span": max(1.0, (row["deadline"] - row["opened_at"]).total_seconds()),
        "buyer": row["buyer"],
        "value": words.value_of(row),
        "who": f"needs {' and '.join(words.role(role).lower() for role in open_roles)}",
        "locked": locked,
    }


def summary(queue: Queue) -> str:
    there = sum(1 for row in queue.items if row["waiting"].value in ("on_line", "in_chat"))
    count = len(queue.items)
    if not count:
        return "nothing is waiting"
    return f"{count} open, {there} with a buyer waiting" if there else f"{count} open"


def mine(review: Review, who: Operator) -> list[Mapping[str, Any]]:
    """The open rows this operator may sign, with those of other people's roles left out."""
    return [a for a in review.row["approvals"] if a["status"] == "open" and who.holds(a["role"])]


def shut(review: Review, who: Operator, beyond: Sequence[str] | frozenset[str], most: int) -> str:
    """Why the button to approve stays shut; nothing where it may be pressed."""
    if review.row["late"]:
        return "The time for an answer is over."
    if not mine(review, who):
        return "Your roles do not include the one that has to decide this."
    if review.row["proposal_id"] in beyond:
        return f"{most} more urgent requests are open for you: decide those first."
    refused = review.seen.refused
    return f"{refused.why[0].upper()}{refused.why[1:]}." if refused else ""


def reason(review: Review) -> str:
    """Why the agent asks, in a sentence."""
    limits, rules = review.policy.pricing.discount, set(review.row["rules"])
    if "discount.apply" in review.row["uses"]:
        return (
            f"The buyer asks for more than the {words.percent(limits.agent_max_pct)} that the agent may give by itself."
        )
    if "L1" in rules:
        return "At autonomy level 1 every contract and every payment link is asked for before it leaves."
    return "The order is above what the agent may close by itself."


def said(review: Review) -> Json:
    rows = [
        {"cells": [{"t": f"turn {turn['turn']}", "c": "num"}, _words(turn["words"])]} for turn in review.row["said"]
    ]
    return {
        "title": "What was said",
        "aside": f"by {review.row['buyer']}",
        "rows": rows,
        "empty": "No words led to this request.",
    }


def _words(text: str | None) -> Json:
    return {"t": text, "c": "wrap"} if text else {"t": HIDDEN, "c": "muted"}


def rules(review: Review) -> Json:
    by_id = {rule.id: rule for rule in review.policy.approvals}
    rows: list[Json] = []
    for name in review.row["rules"]:
        rule = by_id.get(name)
        text = words.condition(rule.when) if rule else "autonomy level 1: each use is asked for"
        role = rule.role if rule else review.policy.approval_rules.level_1.role
        rows.append(
            {"cells": [{"t": name, "c": "mono"}, {"t": text, "s": f"decided by the {words.role(role).lower()}"}]}
        )
    asked, now = review.row["policy_version"], review.policy.version
    version = f"policy {asked}" if asked == now else f"asked under policy {asked}, in force now {now}"
    return {"title": "Rule that stopped it", "aside": version, "rows": rows}


def authority(review: Review) -> Json:
    """What the agent had when it asked, and what the action needs."""
    limit = words.percent(review.policy.pricing.discount.agent_max_pct)
    uses = list(review.row["uses"])
    if "discount.apply" in uses and review.draft:
        has, needs = f"discount.apply ≤ {limit}", f"discount.apply {words.percent(review.seen.discount_pct)}"
    else:
        open_scopes = [scope for scope in review.row["scopes"] if scope in uses]
        level = " at level 1: ask before each use" if "L1" in review.row["rules"] else ""
        has, needs = f"{', '.join(open_scopes) or 'none of these uses'}{level}", ", ".join(uses)
    rows = [
        {"cells": ["The agent has", {"t": has, "c": "mono"}]},
        {"cells": ["The action needs", {"t": needs, "c": "mono"}]},
    ]
    return {"title": "Authority", "rows": rows}


def deciders(review: Review) -> Json:
    """One row per role: all must approve, any denial denies."""
    rows: list[Json] = []
    for row in review.row["approvals"]:
        color = {"approved": "green", "denied": "red", "open": "orange"}.get(row["status"], "gray")
        status = {"open": "to decide"}.get(row["status"], words.OUTCOMES.get(row["status"], row["status"]).lower())
        who = _signed(row, review.now)
        second = row["approval_id"].endswith(":second")
        name = words.role(row["role"]) + (", second person" if second else "")
        rows.append({"cells": [{"t": name, "c": "strong"}, {"t": who, "tags": [{"text": status, "color": color}]}]})
    note = "All must approve; one rejection rejects." if len(rows) > 1 else ""
    if review.four_eyes:
        note = f"{note} At this contract value two people must sign.".strip()
    return {"title": "Who decides", "note": note, "rows": rows}


def _signed(row: Mapping[str, Any], now: datetime) -> str:
    if not row["decided_by"]:
        return ""
    at = row["decided_at"] if isinstance(row["decided_at"], datetime) else datetime.fromisoformat(row["decided_at"])
    text = f"{row['decided_name'] or row['decided_by']}, {words.span((now - at).total_seconds())} ago"
    return f"{text}: {row['reason']}" if row["reason"] else text


def effect(review: Review) -> Json:
    """Price, value and margin before and after, from the draft that would be signed."""
    after: Quote | None = review.seen.quote
    before: Quote | None = review.before
    if after is None:
        return {"title": "What changes", "empty": "Nothing can be drafted at this discount."}
    new, old = _figures(after), _figures(before) if before else {}
    rows: list[Json] = [
        {"cells": [name, {"before": old.get(name) if old.get(name) != text else None, "t": text, "c": "strong"}]}
        for name, text in new.items()
    ]
    floor = words.percent(review.policy.pricing.discount.floor_margin_pct)
    rows.append({"cells": ["Margin floor", {"t": floor, "c": "muted"}]})
    months = f"{after.committed_months} month{'s' if after.committed_months > 1 else ''} committed"
    return {"title": "What changes", "aside": months, "rows": rows}


def _figures(quote: Quote) -> dict[str, str]:
    return {
        "Price per month": words.money(quote.amount, quote.currency),
        "Contract value": words.money(quote.contract_value, quote.currency),
        "Discount": words.percent(quote.discount_pct),
        "Margin": f"{quote.margin_pct:.1f} %",
    }


def spoken(review: Review) -> Json:
    return {"title": "What the agent will say", "quote": review.seen.spoken or "…"}


def fallback(review: Review) -> str:
    return f"If nobody decides in time, {words.FALLBACKS.get(review.row['fallback'], review.row['fallback'])}."


def decided(rows: Sequence[Mapping[str, Any]], now: datetime) -> Json:
    """The compact list of what was decided lately."""
    colors = {"approved": "green", "denied": "red", "void": "gray"}
    found: list[Json] = []
    for row in rows:
        signers = [a for a in row["approvals"] or () if a["decided_by"]]
        who = ", ".join(str(a["decided_name"] or a["decided_by"]) for a in signers) or "nobody"
        reasons = "; ".join(a["reason"] for a in signers if a["reason"])
        edits = "; ".join(_edit(a["edit"]) for a in signers if a["edit"])
        told = (f"{who}, {words.span((now - row['decided_at']).total_seconds())} ago", edits, reasons)
        tag = {"text": words.OUTCOMES.get(row["status"], row["status"]), "color": colors.get(row["status"], "orange")}
        what = {"t": words.title(row), "tags": [tag], "s": ". ".join(part for part in told if part), "c": "wrap"}
        found.append({"cells": [{"t": f"A-{row['number']}", "c": "num"}, what]})
    return {"rows": found, "empty": "Nothing was decided yet."}


def _edit(edit: Mapping[str, Mapping[str, str]]) -> str:
    change = edit.get("discount_pct")
    return f"changed from {change['before']} % to {change['after']} %" if change else "changed"
