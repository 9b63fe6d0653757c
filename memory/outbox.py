"""The outbox: what a committed turn still has to do in the world, the jobs for it, and how each effect ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import DictRow

from domain.events import Event
from memory.queries import SQL
from memory.sealing import Sealer

Connection = AsyncConnection[DictRow]
DATABASE_LOST = (OperationalError, InterfaceError)  # nobody's fault but the connection's: no try is counted


async def enqueue(connection: AsyncConnection[Any], effect_ids: Sequence[str]) -> None:
    """Make the jobs for outbox rows that this transaction has written; one statement, no round trip in a pipeline."""
    if effect_ids:
        await connection.execute(SQL["enqueue_effects"], {"effect_ids": list(effect_ids)})


async def claim(connection: Connection, effect_id: str) -> DictRow | None:
    """Lock an effect until the transaction ends, with everything that may recall it; None where it does not exist."""
    return await (await connection.execute(SQL["effect_claim"], {"effect_id": effect_id})).fetchone()


async def phone_of(connection: Connection, sealer: Sealer, contact_id: str) -> str | None:
    row = await (await connection.execute(SQL["effect_phone"], {"contact_id": contact_id})).fetchone()
    return sealer.open(row["sealed"])["value"] if row else None


async def delivered(connection: Connection, effect_id: str, note: str, now: datetime) -> None:
    await connection.execute(SQL["effect_delivered"], {"effect_id": effect_id, "reason": note, "now": now})


async def recalled(connection: Connection, effect_id: str, guard: str, now: datetime) -> None:
    await connection.execute(SQL["effect_recalled"], {"effect_id": effect_id, "reason": guard, "now": now})


async def waits(connection: Connection, effect_id: str, why: str) -> None:
    await connection.execute(SQL["effect_waits"], {"effect_id": effect_id, "reason": why})


async def missed(
    connection: Connection, effect_id: str, session_id: str, why: str, tries: int, for_good: bool, now: datetime
) -> int | None:
    """Count a try that failed: the number of tries so far, or None where it was the last and a person must see it."""
    row = await (
        await connection.execute(
            SQL["effect_missed"],
            {"effect_id": effect_id, "reason": why, "tries": tries, "for_good": for_good, "now": now},
        )
    ).fetchone()
    if row is None or row["status"] == "queued":
        return row["attempts"] if row else None
    alarm = {"timer_id": f"{session_id}:effect_failed:{effect_id}", "session_id": session_id}
    await connection.execute(SQL["effect_alarm"], {**alarm, "effect_id": effect_id, "now": now})
    return None


async def record_delivered(connection: Connection, record_key: str, now: datetime) -> None:
    """Our own CRM record learns that it has arrived."""
    await connection.execute(SQL["crm_mark_delivered"], {"key": record_key, "at": now})


async def unreported(connection: Connection, message_id: str | None = None) -> list[DictRow]:
    """Texts without a report of their arrival: message, session and the lines that they carry."""
    return await (await connection.execute(SQL["texts_unreported"], {"message_id": message_id})).fetchall()


async def arrived(connection: Connection, sealer: Sealer, session_id: str, message_id: str, event: Event) -> bool:
    """Store the report and mark its lines as heard, once; True where a transition waits for them.

    Apart from the delivery: a commit locks lines before outbox rows, and the other way round would be a deadlock.
    """
    async with connection.transaction():
        if await (await connection.execute(SQL["text_arrived"], {"message_id": message_id})).fetchone() is None:
            return False
        if not event.data["speech_ids"]:
            return False
        noted = {
            "session_id": session_id,
            "status": "heard",
            "at": event.at,
            "speech_ids": event.data["speech_ids"],
            "sealed": None,
            "turn_id": event.turn_id,
            "kind": event.kind.value,
            "channel": event.channel,
            "event": sealer.seal(dict(event.data)),
        }
        row = await (await connection.execute(SQL["note_heard"], noted)).fetchone()
    return row is not None and row["status"] == "new"


async def queued(connection: Connection, now: datetime, session_id: str | None = None) -> list[tuple[str, str, str]]:
    """Effect, kind and session of what is due, in order."""
    rows = await (await connection.execute(SQL["effects_queued"], {"now": now, "session_id": session_id})).fetchall()
    return [(row["effect_id"], row["kind"], str(row["session_id"])) for row in rows]


async def send_again(connection: Connection, session_id: str, effect_id: str, by: str) -> DictRow | None:
    """Give a failed effect of the session another round of tries: its kind and what it failed with.

    None where it has not failed.
    """
    parameters = {"session_id": session_id, "effect_id": effect_id, "by": by}
    row = await (await connection.execute(SQL["effect_requeue"], parameters)).fetchone()
    if row:
        await enqueue(connection, [effect_id])
    return row


async def stop(connection: Connection, kind: str, by: str, reason: str, now: datetime) -> None:
    """Pull the kill switch for one kind of effect, or for `all`."""
    await connection.execute(SQL["effects_stop"], {"kind": kind, "by": by, "reason": reason, "now": now})


async def resume(connection: Connection, kind: str) -> bool:
    return await (await connection.execute(SQL["effects_resume"], {"kind": kind})).fetchone() is not None
