"""The local carrier for SMS, chat and e-mail: a message leaves once, and an SMS answers with a receipt."""

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
        """Send once. Only the SMS carrier reports delivery; a chat client acknowledges, an e-mail is answered."""
        message = delivery.payload
        channel = Channel(message["channel"])
        if not message.get("to"):
            raise ToolRefused(f"A message on {channel} has no address.")
        speech_ids: list[str] = [str(speech_id) for speech_id in message.get("speech_ids") or ()]
        fresh = await self._book.send(
            delivery.effect_id,
            delivery.session_id,
            channel.value,
            str(message["to"]),
            str(message["body"]),
            delivery.at,
            speech_ids,
        )
        events = (self._receipt(delivery, speech_ids),) if channel is Channel.SMS and speech_ids else ()
        return Receipt("sent" if fresh else "known already", events)

    @staticmethod
    def _receipt(delivery: Delivery, speech_ids: Sequence[str]) -> Event:
        return Event(
            turn_id=f"receipt:{delivery.effect_id}",
            kind=EventKind.DELIVERED,
            at=delivery.at,
            channel=Channel.SMS,
            data={"speech_ids": list(speech_ids)},
        )
