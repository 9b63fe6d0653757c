"""The local carrier for SMS, chat and e-mail: a message leaves once, and a text is reported when it has arrived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.events import Event, EventKind
from domain.stages import Channel
from tools.declare import Delivery, Receipt, ToolRefused


class MessageBook(Protocol):
    async def send(
        self,
        message_id: str,
        session_id: str,
        channel: str,
        to: str,
        body: str,
        at: datetime,
        speech_ids: Sequence[str] = (),
        attachment: str | None = None,
    ) -> bool:
        """Put a message on its way; False where its id is known already."""
        ...


class LocalCarrier:
    def __init__(self, book: MessageBook) -> None:
        self._book = book

    async def send_message(self, delivery: Delivery) -> Receipt:
        """Send once. What the carrier reports later, that a text arrived, is an event of its own."""
        message = delivery.payload
        channel = Channel(message["channel"])
        if not message.get("to"):
            raise ToolRefused(f"A message on {channel} has no address.")
        fresh = await self._book.send(
            delivery.effect_id,
            delivery.session_id,
            channel.value,
            str(message["to"]),
            str(message["body"]),
            delivery.at,
            [str(speech_id) for speech_id in message.get("speech_ids") or ()],
        )
        return Receipt("sent" if fresh else "known already")


def arrival(message_id: str, speech_ids: Sequence[str], at: datetime) -> Event:
    """The carrier's report that a text is on the buyer's phone. Chat clients acknowledge, e-mails are answered."""
    return Event(f"receipt:{message_id}", EventKind.DELIVERED, at, Channel.SMS, {"speech_ids": list(speech_ids)})
