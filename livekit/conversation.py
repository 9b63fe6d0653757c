"""One buyer on one call: what happens on the line becomes events of the session, and committed lines become speech."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from domain.errors import EventFailed
from domain.events import Event, EventKind
from domain.results import SpeechLine, TurnResult
from domain.stages import Channel, Overlay, Step
from graph.calls import Call, Calls, Gone
from graph.service import ChainService
from livekit.figures import Figures
from livekit.heard import Receipt, unheard
from livekit.mouth import Mouth, Spoken
from livekit.overheard import Utterance

_log = logging.getLogger(__name__)
_GOODBYES = frozenset({"goodbye", "goodbye_booked", "silence_bye", "optout_done", "wrong_number_bye", "gatekeeper_bye"})
_ENDED = frozenset({Step.DNC, Step.LOST, Step.INVALID, Step.ERASED})
_INSIST_S = 30.0  # how long an event is tried while the database is away
_HEARD_OUT_S = 20.0  # a noise that never ends keeps no line open
GRACE_S = 1.5  # how long the line stays open after a goodbye


class Conversation:
    """Everything that reaches the service goes through here, in the order in which it happened."""

    def __init__(self, call: Call, service: ChainService, calls: Calls, job_id: str) -> None:
        self.call, self.service, self.calls, self.job_id = call, service, calls, job_id
        self.session_id = call.session_id or ""
        self.step = Step.NEW
        self.over = asyncio.Event()  # the agent has said goodbye and nobody said anything more
        self.mouth: Mouth | None = None
        self.present = True  # False while the buyer is not in the room: what is said then is heard by nobody
        self._order = asyncio.Lock()
        self._deciding = ""
        self._known: set[str] = set()  # lines that were given to the mouth
        self._figures = Figures(call.call_id, calls)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._since = service.clock.now() - timedelta(seconds=1)
        self._numbers = 0
        self._leaving: asyncio.Task[None] | None = None

    # ---- what happens on the line
    async def arrive(self) -> None:
        """The buyer is on the line: for the first time, or back after it was lost."""
        self.present = True
        turn_id = self._own("arrived")
        await self._alone(turn_id, "arrived", time.time(), lambda: self._arrived(None, turn_id, {}))

    async def take_over(self, since: datetime) -> None:
        """A job before this one died: what it could not say to the end is said now, from its last turn on."""
        self.present = True
        place = await self.service.inbox.place(self.session_id)
        self.step = Step(place["step"])
        if place["line"] != "up":
            await self.arrive()  # they had hung up before it died: what it left unsaid is put anew, if it still stands
            return
        waiting = await self.service.inbox.unheard(self.session_id, Channel.VOICE, since)
        last = _turn_of(waiting[-1].speech_id) if waiting else ""
        for line in waiting:
            if _turn_of(line.speech_id) != last:
                await self._heard(Receipt(line.speech_id, "unheard", time.time()))
        self._say([line for line in waiting if _turn_of(line.speech_id) == last], last, reply=False)

    def hear(self, said: Utterance) -> asyncio.Task[None]:
        """Words of the buyer, in a task that nothing cancels: a barge-in stops speech and never a turn."""
        self._stay()
        turn_id = f"{self.call.call_id}:{said.utterance_id}"
        data: dict[str, Any] = {"began_at": self._moment(said.began_at).isoformat()}
        if said.confidence is not None:
            data["confidence"] = said.confidence

        async def turn() -> None:
            began = time.monotonic()
            if await self._alone(turn_id, "words", said.ended_at, lambda: self._arrived(said.text, turn_id, data)):
                taken = time.monotonic() - began
                self._task(self._figures.words(turn_id, said, self._moment(said.began_at), taken))
            if not self.present:
                await self._down()  # words that were still on their way when the line was lost bring nobody back

        return self._task(turn())

    async def line_down(self) -> None:
        """The buyer has left the room."""
        self.present = False
        if self.mouth:
            await self.mouth.hush()
        await self._down()

    async def _down(self) -> None:
        await self._happened(EventKind.LINE, {"state": "down", "call_id": self.call.call_id})

    def silence(self, level: int) -> None:
        if not self._leaving:
            self._task(self._happened(EventKind.SILENCE, {"level": level}))

    def timer(self, kind: str, ref: str) -> None:
        data = {"timer": kind, "timer_id": f"{self.call.call_id}:{kind}:{ref}", "ref": ref}
        self._task(self._happened(EventKind.TIMER, data))

    # ---- what happens elsewhere
    async def look(self) -> None:
        """Something was committed: a decision, a timer or a webhook may have something to say."""
        heard_of = time.time()
        waiting = await self.service.inbox.unheard(self.session_id, Channel.VOICE, self._since)
        turns: dict[str, list[SpeechLine]] = {}
        for line in waiting:
            turn_id = _turn_of(line.speech_id)
            if not self._figures.knows(turn_id) and line.speech_id not in self._known:
                turns.setdefault(turn_id, []).append(line)
        for turn_id, lines in turns.items():
            self._figures.begin(turn_id, "unasked", heard_of, self._moment(heard_of))
            self._say(lines, turn_id, reply=False)
        if turns:
            place = await self.service.inbox.place(self.session_id)
            self._follow(Step(place["step"]), place["overlay"], {line.act for ls in turns.values() for line in ls})

    async def serve(self) -> None:
        """An event of this session waits: nobody need be woken for it."""
        await self.service.run_inbox(self.session_id)
        await self.look()

    async def report(self, item: Spoken, receipt: Receipt) -> None:
        """What was heard of a line goes to the session; how soon it began is written down once a turn."""
        self._task(self._figures.spoken(item.turn_id, receipt))
        await self._heard(receipt)
        self._known.discard(receipt.speech_id)

    @property
    def busy(self) -> bool:
        """Whether something that the buyer did is being decided."""
        return self._order.locked() and self._deciding != EventKind.SILENCE

    async def settle(self) -> None:
        """Until everything that was begun is stored."""
        if self._leaving:
            self._leaving.cancel()
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    # ---- turns
    async def _happened(self, kind: EventKind, data: dict[str, Any]) -> None:
        if self.session_id:
            turn_id = self._own(kind.value)
            await self._alone(turn_id, kind.value, time.time(), lambda: self._submit(kind, data, turn_id))

    async def _alone(
        self, turn_id: str, kind: str, since: float, turn: Callable[[], Awaitable[TurnResult]]
    ) -> TurnResult | None:
        """One event after the other, and after what was heard of the speech that it may answer."""
        async with self._order:
            self._deciding = kind
            if kind == "words" and self.mouth:
                await self.mouth.yield_floor()
            self._figures.begin(turn_id, kind, since, self._moment(since))
            result = await self._insist(turn)
            if result is None:
                return None
        if not self.session_id:
            self.session_id = result.session_id
            await self.calls.link(self.call.call_id, result.session_id)
        self._take(result, reply=kind in ("words", "arrived"))
        return result

    async def _insist(self, turn: Callable[[], Awaitable[TurnResult]]) -> TurnResult | None:
        """A database that is away for a moment costs that moment: the event's id makes trying again harmless."""
        until, pause = time.monotonic() + _INSIST_S, 0.1
        while True:
            try:
                return await turn()
            except EventFailed:
                _log.error("an event of a call failed", extra={"action": "turn_failed", "session": self.session_id})
                return None
            except Gone:
                if time.monotonic() > until:
                    _log.error(
                        "an event of a call was lost", extra={"action": "event_lost", "session": self.session_id}
                    )
                    return None
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)

    async def _arrived(self, words: str | None, turn_id: str, data: dict[str, Any]) -> TurnResult:
        return await self.service.arrive(
            Channel.VOICE,
            self.call.identity,
            turn_id=turn_id,
            words=words,
            data={"call_id": self.call.call_id, **data},
            label=self.call.label,
        )

    async def _submit(
        self, kind: EventKind, data: dict[str, Any], turn_id: str, at: datetime | None = None
    ) -> TurnResult:
        event = Event(turn_id, kind, at or self.service.clock.now(), Channel.VOICE, data)
        return await self.service.submit(self.session_id, event)

    async def _heard(self, receipt: Receipt) -> None:
        """A small commit of its own; where a transition waited for it, the turn may have something to say."""
        turn_id, at = f"heard:{receipt.speech_id}", self._moment(receipt.at)
        self._figures.begin(turn_id, "heard", receipt.at, at)
        result = await self._insist(lambda: self._submit(EventKind.HEARD, receipt.data, turn_id, at))
        if result and result.ran:
            self._take(result, reply=False)

    # ---- speech
    def _take(self, result: TurnResult, *, reply: bool) -> None:
        self._say([line for line in result.speech if line.status == "queued"], result.turn_id, reply=reply)
        self._follow(Step(result.step), result.overlay, {line.act for line in result.speech})

    def _say(self, lines: list[SpeechLine], turn_id: str, *, reply: bool) -> None:
        """Only what is meant for the ear: a session may be typed to at the same time."""
        new = [line for line in lines if line.channel == Channel.VOICE and line.speech_id not in self._known]
        self._known.update(line.speech_id for line in new)
        if not self.present:
            for line in new:
                self._task(self._heard(unheard(line)))
        elif self.mouth and new:
            self.mouth.put(new, turn_id, reply=reply)

    def _follow(self, step: Step, overlay: str | None, acts: set[str]) -> None:
        self.step = step
        if step in _ENDED or overlay == Overlay.PARKED or acts & _GOODBYES:
            self._leaving = self._leaving or self._task(self._leave())

    async def _leave(self) -> None:
        """After the last words, unless the buyer has some too: a sentence that was begun is heard out."""
        if self.mouth:
            await self.mouth.idle()
        await asyncio.sleep(GRACE_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(_HEARD_OUT_S):
                while self.mouth and not await self.mouth.buyer_silent():  # noqa: ASYNC110 - time tells whether more comes
                    await asyncio.sleep(GRACE_S)
        self.over.set()

    def _stay(self) -> None:
        if self._leaving and self.step is not Step.DNC:
            self._leaving.cancel()
            self._leaving = None

    # ---- small things
    def _own(self, what: str) -> str:
        self._numbers += 1
        return f"{self.call.call_id}:{what}:{self.job_id}:{self._numbers}"

    def _moment(self, wall: float) -> datetime:
        """The session's time of something that the wall clock saw."""
        return self.service.clock.now() - timedelta(seconds=time.time() - wall)

    def _task(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            extra = {"action": "call_fault", "session": self.session_id, "fault": type(fault).__name__}
            _log.error("a task of a call failed", extra=extra, exc_info=fault)


def _turn_of(speech_id: str) -> str:
    return speech_id.rpartition(":")[0]
