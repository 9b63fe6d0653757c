"""Plays a scenario step by step, each in a process of its own, through kills and recovery, up to its grades."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.errors import ThroughlineError
from domain.policy import Policy
from graph import probes
from graph.scenarios.checks_trail import found_rows
from graph.scenarios.doing import Doing, StepFailed
from graph.scenarios.forked import Ended, in_child, start
from graph.scenarios.format import Scenario
from graph.scenarios.grade import graded, hints
from graph.scenarios.laws import broken_laws
from graph.scenarios.passing import NoRest, come_to_rest, let_pass
from graph.scenarios.record import Played, Record
from graph.scenarios.rig import Rig, open_rig
from graph.scenarios.scene import put_up
from graph.scenarios.sight import Mark, Sight
from graph.scenarios.steps import Step
from graph.scenarios.verbs import do
from graph.settings import Settings
from memory.playback import ask, places, put, read_tables

MOST_REPLIES = 6
_OPENING = "opening"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one playing of a scenario went. `trail` is what another playing must leave again."""

    failures: tuple[str, ...]
    trail: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Playing:
    """One playing of a scenario on a database. `repeat` 0 has no luck in it; every later one has its own."""

    settings: Settings
    scenario: Scenario
    policies: Mapping[str, Policy]  # parsed before the first fork
    repeat: int = 0

    def run(self) -> Outcome:
        begun = in_child(lambda: self._with_rig(Record(self.scenario.clock), "scene", self._begin))
        if begun.value is None:
            return Outcome((f"start: {_why(begun)}",))
        record, failures = begun.value, list[str]()
        for number, step in enumerate(steps_of(self.scenario)):
            played = self._step(number, step, record)
            failures += played.failures
            record = played.record
            if played.failures and any(": could not be played" in each for each in played.failures):
                break
        ended = in_child(lambda: self._with_rig(record, "end", self._end))
        if ended.value is None:
            return Outcome((*failures, f"end: {_why(ended)}"))
        return Outcome((*failures, *ended.value.failures), ended.value.trail)

    # ---- processes
    def _step(self, number: int, step: Step, record: Record) -> Played:
        """One step in one process; a kill that the step asks for is followed by another process that recovers."""
        name = step.id or f"step {number + 1}"
        if step.together:
            return self._together(number, step, record, name)
        ended = in_child(lambda: self._with_rig(record, f"{number}", self._player(number, step), step.kill_at))
        if step.kill_at and ended.killed:
            ended = in_child(lambda: self._with_rig(record, f"{number}r", self._recoverer(number, step)))
        elif step.kill_at and ended.value is not None:
            return Played(ended.value.record, [*ended.value.failures, f"after {name}: {step.kill_at} was not reached"])
        return ended.value or Played(record, [f"{name}: could not be played: {_why(ended)}"])

    def _together(self, number: int, step: Step, record: Record, name: str) -> Played:
        """All parts at once, then one process that brings everything to rest and looks."""
        parts = step.together or ()
        children = [
            start(lambda part=part, place=place: self._with_rig(record, f"{number}.{place}", self._doer(f"{number}.{place}", part)))
            for place, part in enumerate(parts)
        ]
        ends = [child.ended() for child in children]
        faults = [f"{name}: could not be played: {_why(end)}" for end in ends if end.value is None]
        records = [end.value for end in ends if end.value is not None]
        merged = merge(record, records)
        rest = step.model_copy(update={"together": None})
        ended = in_child(lambda: self._with_rig(merged, f"{number}", self._player(number, rest, before=record)))
        after = ended.value or Played(merged, [f"{name}: could not be played: {_why(ended)}"])
        return Played(after.record, faults + after.failures)

    def _with_rig(self, record: Record, part: str, work: Callable[[Rig, Record], Awaitable[Any]], kill_at: str | None = None) -> Any:
        """In a child: open the program, do the work, close it."""
        luck = random.Random(f"{self.scenario.id}:{self.repeat}:{part}") if self.repeat else None  # noqa: S311

        async def run() -> Any:
            async with open_rig(self.settings, record.now, record.failing, luck, self.policies) as rig:
                if kill_at:
                    probes.install(_killer(kill_at))
                return await work(rig, record)

        return asyncio.run(run())

    # ---- in a child
    async def _begin(self, rig: Rig, _: Record) -> Record:
        record = await put_up(rig, self.scenario)
        return record.with_(now=rig.clock.now())

    def _player(self, number: int, step: Step, before: Record | None = None) -> Callable[[Rig, Record], Awaitable[Played]]:
        async def play(rig: Rig, record: Record) -> Played:
            return await self._play(rig, number, step, record, before or record)

        return play

    def _recoverer(self, number: int, step: Step) -> Callable[[Rig, Record], Awaitable[Played]]:
        """The runner of the killed process is known to be dead: its lease need not run out first."""

        async def recover(rig: Rig, record: Record) -> Played:
            async with rig.world.pool.connection() as connection:
                await put(connection, "end_lease")
            await rig.service.recover()
            return await self._play(rig, number, step, record, record)

        return recover

    def _doer(self, label: str, step: Step) -> Callable[[Rig, Record], Awaitable[Record]]:
        async def deed(rig: Rig, record: Record) -> Record:
            doing = Doing(rig, self.scenario, step, self._label(label), record)
            await do(doing)
            return doing.record

        return deed

    def _label(self, number: str) -> str:
        return f"{self.scenario.id}:{number}"

    async def _play(self, rig: Rig, number: int, step: Step, record: Record, before: Record) -> Played:
        """Time, the deed, what follows by itself, the buyer's standing replies, and a look at what became of it."""
        looks = step.then is not None and self.repeat == 0  # a repeat is measured by the trail that it leaves
        marks = await _marks(rig, before) if looks or step.id in self._marked else {}
        playing = self.scenario.playing.total_seconds()
        await let_pass(rig, self._when(rig, step), playing, step)
        doing = Doing(rig, self.scenario, step, self._label(str(number)), record.with_(now=rig.clock.now()))
        await do(doing)
        await come_to_rest(rig, playing, step, self._held(number, doing.record))
        await self._reply(doing, playing)
        after = doing.record.with_(now=rig.clock.now(), failing=rig.faults.failing)
        if step.id:
            after = after.with_(marks={**after.marks, step.id: marks}, done={**after.done, step.id: rig.clock.now()})
        failures = await _look(rig, step, after, marks) if looks else []
        return Played(after, [f"after {step.id or f'step {number + 1}'}: {each}" for each in failures])

    @property
    def _marked(self) -> set[str]:
        """Steps that a later one looks back at: what was minted before them."""
        wanted = [step.provoke.capability for step in self.scenario.flat_steps() if step.provoke]
        return {each.minted_before for each in wanted if not isinstance(each, str)}

    def _when(self, rig: Rig, step: Step) -> Any:
        now = rig.clock.now()
        if step.at is not None:
            return step.at
        if step.after is not None:
            return now + step.after
        return now + self.scenario.pace if step.kind in ("say", "arrive") else now

    def _held(self, number: int, record: Record) -> tuple[str, str] | None:
        """The line that the next step begins to speak over: it is still being played when this one ends."""
        following = steps_of(self.scenario)[number + 1 : number + 2]
        if not following or following[0].over is None or following[0].session not in record.sessions:
            return None
        return record.sessions[following[0].session], following[0].over.act

    async def _reply(self, doing: Doing, playing: float) -> None:
        """Answers that the buyer gives whenever a question is open, each once per step."""
        replies = {**(opening_replies(self.scenario) if self.scenario.opening else {}), **self.scenario.replies, **doing.step.replies}
        given: set[str] = set()
        while len(given) < MOST_REPLIES:
            asked = await _open_question(doing)
            if asked is None or asked in given or asked not in replies:
                return
            given.add(asked)
            await let_pass(doing.rig, doing.rig.clock.now() + self.scenario.pace, playing, doing.step)
            await doing.words(replies[asked], f":{asked}")
            await come_to_rest(doing.rig, playing, doing.step, None)

    async def _end(self, rig: Rig, record: Record) -> Outcome:
        """Everything that is due is delivered; then all that was left is graded."""
        await come_to_rest(rig, self.scenario.playing.total_seconds(), Step(after=0), None)  # pyright: ignore[reportArgumentType]
        async with rig.world.pool.connection() as connection:
            tables = await read_tables(connection, rig.world.sealer)
        sights = {name: Sight(name, session_id, tables, record.moments()) for name, session_id in record.sessions.items()}
        failures: list[str] = []
        expect = self.scenario.expect
        for name, want in {**({"main": expect} if not expect.sessions else {}), **expect.sessions}.items():
            sight = sights.get(name) or Sight(name, "", tables, record.moments())
            wrong = graded(sight, want)
            prefix = f"{name}: " if expect.sessions else ""
            failures += [prefix + each for each in [*wrong, *(hints(sight) if wrong else [])]]
        failures += broken_laws(sights, tables)
        return Outcome(tuple(failures), {name: found_rows(sight) for name, sight in sights.items()})


def steps_of(scenario: Scenario) -> Sequence[Step]:
    """The steps, with the buyer's arrival before them where the opening is played."""
    first = (Step(arrive=scenario.channel, id=_OPENING),) if scenario.opening else ()
    return (*first, *scenario.steps)


def opening_replies(scenario: Scenario) -> dict[str, str]:
    """The two answers of an opening that are nowhere numbered: the name, and yes to the recording."""
    name = scenario.contact.name or "Dana Whitfield"
    return {"name": f"This is {name}", "name_confirm": f"Yes, this is {name}", "recording": "Yes, that's fine"}


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


async def _marks(rig: Rig, record: Record) -> dict[str, Mark]:
    """Where each session stands before a step."""
    async with rig.world.pool.connection() as connection:
        found = await places(connection)
    stand = {name: found.get(session_id) for name, session_id in record.sessions.items()}
    return {name: Mark(int(place["turns"]), int(place["epoch"])) for name, place in stand.items() if place}


async def _open_question(doing: Doing) -> str | None:
    """The question that the buyer's words have not come after."""
    session_id = doing.record.sessions.get(doing.name)
    async with doing.rig.world.pool.connection() as connection:
        place = (await places(connection)).get(session_id or "")
    if not place or place["asks"] is None or place["ended_at"] is not None:
        return None
    return str(place["asks"]) if place["asked_in"] >= (place["words_in"] or 0) else None


async def _look(rig: Rig, step: Step, record: Record, marks: dict[str, Mark]) -> list[str]:
    if step.then is None:
        return []
    async with rig.world.pool.connection() as connection:
        tables = await read_tables(connection, rig.world.sealer)
    session_id = record.sessions.get(step.session, "")
    sight = Sight(step.session, session_id, tables, record.moments(), marks.get(step.session, Mark()))
    wrong = graded(sight, step.then)
    return [*wrong, *(hints(sight) if wrong else [])]


__all__ = ["NoRest", "Outcome", "Playing", "StepFailed", "ThroughlineError", "ask"]
