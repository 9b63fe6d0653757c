"""A promised call: when its time comes, the session is told to dial."""

from domain.events import Event, EventKind
from domain.stages import Channel
from tools.declare import Delivery, Receipt, ToolRefused


async def place_callback(delivery: Delivery) -> Receipt:
    """The call itself is made by whoever runs the session's turn; the promise is kept by the event that starts it."""
    if not delivery.payload.get("number"):
        raise ToolRefused("A promised call has no number.")
    due = Event(
        turn_id=f"callback:{delivery.effect_id}",
        kind=EventKind.DIAL,
        at=delivery.at,
        channel=Channel.VOICE,
        data={"due": True, "reason": str(delivery.payload.get("reason") or "")},
    )
    return Receipt("due", (due,))
