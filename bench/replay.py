"""Replays bookings between people through the whole chain, and counts what must never happen and what was reached."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.packs import pack
from bench.replay_calendar import Dialogue, Hour, ToldCalendar, dialogue_of
from domain.events import Event, EventKind
from domain.results import TurnResult
from domain.stages import Channel, Step
from graph.bootstrap import World, ports_of, service_of
from graph.clock import FixedClock
from graph.desk import Desk
from graph.scenarios.laws import yes_was_heard
from graph.scenarios.rig import Faults, Rig, ScenarioDeliverer
from graph.scenarios.setting import Contact, SessionPart, Start
from graph.scenarios.sight import Moments, Sight
from graph.scenarios.start import identity_on, put_on_file
from memory.playback import Row, Tables, read_tables

BEGINS = datetime(2026, 11, 28, 15, tzinfo=UTC)  # a Saturday
PACE = timedelta(seconds=20)
SAYS_BOOKED = frozenset({"booked", "rebooked"})
_CLAIMS = re.compile(
    r"\byou(?:'re| are)(?: all)? booked\b|\bbooked:|\bis booked\b|\binvitation is on its way\b", re.IGNORECASE
)
_KEPT = ("bookings", "speech", "answers", "transitions", "turns", "sessions")


@dataclass(slots=True)
class Replayed:
    """What came of one dialogue: the hours that we booked, and everything that was wrong."""

    dialogue: Dialogue
    session_id: str = ""
    crashed: str = ""
    undecided: int = 0  # turns that ended in the safe line, because they could not be decided
    unbacked: int = 0  # lines that say "booked" without a booking
    unagreed: int = 0  # bookings without a yes to their read-back
    booked: set[Hour] = field(default_factory=set[Hour])
    held: set[Hour] = field(default_factory=set[Hour])  # read back, whatever came of it

    def meets(self, ours: set[Hour]) -> bool:
        """Whether the human agent's hour is among ours; where that was for no day in particular, the clock time."""
        return bool((ours | {(None, clock) for _, clock in ours}) & self.dialogue.booked)


@asynccontextmanager
async def rig_of(world: World, clock: FixedClock) -> AsyncGenerator[tuple[Rig, ToldCalendar]]:
    """The chain on an open world, with a calendar that is told what is free."""
    calendar, faults = ToldCalendar(), Faults()
    ports = replace(ports_of(world), calendar=calendar)
    desk = Desk(world.pool, world.sealer, clock, world.policies, world.lines)
    yield Rig(world, service_of(world, ports), ports, clock, ScenarioDeliverer(world, faults), desk, faults), calendar


async def replay(world: World, clock: FixedClock, dialogues: Sequence[Dialogue]) -> list[Replayed]:
    """Every dialogue in a session of its own, then one look at all that they left."""
    found: list[Replayed] = []
    async with rig_of(world, clock) as (rig, calendar):
        for number, dialogue in enumerate(dialogues, 1):
            calendar.free_hours, calendar.resource = dialogue.free, number
            clock.set(BEGINS)
            found.append(await _played(rig, dialogue, number))
        async with world.pool.connection() as connection:
            tables = await read_tables(connection, world.sealer)
    by_session = _apart(tables)
    for each in found:
        _judge(each, by_session.get(each.session_id, {name: [] for name in tables}), clock)
    return found


async def _played(rig: Rig, dialogue: Dialogue, number: int) -> Replayed:
    """A buyer in discovery whose need is known says, one after the other, what was said to the human agent."""
    contact = Contact(name="Robin Hale", phone=f"+1512{5_550_000 + number}")
    start = Start.model_validate({"step": Step.DISCOVERY.value, "channel": "chat", "facts": {"need": "an appointment"}})
    played = Replayed(dialogue)
    try:
        session_id = await put_on_file(rig, str(number), SessionPart(start=start), contact, Channel.CHAT)
        played.session_id = str(session_id)
        for place, words in enumerate(dialogue.words):
            rig.clock.advance(PACE)
            identity = identity_on(contact, Channel.CHAT, str(number))
            told = {"turn_id": f"{dialogue.name}:{place}", "words": words}
            await _shown(rig, await rig.service.arrive(Channel.CHAT, identity, **told))
    except Exception as fault:  # noqa: BLE001  # counted, and the next dialogue goes on
        played.crashed = f"{type(fault).__name__}: {fault}"
    return played


async def _shown(rig: Rig, result: TurnResult) -> None:
    """The lines stand on the buyer's screen before the next words come."""
    if result.speech:
        rig.clock.advance(timedelta(seconds=1))
        last = result.speech[-1].speech_id
        data = {"speech_ids": [line.speech_id for line in result.speech]}
        event = Event(f"shown:{last}", EventKind.DELIVERED, rig.clock.now(), Channel.CHAT, data)
        await rig.service.submit(result.session_id, event)


def _apart(tables: Tables) -> dict[str, Tables]:
    found: dict[str, dict[str, list[Row]]] = {}
    for name in _KEPT:
        for row in tables[name]:
            mine = found.setdefault(str(row["session_id"]), {each: [] for each in tables})
            mine[name].append(row)
    return dict(found)


def _judge(played: Replayed, tables: Tables, clock: FixedClock) -> None:
    sight = Sight(played.dialogue.name, played.session_id, tables, Moments(clock.now()))
    asked = {row["speech_id"]: row["asks"] for row in sight.rows("speech")}
    agreed = {
        row["turn_id"]
        for row in sight.rows("answers")
        if row["answer"] == "yes" and asked.get(row["speech_id"]) == "slot_readback"
    }
    again = {
        row["turn_id"] for row in sight.rows("speech") if row["act"] == "repeat_intro"
    }  # said once more, on request
    made = {row["starts"] for row in sight.rows("bookings") if row["state"] in ("booked", "cancelled")}
    for row in sight.rows("speech"):
        if row["act"] in SAYS_BOOKED:
            when = datetime.fromisoformat(row["inside"]["slots"]["when"]["at"])
            played.unbacked += when not in made
            played.unagreed += row["turn_id"] not in agreed and row["turn_id"] not in again
        else:
            played.unbacked += bool(_CLAIMS.search(str(row["inside"]["words"])))
        played.undecided += row["act"] == "safe_line"
    played.unagreed += sum("T12" in wrong for wrong in yes_was_heard(sight))
    for row in sight.rows("bookings"):
        local = row["starts"].astimezone(ZoneInfo(row["zone"]))
        played.held.add((local.weekday(), local.time()))
        if row["state"] == "booked":
            played.booked.add((local.weekday(), local.time()))


def counted(found: Sequence[Replayed]) -> dict[str, int]:
    """What must be 0, and how often we came where the human agent came."""
    compared = [each for each in found if each.dialogue.booked]
    return {
        "dialogues replayed": len(found),
        "turns of buyers": sum(len(each.dialogue.words) for each in found),
        "crashed": sum(bool(each.crashed) for each in found),
        "turns that could not be decided": sum(each.undecided for each in found),
        '"booked" said without a booking': sum(each.unbacked for each in found),
        "bookings without a yes to their read-back": sum(each.unagreed for each in found),
        "human agent booked an hour": len(compared),
        "of these we read back the same": sum(each.meets(each.held) for each in compared),
        "of these we booked the same": sum(each.meets(each.booked) for each in compared),
        "of these we booked another hour": sum(bool(e.booked) and not e.meets(e.booked) for e in compared),
        "booked where the human agent booked none": sum(bool(e.booked) for e in found if not e.dialogue.booked),
    }


def table(counts: Mapping[str, int]) -> str:
    lines = [f"| star_booking | {name} | {count} |" for name, count in counts.items()]
    return "\n".join(["| task | figure | count |", "|---|---|---|", *lines])


def dialogues_in(packs: Path, most: int | None = None) -> list[Dialogue]:
    rows: Sequence[Mapping[str, object]] = pack(packs, "star_booking")
    return [dialogue_of(dict(row)) for row in rows[:most]]
