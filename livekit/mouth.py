"""Says the committed lines of a call one by one, each as a speech of its own: so what was heard of each is known."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from livekit.agents import AgentSession
from livekit.agents.voice import SpeechHandle

from domain.results import SpeechLine
from livekit.heard import Receipt, receipt_of, unheard
from livekit.played import Played

_LONGEST_S, _PER_LETTER_S = 20.0, 0.15  # a speech that is not over by then never will be
_SETTLES_S = 2.0
Report = Callable[["Spoken", Receipt], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Spoken:
    """A line on its way. `reply`: it answers the buyer, who takes it back by saying more before it has begun."""

    line: SpeechLine
    turn_id: str
    reply: bool
    wanted_at: float = field(default_factory=time.time)  # when it could have begun
    handle: SpeechHandle | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class Mouth:
    """One per call. `report` gets a receipt of every line that was ever put, once."""

    def __init__(
        self,
        session: AgentSession,
        report: Report,
        prepare: Callable[[str], None],
        quiet: Callable[[], Awaitable[bool]],
        played: Played,
    ) -> None:
        self._session, self._report, self._prepare, self._quiet = session, report, prepare, quiet
        self._played = played
        self._waiting: deque[Spoken] = deque()
        self._current: Spoken | None = None
        self._begun: str | None = None  # the turn whose lines were last begun
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._receipts: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    # ---- from outside
    def begin(self) -> None:
        """Once the session has where its voice goes."""
        if audio := self._session.output.audio:
            audio.on("playback_finished", self._played.finished)
        self._task = asyncio.create_task(self._speak(), name="mouth")

    def put(self, lines: Iterable[SpeechLine], turn_id: str, *, reply: bool) -> None:
        items = [Spoken(line, turn_id, reply) for line in lines]
        if items:
            self._waiting.extend(items)
            self._idle.clear()
            self._news.set()

    @property
    def line(self) -> SpeechLine | None:
        """What is being said, or about to be."""
        return self._current.line if self._current else None

    @property
    def firm(self) -> bool:
        """Whether a line is on that nobody can talk down."""
        return self._current is not None and self._current.line.uninterruptible and self._current.handle is not None

    async def buyer_silent(self) -> bool:
        """Until the buyer says nothing; False where they were saying something."""
        return await self._quiet()

    async def idle(self) -> None:
        """Until nothing is said and nothing waits to be."""
        await self._idle.wait()

    async def yield_floor(self) -> None:
        """The buyer has said something: what was to answer the words before is taken back, and known to be unheard.

        What people or timers brought about still waits its turn, as long as none of it was begun.
        """
        stale = [i for i in self._waiting if i.reply or i.turn_id == self._begun]
        self._drop(stale)
        current = self._current
        if current and current.handle is None and (current.reply or current.turn_id == self._begun):
            self._settle(current, unheard(current.line))
        elif current and current.handle and current.handle.interrupted:
            await self._wait(current.settled)
        await self.reported()

    async def reported(self) -> None:
        """Until every receipt so far is stored."""
        while self._receipts:
            await asyncio.wait(set(self._receipts))

    async def hush(self) -> None:
        """The line is gone: nothing more is said, and what was on its way is known to be cut or unheard."""
        self._drop(list(self._waiting))
        current = self._current
        if current and current.handle is None:
            self._settle(current, unheard(current.line))
        elif current and current.handle:
            current.handle.interrupt(force=True)
            await self._wait(current.settled)
        await self.reported()

    async def close(self) -> None:
        if self._task:
            await self.hush()
            await self._end(self._task)

    async def hand_on(self) -> None:
        """Fall silent, and leave what was not said to its end to the next job: it is still to be said."""
        self._waiting.clear()
        if self._task:
            await self._end(self._task)
        if self._current and self._current.handle:
            self._current.handle.interrupt(force=True)
        await self.reported()

    @staticmethod
    async def _end(task: asyncio.Task[None]) -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    # ---- speaking
    async def _speak(self) -> None:
        while True:
            while not self._waiting:
                self._news.clear()
                self._idle.set()
                await self._news.wait()
            item = self._current = self._waiting.popleft()
            if item.line.uninterruptible:
                await self._quiet()  # such a line does not wait by itself until the buyer has finished
            if not item.settled.is_set():  # it may have been taken back meanwhile
                await self._say(item)
            self._current = None

    async def _say(self, item: Spoken) -> None:
        """One line, to its end or to where it is cut; then the rest of its turn is not said either."""
        self._begun = item.turn_id
        self._played.begin()
        handle = item.handle = self._session.say(item.line.words, allow_interruptions=not item.line.uninterruptible)
        self._prepare(self._waiting[0].line.words if self._waiting else "")
        try:
            async with asyncio.timeout(_LONGEST_S + _PER_LETTER_S * len(item.line.words)):
                await handle.wait_for_playout()
        except TimeoutError:
            handle.interrupt(force=True)
        receipt = receipt_of(item.line, handle, self._played.of(item.line.words))
        self._settle(item, receipt)
        if receipt.status != "heard":
            self._drop([i for i in self._waiting if i.turn_id == item.turn_id])

    # ---- receipts
    def _drop(self, items: list[Spoken]) -> None:
        for item in items:
            self._waiting.remove(item)
            self._settle(item, unheard(item.line))
        if items:
            self._prepare(self._waiting[0].line.words if self._waiting else "")

    def _settle(self, item: Spoken, receipt: Receipt) -> None:
        if item.settled.is_set():
            return
        item.settled.set()
        task = asyncio.create_task(self._reporting(item, receipt))  # never cancelled: what was heard must be stored
        self._receipts.add(task)
        task.add_done_callback(self._receipts.discard)

    async def _reporting(self, item: Spoken, receipt: Receipt) -> None:
        await self._report(item, receipt)

    @staticmethod
    async def _wait(event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(_SETTLES_S):
                await event.wait()
        except TimeoutError:
            return
