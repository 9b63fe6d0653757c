"""The console's plain words for the names that code, policy and database use."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain import firing  # noqa: F401 - with it every guard is registered, and so has its sentence
from domain.expressions import VARIABLES
from domain.guards.check import GUARDS, sentence
from domain.pricing import plain
from domain.transitions import BY_ID, UNDO

STAGES: Mapping[str, tuple[str, str]] = {  # what people say, and the colour it has everywhere
    "ENTRY": ("Entry", "gray"),
    "BOOK": ("Booking", "blue"),
    "TRANSFER": ("Transfer", "violet"),
    "CLOSE": ("Closing", "green"),
    "WON": ("Won", "green"),
    "LOST": ("Lost", "red"),
    "DNC": ("Do not contact", "red"),
    "INVALID": ("Invalid", "gray"),
    "ERASED": ("Erased", "gray"),
}
OVERLAYS: Mapping[str, str] = {
    "PARKED": "parked",
    "CALLBACK": "callback promised",
    "VOICEMAIL": "voicemail left",
    "HUMAN": "with a person",
}
WAITING: Mapping[str, str] = {
    "on_line": "Buyer on the line",
    "in_chat": "Buyer in the chat",
    "callback": "Callback promised",
    "away": "Buyer not waiting",
}
FALLBACKS: Mapping[str, str] = {
    "deny": "the request counts as refused, and the agent offers what it may give by itself",
    "human_takeover": "a person is asked to take the conversation over",
    "callback": "the buyer is offered a callback",
    "escalate": "it is handed on to the next person in line",
}
CHANNELS: Mapping[str, str] = {"voice": "call", "sms": "SMS", "chat": "chat", "email": "e-mail"}
EVENTS: Mapping[str, str] = {
    "arrived": "The buyer opened the conversation",
    "decision": "A person's decision arrived",
    "timer": "A timer ran out",
    "webhook": "News about the contract or the payment",
    "line": "The line changed",
    "silence": "Silence on the line",
    "dial": "An attempt to call",
    "consult": "The closer answered",
    "operator": "A person acted on the session",
}
SPEECH: Mapping[str, str] = {
    "queued": "not confirmed as heard",
    "partly": "heard in part",
    "unheard": "not heard",
}
EFFECTS: Mapping[str, str] = {
    "message": "A text message",
    "contract_link": "The link to the contract",
    "payment_link": "The link to pay",
    "calendar_event": "The entry in the calendar",
    "callback": "The callback",
    "crm_record": "A CRM record",
}
OUTCOMES: Mapping[str, str] = {
    "approved": "Approved",
    "denied": "Rejected",
    "expired": "Ran out",
    "withdrawn": "Withdrawn",
    "void": "Void",
    "open": "Open",
}
_LONG_HEX = re.compile(r"\b[0-9a-f]{32,}\b")
_VARIABLES: Mapping[str, str] = {
    "discount_pct": "discount",
    "contract_value": "contract value",
    "nonstandard_terms": "non-standard terms",
    "regulated_region": "a regulated region",
    "confidence": "confidence",
    "margin_pct": "margin",
    "cooling_off": "cooling-off",
    "refund": "a refund",
    "vip": "a VIP",
    "intent": "readiness",
    "stage": "stage",
    ">=": "≥",
    "<=": "≤",
    "==": "is",
}


def short(text: str) -> str:
    """Hashes and tokens by their beginning: the rest tells nobody anything, and a link's token is the buyer's alone."""
    return _LONG_HEX.sub(lambda found: f"{found.group()[:8]}…", text)


def readable(name: str) -> str:
    """A name of code as words."""
    return name.replace("_", " ")


def stage(name: str) -> str:
    return STAGES.get(name, (readable(name).capitalize(), "gray"))[0]


def tint(name: str) -> str:
    return STAGES.get(name, ("", "gray"))[1]


def step(value: str) -> str:
    """BOOK.slots_offered is read as "slots offered"; a terminal has no step."""
    return readable(value.partition(".")[2])


def role(name: str) -> str:
    return readable(name).capitalize()


def money(amount: Decimal | str | None, currency: str) -> str:
    return "" if amount is None else f"{Decimal(amount):,.2f} {currency}"


def percent(value: Decimal) -> str:
    return f"{plain(value)} %"


def span(seconds: float) -> str:
    """A length of time in the two units that matter."""
    total = int(abs(seconds))
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60:02d} s" if total < 600 else f"{total // 60} min"
    if total < 86400:
        return f"{total // 3600} h {total % 3600 // 60:02d} min"
    return f"{total // 86400} d {total % 86400 // 3600} h"


def condition(when: str) -> str:
    """A rule of the policy as it is read aloud."""
    found: list[str] = []
    unit = ""
    for word in when.replace("'", "").split():
        if word.endswith("_pct"):
            unit = " %"
        elif word in VARIABLES:
            unit = ""
        number = word.replace(".", "", 1).isdigit()
        found.append(f"{Decimal(word):,}{unit}" if number else _VARIABLES.get(word, word))
    return " ".join(found)


def guard(name: str) -> str:
    """What a guard demands: its own sentence where it has one."""
    return (sentence(name) if name in GUARDS else "") or readable(name).capitalize()


def row_name(transition: str) -> str:
    """A row of the table by what triggers it."""
    undone = transition.startswith(UNDO)
    row = BY_ID.get(transition.removeprefix(UNDO))
    text = readable(row.trigger.value).capitalize() if row else transition
    return ("Taken back: " if undone else "") + text.replace("Ai ", "AI ")


def title(proposal: Mapping[str, Any]) -> str:
    """What is asked, in one line, from the typed arguments alone."""
    draft = proposal["body"].get("draft") or {}
    scope = draft.get("scope") or {}
    order = f"{scope['quantity']} {readable(scope['product'])} seats, {scope['term']}" if scope else ""
    uses = set(proposal["uses"])
    if "discount.apply" in uses:
        return f"{draft.get('discount_pct', '')} % discount on {order}"
    if "L1" in proposal["rules"]:
        return f"Send contract and payment link for {order}"
    if uses & {"contract.send", "payment.link"} and draft:
        return f"Contract value of {money(draft['contract_value'], draft['currency'])} for {order}"
    return str(proposal["body"].get("title") or ", ".join(sorted(uses))).capitalize()


def value_of(proposal: Mapping[str, Any]) -> str:
    draft = proposal["body"].get("draft") or {}
    return money(draft.get("contract_value"), draft.get("currency", "")) if draft else ""
