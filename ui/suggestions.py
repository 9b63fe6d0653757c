"""What a buyer might say next, by where the conversation stands: who tries the chat should not have to guess."""

from collections.abc import Mapping

_OPENING = (
    "Hi, I'm Dana",
    "We miss calls after hours, about 12 people answer phones",
    "Who is this?",
    "Stop contacting me",
)
_STEPS: Mapping[str, tuple[str, ...]] = {
    "ENTRY.new": _OPENING,
    "BOOK.greet": _OPENING,
    "BOOK.identify": ("Yes, this is Dana", "Dana here, we miss calls after hours", "Wrong number", "Are you a bot?"),
    "BOOK.consent": ("Yes, that's fine", "No, please don't record"),
    "BOOK.discovery": (
        "We miss calls after hours, about 12 people answer phones",
        "We need it this quarter, I decide and the budget is approved",
        "I'd like to buy it now",
        "Can we have a demo next week?",
        "What does it cost?",
    ),
    "BOOK.slots_offered": (
        "The first one works",
        "Friday afternoon instead?",
        "None of these fit",
        "Put me through now",
    ),
    "BOOK.booked": ("Let's do it now instead", "Can we move it?", "Please cancel the meeting", "Thanks, bye"),
    "TRANSFER.offered": ("Yes, let's do it now", "Not now", "I'd rather talk to a person"),
    "TRANSFER.pending": ("Yes", "How long does that take?"),
    "TRANSFER.failed": ("Then let's go on with you", "Call me back tomorrow at ten", "Book me a meeting"),
    "CLOSE.scope": ("Yes, 12 seats, monthly", "Make it 20 seats", "Annual, please", "Yes, that's right"),
    "CLOSE.price": (
        "Yes, I agree with that price",
        "Can you take 15 percent off?",
        "25 percent off, or no deal",
        "That's too expensive",
    ),
    "CLOSE.compliance": ("I decide on this myself", "Yes, understood", "What about a refund?"),
    "CLOSE.commit_requested": ("Yes, send it", "Wait, make it 20 seats", "Let me think about it, not today"),
    "CLOSE.committed": ("I have signed", "I want to cancel the order", "What happens next?"),
    "WON": ("Thanks!", "I've changed my mind"),
    "LOST": ("Hi, me again", "We'd like to try it after all"),
    "DNC": ("Hi, me again",),
}
_ASKED: Mapping[str, tuple[str, ...]] = {  # a question on the table comes before the step
    "percent_or_amount": ("Percent", "Dollars"),
    "counter_offer": ("Yes, take that", "No, that's not enough"),
    "callback_time": ("Tomorrow at ten", "In an hour"),
    "slot_readback": ("Yes, that's right", "No, another time"),
    "region": ("Texas", "Florida"),
    "email": ("dana@example.com",),
    "commit": ("Yes, send it", "Not yet"),
    "authority_budget": ("I decide, and the budget is approved", "I have to ask my boss"),
    "quantity": ("About 12 people", "Three"),
}
_OVERLAYS: Mapping[str, tuple[str, ...]] = {
    "PARKED": ("Me again", "Let's go on"),
    "CALLBACK": ("Me again, let's do it now",),
    "HUMAN": ("Is anybody there?", "Then let's go on with you"),
}
_OTHERWISE = ("Tell me more", "What does it cost?", "I want to talk to a person")


def suggestions(step: str, overlay: str | None, asked: str | None) -> tuple[str, ...]:
    """Up to six lines, each only once."""
    if overlay:
        return _OVERLAYS.get(overlay, _OTHERWISE)
    found = [*_ASKED.get(asked or "", ()), *_STEPS.get(step, _OTHERWISE)]
    return tuple(dict.fromkeys(found))[:6]
