"""What the local adapters keep: the CRM's records, the carrier's messages and the calendar's events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.queries import SQL
from memory.sealing import Sealer

Connection = AsyncConnection[DictRow]


class LocalWorld:
    """Writes inside the transaction of the delivery, so that an effect and its settling are one commit."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def receive(self, key: str, session_id: str, seq: int, name: str, fields: Mapping[str, Any]) -> bool:
        row = {
            "key": key,
            "session_id": session_id,
            "seq": seq,
            "name": name,
            "sealed": self._sealer.seal(dict(fields)),
        }
        return await self._changed("crm_receive", row)

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
        content = {"to": to, "body": body, "attachment": attachment} if attachment else {"to": to, "body": body}
        row = {
            "message_id": message_id,
            "session_id": session_id,
            "channel": channel,
            "speech_ids": list(speech_ids),
            "at": at,
            "sealed": self._sealer.seal(content),
        }
        return await self._changed("message_send", row)

    async def put(self, event_id: str, booking_id: str, state: str, text: str, at: datetime) -> bool:
        row = {
            "event_id": event_id,
            "booking_id": booking_id,
            "state": state,
            "at": at,
            "sealed": self._sealer.seal({"icalendar": text}),
        }
        return await self._changed("event_put", row)

    async def _changed(self, name: str, values: Mapping[str, Any]) -> bool:
        return await (await self._connection.execute(SQL[name], values)).fetchone() is not None


async def crm_of(connection: Connection, sealer: Sealer, session_id: str) -> list[dict[str, Any]]:
    """The CRM's view of a session: name, order, fields."""
    rows = await (await connection.execute(SQL["crm_of_session"], {"session_id": session_id})).fetchall()
    return [_opened(sealer, row, "fields") for row in rows]


async def messages_of(connection: Connection, sealer: Sealer, session_id: str) -> list[dict[str, Any]]:
    """What the carrier sent for a session."""
    rows = await (await connection.execute(SQL["messages_of_session"], {"session_id": session_id})).fetchall()
    return [_opened(sealer, row) for row in rows]


async def events_of(connection: Connection, sealer: Sealer, booking_id: str) -> list[dict[str, Any]]:
    """The calendar's events of a booking."""
    rows = await (await connection.execute(SQL["events_of_booking"], {"booking_id": booking_id})).fetchall()
    return [_opened(sealer, row) for row in rows]


def _opened(sealer: Sealer, row: Mapping[str, Any], name: str | None = None) -> dict[str, Any]:
    clear = {key: value for key, value in row.items() if key != "sealed"}
    content = sealer.open(row["sealed"])
    return {**clear, name: content} if name else {**clear, **content}
