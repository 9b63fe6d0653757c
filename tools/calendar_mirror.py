"""Mirrors a booking into a calendar and invites the buyer; the booking row is the truth, this is its picture."""

from datetime import datetime
from typing import Any, Protocol

from tools.declare import Delivery, Receipt
from tools.invitations import Invitation, icalendar, spoken_time
from tools.messages import MessageBook


class EventBook(Protocol):
    async def put(self, event_id: str, booking_id: str, state: str, text: str, at: datetime) -> bool:
        """Keep an event; False where nothing changed. What was cancelled stays cancelled."""
        ...


class LocalCalendarMirror:
    def __init__(self, events: EventBook, messages: MessageBook, host_name: str, host_address: str) -> None:
        self._events = events
        self._messages = messages
        self._host = (host_name, host_address)

    async def mirror_event(self, delivery: Delivery) -> Receipt:
        """One event per booking, whatever the order in which its making and its cancelling arrive."""
        booking = delivery.payload
        cancelled = booking["action"] == "cancel"
        meeting = self._invitation(booking, delivery.at, cancelled)
        text = icalendar(meeting)
        state = "cancelled" if cancelled else "confirmed"
        fresh = await self._events.put(meeting.booking_id, meeting.booking_id, state, text, delivery.at)
        if fresh and not delivery.quiet and "@" in meeting.attendee_address:
            await self._invite(delivery, meeting, text)
        return Receipt(state if fresh else "known already")

    async def _invite(self, delivery: Delivery, meeting: Invitation, text: str) -> None:
        subject = "Cancelled" if meeting.cancelled else "Invitation"
        await self._messages.send(
            f"{delivery.effect_id}:invitation",
            delivery.session_id,
            "email",
            meeting.attendee_address,
            f"{subject}: {meeting.title}\n{spoken_time(meeting)}",
            delivery.at,
            attachment=text,
        )

    def _invitation(self, booking: Any, at: datetime, cancelled: bool) -> Invitation:
        return Invitation(
            booking_id=str(booking["booking_id"]),
            starts=datetime.fromisoformat(booking["starts"]),
            ends=datetime.fromisoformat(booking["ends"]),
            zone=str(booking["zone"]),
            title=str(booking["title"]),
            organizer_name=self._host[0],
            organizer_address=self._host[1],
            attendee_name=str(booking.get("attendee_name") or ""),
            attendee_address=str(booking.get("attendee_address") or ""),
            written_at=at,
            cancelled=cancelled,
        )
