"""One step being done: in which session, on which channel, from which address, and what the runner remembers of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from domain.contact import Identity, identity_of
from domain.events import Event, EventKind
from domain.stages import Channel
from graph.scenarios.format import Scenario
from graph.scenarios.passing import report
from graph.scenarios.record import Record
from graph.scenarios.rig import Rig
from graph.scenarios.start import identity_on
from graph.scenarios.steps import Hearing, Step
from memory.playback import places, unheard

Json = dict[str, Any]
SENT_TWICE = 0.25  # share of a repeat's buyer events that arrive a second time


class StepFailed(Exception):
    """The step could not be done, or what had to be refused was not."""


class Doing:
    """`record` is replaced as the step goes on; `label` makes the ids of its events."""

    def __init__(self, rig: Rig, scenario: Scenario, step: Step, label: str, record: Record) -> None:
        self.rig, self.scenario, self.step, self.label, self.record = rig, scenario, step, label, record

    @property
    def name(self) -> str:
        return self.step.session

    @property
    def channel(self) -> Channel:
        return self.step.channel or self.step.arrive or self.record.channels.get(self.name) or self.scenario.channel

    @property
    def session_id(self) -> str:
        known = self.record.sessions.get(self.name)
        if known is None:
            raise StepFailed(f"the session {self.name} has not begun yet")
        return known

    async def words(self, text: str, suffix: str = "") -> None:
        """Words of the buyer; where they begin over a line, that line ends first, or is cut."""
        data: Json = {"text": text, "speaker": self.step.speaker.value}
        if self.step.confidence is not None:
            data["confidence"] = self.step.confidence
        if self.step.over is not None and not suffix:
            data["began_at"] = self.rig.clock.now().isoformat()
            await self._over()
        await self.buyer(EventKind.WORDS, data, suffix)

    async def _over(self) -> None:
        over, half = self.step.over, self.scenario.playing.total_seconds() / 2
        assert over is not None
        async with self.rig.world.pool.connection() as connection:
            lines = [line for line in await unheard(connection) if line.session_id == self.session_id]
        acts = [line.act for line in lines]
        if over.act not in acts:
            raise StepFailed(f"no line {over.act} is being played (waiting: {', '.join(acts) or 'none'})")
        at = acts.index(over.act)
        self.rig.clock.advance(timedelta(seconds=half))
        hearing = Hearing(act=over.act, status="partly" if over.cuts else "heard", words=over.heard)
        await report(self.rig, lines[at], hearing, half)
        for line in lines[at + 1 :] if over.cuts else ():
            await report(self.rig, line, Hearing(act=line.act, status="unheard"), 0)

    async def buyer(self, kind: EventKind, data: Json, suffix: str = "") -> None:
        """An event of the buyer, by the address it comes from."""
        channel, service = self.channel, self.rig.service
        self.record = self.record.with_(channels={**self.record.channels, self.name: channel})
        if channel is Channel.VOICE:
            data = {**data, "call_id": await self._call(kind is EventKind.ARRIVED)}
        event = Event(f"{self.label}{suffix}", kind, self.rig.clock.now(), channel, data)
        if self._shares_contact():
            session_id = self.session_id
            await service.submit(session_id, event)
        else:
            rest = {key: value for key, value in data.items() if key != "text"}
            told = {"turn_id": event.turn_id, "words": data.get("text"), "data": rest}
            session_id = (await service.arrive(channel, self._identity(channel), **told)).session_id
        self._met(session_id, event)
        if self.rig.chance and self.rig.chance.random() < SENT_TWICE:
            await service.submit(session_id, event)  # a source that was not sure sends it again

    def _identity(self, channel: Channel) -> Identity:
        if self.step.sender is not None:
            return identity_of(self.step.sender)
        return identity_on(self.scenario.contact_of(self.name), channel, self.name)

    def _shares_contact(self) -> bool:
        """Two sessions of one buyer cannot be told apart by the address."""
        parts = self.scenario.sessions
        return any(self.name in (part.contact_of, name) and part.contact_of for name, part in parts.items())

    def _met(self, session_id: str, event: Event) -> None:
        known = self.record.sessions.get(self.name, session_id)
        if known != session_id:
            raise StepFailed(f"G1: the words went to another session than {self.name}")
        self.record = self.record.with_(sessions={**self.record.sessions, self.name: session_id})
        self.kept(session_id, event)

    def kept(self, session_id: str, event: Event) -> None:
        """Remember the event, so that it can arrive once more."""
        if self.step.id:
            events = {**self.record.events, self.step.id: (session_id, event.to_json())}
            self.record = self.record.with_(events=events)

    async def _call(self, arrives: bool) -> str:
        """The id of the call that is on; the first event after a dropped line begins a new one."""
        session_id, number = self.record.sessions.get(self.name), self.record.calls.get(self.name, 0)
        place: Mapping[str, Any] = {}
        if session_id is not None:
            async with self.rig.world.pool.connection() as connection:
                place = (await places(connection)).get(session_id) or {}
        if place.get("line") != "up" or arrives:
            number += 1
            starts = dict(self.record.call_starts)
            if session_id is not None:
                starts[session_id] = (*starts.get(session_id, ()), int(place.get("turns") or 0))
            self.record = self.record.with_(calls={**self.record.calls, self.name: number}, call_starts=starts)
        return f"{self.scenario.id}:{self.name}:call{number}" if number else f"start:{self.name}:call"

    async def event(self, kind: EventKind, data: Json, channel: Channel | None = None) -> None:
        """An event that does not come from the buyer's address."""
        event = Event(self.label, kind, self.rig.clock.now(), channel, data)
        await self.rig.service.submit(self.session_id, event)
        self.kept(self.session_id, event)
