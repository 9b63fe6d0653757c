"""Takes up what waits for a turn: announced events, events left behind, and timers that are due."""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from domain.ports import Clock
from memory import desk
from memory.database import Pool
from memory.waiting import announced, sessions_waiting

_log = logging.getLogger(__name__)
_SWEEP_S = 1.0
_BEAT_EVERY = 3  # sweeps
_AT_ONCE = 16
_LONGEST_REST_S = 30.0


class TurnService(Protocol):
    """What a runner needs of the service."""

    async def run_inbox(self, session_id: str) -> int: ...

    async def fire_due(self, now: datetime) -> int: ...


class Runner:
    """One per process that runs turns. Any number may run: the session's lease decides who takes a row up."""

    def __init__(self, service: TurnService, pool: Pool, clock: Clock, kind: str = "jobs") -> None:
        self._service = service
        self._pool = pool
        self._clock = clock
        self._kind = kind
        self._name = f"{kind}:{socket.gethostname()}:{os.getpid()}"
        self._running: dict[str, asyncio.Task[None]] = {}
        self._asked_again: set[str] = set()
        self._failures: dict[
            str, tuple[int, float]
        ] = {}  # how often a session failed in a row, and until when it rests
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def run(self, stop_event: asyncio.Event) -> None:
        """Until the event is set; then what has begun is finished, and nothing new is begun."""
        loops = [asyncio.create_task(self._for_ever(part)) for part in (self._listen, self._sweep)]
        try:
            await stop_event.wait()
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            self._asked_again.clear()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            await self._fall_silent()

    async def _for_ever(self, part: Callable[[], Awaitable[None]]) -> None:
        """A database that is away for a while costs a second's pause, never the loop."""
        while True:
            try:
                await part()
            except Exception as fault:  # noqa: BLE001  # the edge of the process: log, wait, go on
                _log.warning("runner paused", extra={"action": "runner_paused", "fault": type(fault).__name__})
            await asyncio.sleep(_SWEEP_S)

    async def _listen(self) -> None:
        async with announced(self._pool) as sessions:
            async for session_id in sessions:
                self._take_up(session_id)

    async def _sweep(self) -> None:
        beats = 0
        while True:
            if beats % _BEAT_EVERY == 0:
                async with self._pool.connection() as connection:
                    await desk.beat(connection, self._name, self._kind)
            beats += 1
            await self._service.fire_due(self._clock.now())
            for session_id in await sessions_waiting(self._pool):
                if self._failures.get(session_id, (0, 0.0))[1] <= asyncio.get_running_loop().time():
                    self._take_up(session_id)
            await asyncio.sleep(_SWEEP_S)

    def _take_up(self, session_id: str) -> None:
        """Run a session's events in the background; asked while it runs, look once more afterwards."""
        if session_id in self._running:
            self._asked_again.add(session_id)
            return
        task = asyncio.create_task(self._work(session_id))
        self._running[session_id] = task
        task.add_done_callback(lambda _: self._worked(session_id))

    def _worked(self, session_id: str) -> None:
        del self._running[session_id]
        if session_id in self._asked_again:
            self._asked_again.discard(session_id)
            self._take_up(session_id)

    async def _work(self, session_id: str) -> None:
        async with self._room:
            try:
                await self._service.run_inbox(session_id)
                self._failures.pop(session_id, None)
            except Exception as fault:  # noqa: BLE001  # the row stays; a later sweep finds it again
                times = self._failures.get(session_id, (0, 0.0))[0] + 1
                rest = min(_LONGEST_REST_S, _SWEEP_S * 2 ** (times - 1))
                self._failures[session_id] = times, asyncio.get_running_loop().time() + rest
                extra = {"action": "turn_failed", "session": session_id, "fault": type(fault).__name__}
                _log.error("a turn failed in the runner", extra=extra)

    async def _fall_silent(self) -> None:
        with suppress(Exception):
            async with self._pool.connection() as connection:
                await desk.fall_silent(connection, self._name)
