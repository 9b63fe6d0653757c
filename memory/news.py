"""Tells who waits for news of sessions, beside the turns: one statement for all sessions that moved meanwhile."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

from memory.database import Gone, Pool
from memory.queries import SQL

_PAUSE_S = 0.05


class News:
    """`tell` returns at once. The first news goes out immediately, what follows within the pause goes together."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sessions: set[str] = set()
        self._telling: asyncio.Task[None] | None = None

    def tell(self, session_id: str) -> None:
        self._sessions.add(session_id)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while self._sessions:
            await self._out()
            await asyncio.sleep(_PAUSE_S)

    async def _out(self) -> None:
        sessions, self._sessions = sorted(self._sessions), set()
        with suppress(*Gone):  # who listens has lost the server too, and looks for itself when it is back
            async with self._pool.connection() as connection:
                await connection.execute(SQL["tell_change"], {"sessions": sessions})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._telling:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        if self._sessions:
            await self._out()
