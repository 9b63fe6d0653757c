"""What happens inside one process of a scenario: steps, what follows by itself, and a look at what came of them."""

from datetime import datetime
from typing import Any

from graph.scenarios.chapters import Chapter, Placed, looked_back_at, opening_replies, steps_of
from graph.scenarios.checks_trail import found_rows, totals
from graph.scenarios.doing import Doing
from graph.scenarios.format import MAIN, Scenario
from graph.scenarios.grade import graded, hints
from graph.scenarios.laws import broken_laws
from graph.scenarios.passing import come_to_rest, let_pass
from graph.scenarios.record import Outcome, Record
from graph.scenarios.rig import Rig
from graph.scenarios.sight import Mark, Sight
from graph.scenarios.steps import Step
from graph.scenarios.verbs import do
from memory.playback import places, read_tables

MOST_REPLIES = 6
UNPLAYED = "could not be played"


class Acting:
    """The steps of one process. `record` and `failures` grow as they are played."""

    def __init__(self, rig: Rig, scenario: Scenario, record: Record, looks: bool) -> None:
        """`looks`: whether `then` is graded; a repeat is measured by the trail that it leaves."""
        self.rig, self.scenario, self.record, self.looks = rig, scenario, record, looks
        self.failures: list[str] = []
        self.playing = scenario.playing.total_seconds()
        self._steps, self._looked_back_at = steps_of(scenario), looked_back_at(scenario)

    async def play(self, chapter: Chapter, before: Record | None = None) -> None:
        """All steps; the first that cannot be played ends the scenario, because what follows builds on it."""
        for placed in chapter:
            try:
                await self._step(placed, before or self.record)
            except Exception as fault:  # noqa: BLE001  # the edge: whatever a step raises is what the reader is told
                self.failures.append(f"{placed.name}: {UNPLAYED}: {type(fault).__name__}: {fault}")
                return

    async def _step(self, placed: Placed, before: Record) -> None:
        """Time, the deed, what follows by itself, the buyer's standing replies, and the look."""
        rig, step = self.rig, placed.step
        looks = self.looks and step.then is not None
        marks = await _marks(rig, before) if looks or step.id in self._looked_back_at else {}
        await let_pass(rig, self._when(step), self.playing, step)
        doing = Doing(rig, self.scenario, step, self.label(str(placed.number)), self.record.with_(now=rig.clock.now()))
        await do(doing)
        await come_to_rest(rig, self.playing, step, self._held(placed, doing.record))
        await self._reply(doing)
        self.record = doing.record.with_(now=rig.clock.now(), failing=rig.faults.failing)
        if step.id:
            marked, done = {**self.record.marks, step.id: marks}, {**self.record.done, step.id: rig.clock.now()}
            self.record = self.record.with_(marks=marked, done=done)
        if looks:
            self.failures += [f"after {placed.name}: {each}" for each in await self._look(step, marks)]

    def label(self, number: str) -> str:
        return f"{self.scenario.id}:{number}"

    def _when(self, step: Step) -> datetime:
        now = self.rig.clock.now()
        if step.at is not None:
            return step.at
        if step.after is not None:
            return now + step.after
        return now + self.scenario.pace if step.kind in ("say", "arrive") else now

    def _held(self, placed: Placed, record: Record) -> tuple[str, str] | None:
        """The line that the next step begins to speak over: it is still being played when this one ends."""
        following = self._steps[placed.number + 1 : placed.number + 2]
        if not following or following[0].step.over is None or following[0].step.session not in record.sessions:
            return None
        return record.sessions[following[0].step.session], following[0].step.over.act

    async def _reply(self, doing: Doing) -> None:
        """Answers that the buyer gives whenever a question is open, each once per step."""
        replies = {**opening_replies(self.scenario), **self.scenario.replies, **doing.step.replies}
        given: set[str] = set()
        while replies and len(given) < MOST_REPLIES:
            asked = await _open_question(doing)
            if asked is None or asked in given or asked not in replies:
                return
            given.add(asked)
            await let_pass(doing.rig, doing.rig.clock.now() + self.scenario.pace, self.playing, doing.step)
            await doing.words(replies[asked], f":{asked}")
            await come_to_rest(doing.rig, self.playing, doing.step, None)

    async def _look(self, step: Step, marks: dict[str, Mark]) -> list[str]:
        assert step.then is not None
        async with self.rig.world.pool.connection() as connection:
            tables = await read_tables(connection, self.rig.world.sealer)
        session_id, mark = self.record.sessions.get(step.session, ""), marks.get(step.session, Mark())
        sight = Sight(step.session, session_id, tables, self.record.moments(), mark)
        wrong = graded(sight, step.then)
        return [*wrong, *(hints(sight) if wrong else [])]

    async def end(self) -> Outcome:
        """Everything that is due is delivered; then all that was left is graded."""
        await come_to_rest(self.rig, self.playing, Step.model_validate({"after": 0}), None)
        async with self.rig.world.pool.connection() as connection:
            tables = await read_tables(connection, self.rig.world.sealer)
        moments = self.record.moments()
        sights = {name: Sight(name, of, tables, moments) for name, of in self.record.sessions.items()}
        expect, failures = self.scenario.expect, list(self.failures)
        for name, want in (dict(expect.sessions) or {MAIN: expect}).items():
            sight = sights.get(name) or Sight(name, "", tables, moments)
            wrong, prefix = graded(sight, want), f"{name}: " if expect.sessions else ""
            failures += [prefix + each for each in [*wrong, *(hints(sight) if wrong else [])]]
        failures += [*totals(sights.values(), expect.totals), *broken_laws(sights, tables)]
        return Outcome(tuple(failures), {name: found_rows(sight) for name, sight in sights.items()})


async def _marks(rig: Rig, record: Record) -> dict[str, Mark]:
    """Where each session stands before a step."""
    async with rig.world.pool.connection() as connection:
        found = await places(connection)
    stand: dict[str, Any] = {name: found.get(session_id) for name, session_id in record.sessions.items()}
    return {name: Mark(int(place["turns"]), int(place["epoch"])) for name, place in stand.items() if place}


async def _open_question(doing: Doing) -> str | None:
    """The question that the buyer's words have not come after."""
    session_id = doing.record.sessions.get(doing.name)
    async with doing.rig.world.pool.connection() as connection:
        place = (await places(connection)).get(session_id or "")
    if not place or place["asks"] is None or place["ended_at"] is not None:
        return None
    return str(place["asks"]) if place["asked_in"] >= (place["words_in"] or 0) else None
