"""Asks which hours of a calendar are taken; the exclusion constraint, not this module, prevents a double booking."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from memory.database import Pool
from memory.queries import SQL


async def busy_between(
    pool: Pool, starts: datetime, ends: datetime, now: datetime, resource: int = 1, but_session: str | None = None
) -> Sequence[tuple[datetime, datetime]]:
    """Taken hours of one calendar between two instants; a hold of `but_session` does not count."""
    asked = {"starts": starts, "ends": ends, "now": now, "resource": resource, "but_session": but_session}
    async with pool.connection() as connection:
        rows = await (await connection.execute(SQL["busy_between"], asked)).fetchall()
    return [(row["starts"], row["ends"]) for row in rows]


async def expire_holds(
    connection: AsyncConnection[Any], starts: datetime, ends: datetime, now: datetime, resource: int = 1
) -> None:
    """Give back holds in this span that ran out; to be called in the transaction that wants the span."""
    asked = {"starts": starts, "ends": ends, "now": now, "resource": resource}
    await connection.execute(SQL["expire_holds"], asked)


async def booking_state(connection: AsyncConnection[Any], booking_id: str) -> str | None:
    row = await (await connection.execute(SQL["booking_state"], {"booking_id": booking_id})).fetchone()
    return row["state"] if row else None
