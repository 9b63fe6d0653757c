"""Plays a scenario over as many processes as it has turns, through kills and recovery, up to its grades."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.policy import Policy
from graph import probes
from graph.scenarios.acting import UNPLAYED, Acting
from graph.scenarios.chapters import Chapter, Placed, chapters
from graph.scenarios.doing import Doing
from graph.scenarios.forked import Ended, in_child, start
from graph.scenarios.format import Scenario
from graph.scenarios.record import Outcome, Record
from graph.scenarios.rig import Rig, open_rig
from graph.scenarios.scene import put_up
from graph.scenarios.verbs import do
from graph.settings import Settings
from memory.playback import put


@dataclass(frozen=True, slots=True)
class Played:
    """What a process gives back: the record to go on with, what was wrong, and of the last one the outcome."""

    record: Record
    failures: list[str]
    outcome: Outcome | None = None


Work = Callable[[Rig, Record], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Playing:
    """One playing of a scenario on an empty database. `repeat` 0 has no luck in it; every later one has its own."""

    settings: Settings
    scenario: Scenario
    policies: Mapping[str, Policy]  # parsed before the first fork
    repeat: int = 0

    def run(self) -> Outcome:
        record, failures = Record(self.scenario.clock), list[str]()
        pieces: list[Chapter] = [*chapters(self.scenario)]
        if not pieces or pieces[0][0].alone:
            pieces.insert(0, ())
        if pieces[-1] and pieces[-1][0].alone:
            pieces.append(())
        for number, chapter in enumerate(pieces):
            played = self._chapter(number, chapter, record, last=number == len(pieces) - 1)
            record, failures = played.record, failures + played.failures
            if played.outcome is not None:
                return Outcome((*failures, *played.outcome.failures), played.outcome.trail)
            if any(UNPLAYED in each for each in played.failures):
                break
        return self._ending(record, failures)

    def _ending(self, record: Record, failures: list[str]) -> Outcome:
        """What there is to grade after a scenario that broke off."""
        if not record.sessions:
            return Outcome(tuple(failures))
        ended = self._in_child(record, "end", self._last)
        if ended.value is None:
            return Outcome((*failures, f"end: {_why(ended)}"))
        return Outcome((*failures, *ended.value.failures), ended.value.trail)

    # ---- processes
    def _chapter(self, number: int, chapter: Chapter, record: Record, *, last: bool) -> Played:
        if chapter and chapter[0].step.together is not None:
            return self._together(chapter[0], record)
        if chapter and chapter[0].step.kill_at is not None:
            return self._killed(chapter[0], record)
        ended = self._in_child(record, str(number), self._player(chapter, begins=number == 0, last=last))
        name = chapter[0].name if chapter else "end" if last else "start"
        return ended.value or Played(record, [f"{name}: {UNPLAYED}: {_why(ended)}"])

    def _killed(self, placed: Placed, record: Record) -> Played:
        """A process that is killed at a point of this step, and another one that recovers."""
        point = str(placed.step.kill_at)
        ended = self._in_child(record, str(placed.number), self._player((placed,)), point)
        if ended.killed:
            ended = self._in_child(record, f"{placed.number} recovery", self._player((placed,), recovers=True))
        elif ended.value is not None:
            missed = f"after {placed.name}: {point} was not reached"
            return Played(ended.value.record, [*ended.value.failures, missed])
        return ended.value or Played(record, [f"{placed.name}: {UNPLAYED}: {_why(ended)}"])

    def _together(self, placed: Placed, record: Record) -> Played:
        """All parts at once, each in a process; then one process that brings everything to rest and looks."""
        parts = placed.step.together or ()
        children = [
            start(self._work(record, f"{placed.number}.{place}", self._deed(f"{placed.number}.{place}", part)))
            for place, part in enumerate(parts)
        ]
        ends: list[Ended[Record]] = [child.ended() for child in children]
        faults = [f"{placed.name}: {UNPLAYED}: {_why(end)}" for end in ends if end.value is None]
        merged = merge(record, [end.value for end in ends if end.value is not None])
        rest = Placed(placed.number, placed.step.model_copy(update={"together": None}))
        ended = self._in_child(merged, str(placed.number), self._player((rest,), before=record))
        after = ended.value or Played(merged, [f"{placed.name}: {UNPLAYED}: {_why(ended)}"])
        return Played(after.record, faults + after.failures)

    def _in_child(self, record: Record, part: str, work: Work, kill_at: str | None = None) -> Ended[Any]:
        return in_child(self._work(record, part, work, kill_at))

    def _work(self, record: Record, part: str, work: Work, kill_at: str | None = None) -> Callable[[], Any]:
        """For a child: open the program, do the work, close it."""
        luck = random.Random(f"{self.scenario.id}:{self.repeat}:{part}") if self.repeat else None  # noqa: S311

        async def opened() -> Any:
            async with open_rig(self.settings, record.now, record.failing, luck, self.policies) as rig:
                if kill_at:
                    probes.install(_killer(kill_at))
                return await work(rig, record)

        return lambda: asyncio.run(opened())

    # ---- in a child
    def _player(
        self, chapter: Chapter, *, begins: bool = False, last: bool = False, recovers: bool = False,
        before: Record | None = None,
    ) -> Work:  # fmt: skip
        async def play(rig: Rig, record: Record) -> Played:
            if begins:
                record = await put_up(rig, self.scenario)
            if recovers:
                await _take_over(rig)
            acting = Acting(rig, self.scenario, record, looks=self.repeat == 0)
            await acting.play(chapter, before)
            outcome = await acting.end() if last else None
            return Played(acting.record, [] if outcome else acting.failures, outcome)

        return play

    def _deed(self, number: str, step: Any) -> Work:
        async def deed(rig: Rig, record: Record) -> Record:
            doing = Doing(rig, self.scenario, step, f"{self.scenario.id}:{number}", record)
            await do(doing)
            return doing.record

        return deed

    async def _last(self, rig: Rig, record: Record) -> Outcome:
        return await Acting(rig, self.scenario, record, looks=False).end()


async def _take_over(rig: Rig) -> None:
    """The runner of the killed process is known to be dead: its lease need not run out first."""
    async with rig.world.pool.connection() as connection:
        await put(connection, "end_lease")
    await rig.service.recover()


def merge(record: Record, parts: Sequence[Record]) -> Record:
    """What steps at the same moment each learned."""
    for part in parts:
        record = record.with_(
            sessions={**record.sessions, **part.sessions},
            channels={**record.channels, **part.channels},
            calls={**record.calls, **part.calls},
            call_starts={**record.call_starts, **part.call_starts},
            events={**record.events, **part.events},
            policies=max(record.policies, part.policies),
        )
    return record


def _why(ended: Ended[Any]) -> str:
    return ended.fault or f"the process was ended by signal {ended.signal}"


def _killer(point: str) -> Callable[[str], None]:
    def hook(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook
