"""Finds the sessions that wait for a turn runner, by announcement and, where one was lost, by looking."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from memory.database import Pool
from memory.queries import SQL


async def sessions_waiting(pool: Pool) -> list[str]:
    async with pool.connection() as connection:
        rows = await (await connection.execute(SQL["sessions_waiting"])).fetchall()
    return [str(row["session_id"]) for row in rows]


@asynccontextmanager
async def announced(pool: Pool) -> AsyncGenerator[AsyncIterator[str]]:
    """Session ids as they are announced, on a connection of its own; ends when that is lost."""
    assert isinstance(pool.conninfo, str)
    async with await AsyncConnection.connect(pool.conninfo, autocommit=True) as connection:
        await connection.execute(SQL["listen_inbox"])
        yield (notice.payload async for notice in connection.notifies())
