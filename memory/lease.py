"""Keeps a session's lease while a long turn runs; a short turn costs one timer and no task."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from domain.events import Event
from memory.database import Gone


@dataclass(frozen=True, slots=True)
class Lease:
    """A session that is ours to serve: the oldest event that waits, the session's head and its situation."""

    event: Event | None
    head: str | None
    situation: dict[str, Any]


class Renewal:
    """Calls `renew` every `every_s` seconds until it is cancelled."""

    def __init__(self, renew: Callable[[], Awaitable[object]], every_s: float) -> None:
        self._renew, self._every_s = renew, every_s
        self._running: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(every_s, self._begin)

    def _begin(self) -> None:
        self._running = asyncio.create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            with suppress(*Gone):  # the next try may find the server again; until then the lease runs on, or out
                await self._renew()
            await asyncio.sleep(self._every_s)

    def cancel(self) -> None:
        self._timer.cancel()
        if self._running:
            self._running.cancel()
