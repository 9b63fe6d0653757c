"""Every act the agent can say: its typed slots, what it asks, and what hearing it proves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.turn import Turn

SlotType = str  # text, name, money, count, percent, when, day, list, link, duration


@dataclass(frozen=True, slots=True)
class Act:
    """`asks`: key of the question it puts. `discloses`: what the buyer knows once it was heard to the end."""

    slots: Mapping[str, SlotType] = field(default_factory=dict[str, SlotType])
    asks: str | None = None
    fact_key: str | None = None
    readback: bool = False
    discloses: tuple[str, ...] = ()
    hard: bool = False  # uninterruptible, spoken word for word
    free: bool = False  # a model may rephrase it


OPENING = ("ai", "company", "purpose", "optout")
_WHO = {"agent": "name", "company": "name", "purpose": "text"}
_SCOPE = {"quantity": "count", "product": "name", "term": "text", "start": "text"}
_QUOTE = {"quantity": "count", "product": "name", "amount": "money", "term": "text", "discount": "percent"}
_TERMS = {
    "quantity": "count", "product": "name", "amount": "money", "term": "text", "value": "money", "refund": "text",
    "restrictions": "text",
}  # fmt: skip

ACTS: Mapping[str, Act] = {
    # opening
    "disclose_ai": Act({**_WHO, "optout": "text"}, discloses=OPENING, hard=True),
    "disclose_ai_again": Act({**_WHO, "optout": "text"}, discloses=OPENING, hard=True),
    "ask_name": Act(asks="name", fact_key="contact.name"),
    "ask_name_only": Act(asks="name", fact_key="contact.name"),
    "name_needed": Act(asks="name", fact_key="contact.name"),
    "confirm_name": Act({"name": "name"}, asks="name_confirm", fact_key="contact.name", readback=True),
    "greet_name": Act({"name": "name"}, free=True),
    "ask_recording": Act(asks="recording", discloses=("recording", "transcription"), hard=True),
    "recording_off": Act(),
    "recording_on": Act(),
    # discovery
    "ask_need": Act(asks="need", fact_key="need"),
    "ask_quantity": Act(asks="quantity", fact_key="quantity"),
    "ask_authority_budget": Act(asks="authority_budget", fact_key="authority"),
    "ask_authority": Act(asks="authority", fact_key="authority"),
    "confirm_authority": Act(asks="authority_readback", fact_key="authority", readback=True),
    "ask_budget": Act(asks="budget", fact_key="budget"),
    "ask_timeline": Act(asks="timeline", fact_key="timeline"),
    "ask_region": Act(asks="region", fact_key="region"),
    "ask_budget_conflict": Act(
        {"old": "money", "new": "money"}, asks="budget_conflict", fact_key="budget", readback=True
    ),
    "ask_fact_conflict": Act(asks="fact_conflict", readback=True),
    "acknowledge": Act(free=True),
    "acknowledge_need": Act(free=True),
    "objection_price": Act(free=True),
    "objection_trust": Act(free=True),
    "objection_timing": Act(free=True),
    "objection_competitor": Act(free=True),
    "objection_authority": Act(free=True),
    "objection_need": Act(free=True),
    "objection_resolved": Act(free=True),
    "offer_meeting": Act(asks="meeting_offer"),
    # booking
    "offer_slots": Act({"slots": "list"}, asks="slot"),
    "no_slots_then": Act({"slots": "list"}, asks="slot"),
    "no_slots_at_all": Act(asks="slot"),
    "slot_taken": Act(),
    "ask_slot": Act(asks="slot"),
    "slot_readback": Act({"when": "when", "contact": "text"}, asks="slot_readback", readback=True),
    "booked": Act({"when": "when", "contact": "text"}),
    "rebooked": Act({"when": "when", "contact": "text"}),
    "keep_meeting": Act({"when": "when"}),
    "ask_cancel_meeting": Act({"when": "when"}, asks="cancel_meeting_confirm", readback=True),
    "meeting_cancelled": Act({"when": "when"}),
    "booking_undone": Act({"when": "when"}),
    "meeting_with_people": Act(),
    "anything_else": Act(asks="anything_else"),
    "ask_phone": Act(asks="phone", fact_key="contact.phone"),
    "ask_email": Act(asks="email", fact_key="contact.email"),
    # transfer
    "offer_ai_close": Act(asks="transfer_offer"),
    "offer_human": Act(asks="transfer_offer"),
    "offer_with_meeting": Act({"when": "text"}, asks="transfer_offer"),
    "offer_declined": Act(),
    "offer_declined_meeting": Act({"when": "text"}, asks="meeting_offer"),
    "closer_busy": Act({"wait": "duration"}, asks="callback_choice"),
    "closer_absent": Act({"next": "when"}, asks="callback_choice"),
    "connecting": Act(),
    # closing
    "start_close": Act(),
    "scope_readback": Act(_SCOPE, asks="scope_readback", fact_key="scope", readback=True),
    "scope_proposal": Act(_SCOPE, asks="scope_readback", fact_key="scope", readback=True),
    "scope_changed": Act(_SCOPE, asks="scope_readback", fact_key="scope", readback=True),
    "scope_from_human": Act(_SCOPE, asks="scope_readback", fact_key="scope", readback=True),
    "ask_scope": Act(asks="scope"),
    "price_readback": Act(_QUOTE, asks="price_readback", readback=True, hard=True, discloses=("price",)),
    "price_readback_discount": Act(_QUOTE, asks="price_readback", readback=True, hard=True, discloses=("price",)),
    "price_again": Act(_QUOTE),
    "quote_expired": Act(),
    "terms": Act(_TERMS, hard=True, discloses=("total_cost", "quantity", "restrictions", "refund", "recurring")),
    "ask_commit": Act(_QUOTE, asks="commit", readback=True),
    "commit_sent": Act({"contract_link": "link", "payment_link": "link"}),
    "commit_reminder": Act({"contract_link": "link", "payment_link": "link"}),
    "commit_sent_by_text": Act(),
    "commit_reminder_by_text": Act(),
    "commit_missing": Act({"missing": "text"}),
    "won": Act({"product": "name", "quantity": "count"}),
    "signed_waits_payment": Act(),
    "paid_waits_signature": Act(),
    "payment_failed": Act(),
    "payment_with_people": Act(),
    "links_undone": Act(),
    "links_with_people": Act(),
    "missing_for_commit": Act({"missing": "text"}),
    "reversal_offer": Act(asks="next_step_offer"),
    "reversal_close": Act(),
    "reschedule_close": Act(asks="slot"),
    "order_cancelled": Act(),
    # discounts and approvals
    "discount_in_booking": Act(),
    "request_noted": Act(),
    "ask_percent_or_amount": Act({"value": "text"}, asks="percent_or_amount"),
    "ask_discount_figure": Act(asks="discount_figure"),
    "discount_refused": Act({"asked": "percent", "limit": "percent", "amount": "money"}, asks="counter_offer"),
    "discount_already": Act({"discount": "percent"}),
    "approval_wait": Act({"role": "text", "duration": "duration"}),
    "approval_wait_value": Act({"role": "text", "duration": "duration", "value": "money"}),
    "approval_wait_commit": Act({"role": "text", "duration": "duration"}),
    "approval_pending": Act({"role": "text"}),
    "approval_granted": Act({"role": "text"}),
    "approval_refused": Act({"role": "text", "limit": "percent", "amount": "money"}, asks="counter_offer"),
    "approval_expired": Act({"role": "text", "limit": "percent", "amount": "money"}, asks="counter_offer"),
    "approval_refused_plain": Act({"role": "text"}, asks="next_step_offer"),
    "approval_void": Act({"why": "text"}),
    # questions
    "answer_price_list": Act({"lowest": "money", "highest": "money"}),
    "answer_price_later": Act(),
    "answer_quote": Act(_QUOTE),
    "answer_what": Act({"company": "name", "purpose": "text"}, free=True),
    "answer_how": Act(free=True),
    "answer_article": Act({"answer": "text"}, free=True),
    "answer_unknown": Act(free=True),
    "answer_bot": Act({"company": "name"}),
    "answer_who": Act(_WHO),
    "answer_next": Act({"next": "text"}, free=True),
    "answer_terms": Act({"refund": "text", "restrictions": "text"}),
    "answer_instructions": Act(),
    "answer_long": Act({"duration": "text"}, free=True),
    "answer_my_data": Act(),
    "answer_abilities": Act({"abilities": "text"}, free=True),
    "answer_screening": Act(_WHO),
    # before everything else
    "optout_done": Act({"company": "name"}),
    "optout_text": Act({"company": "name"}),
    "human_coming": Act(),
    "human_absent": Act({"next": "text"}, asks="callback_time"),
    "ask_callback_time": Act(asks="callback_time"),
    "callback_undone": Act(asks="callback_time"),
    "callback_readback": Act({"when": "text", "contact": "text"}, asks="callback_readback", readback=True),
    "callback_set": Act({"when": "text", "contact": "text"}),
    "angry_ack": Act(),
    "distress_ack": Act(),
    "minor_ack": Act(),
    "no_authority_in_words": Act(),
    "card_removed": Act(),
    "wrong_number_bye": Act(),
    "gatekeeper_answer": Act(_WHO),
    "gatekeeper_bye": Act(),
    "third_party_noted": Act(),
    "erasure_noted": Act(),
    # talk
    "other_language": Act({"language": "name"}),
    "unreadable": Act(),
    "empty_line": Act(),
    "too_long": Act(),
    "low_confidence": Act(),
    "small_talk": Act(free=True),
    "still_here": Act(free=True),
    "greet_back": Act(free=True),
    "thanks_reply": Act(free=True),
    "hold_on_ok": Act(),
    "complaint_ack": Act(),
    "plain_answer": Act(),
    "way_out": Act(),
    "what_i_can_do": Act({"abilities": "text"}),
    "repeat_intro": Act(),
    "as_said": Act(),
    "goodbye": Act(),
    "goodbye_booked": Act({"when": "when"}),
    "later_ok": Act(),
    "welcome_back": Act(),
    "silence_prompt": Act(),
    "silence_still_there": Act(),
    "silence_bye": Act(),
    "two_wishes": Act({"first": "text", "second": "text"}),
    "safe_line": Act(),
    "human_has_it": Act(),
    "ended_won": Act(),
    "time_is_up": Act(asks="next_step_offer"),
}  # fmt: skip


def say(turn: Turn, act: str, **slots: Any) -> None:
    """Plan an act. Words follow at the end of the turn, from the line's phrasings."""
    spec = ACTS[act]
    if set(slots) - {"quote_hash"} != set(spec.slots):
        raise KeyError(f"act {act} takes {sorted(spec.slots)}, was given {sorted(slots)}")
    quote_hash = slots.pop("quote_hash", None)
    turn.plan.append(
        {
            "act": act,
            "slots": slots,
            "asks": spec.asks,
            "fact_key": spec.fact_key,
            "readback": spec.readback,
            "disclosure_keys": list(spec.discloses),
            "quote_hash": quote_hash,
            "uninterruptible": spec.hard,
        }
    )


def planned(turn: Turn, *acts: str) -> bool:
    return any(line["act"] in acts for line in turn.plan)


def tells_details(name: str) -> bool:
    """Whether a line says something of the buyer's own, beyond the name that is asked for."""
    act = ACTS[name]
    return (act.readback and name != "confirm_name") or not {"when", "link"}.isdisjoint(act.slots.values())


def asks_something(turn: Turn) -> bool:
    return any(line["asks"] for line in turn.plan)
