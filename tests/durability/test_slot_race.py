"""Two hundred buyers want the same hour: one gets it, the others hear that it is gone and which hours are left."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.ports import Calendar, Ports, Slot, SlotQuery
from domain.results import TurnResult
from graph.scenarios.forked import in_child, start
from tests.durability.buyers import Buyer, Script, say
from tests.durability.house import opened, succeeded
from tests.durability.trail import Left, broken, read_all

BUYERS, PROCESSES = 200, 2
AT_ONCE = 20  # turns at once in a process
SURE = 8  # of these, so many have seen the hour free before the first commit
PATIENCE_S = 120.0
WANTED = datetime(2026, 12, 2, 20, tzinfo=UTC)  # 2 pm in Texas
RACE = Script(
    "race",
    ("Hi, I'm Priya, we miss calls. Can I get a demo on December 2 at 2 pm?", "Yes, 2 pm is good"),
    "Yes",
    ("T12",),
)


@dataclass(slots=True)
class CrowdedCalendar:
    """A calendar that lets nobody go on before enough buyers have been told what is free."""

    calendar: Calendar
    asked: int
    enough: asyncio.Event

    async def free(self, query: SlotQuery) -> Sequence[Slot]:
        found = await self.calendar.free(query)
        if query.at is not None:
            self.asked += 1
            if self.asked >= SURE:
                self.enough.set()
            await self.enough.wait()
        return found

    def working_day(self, day: object) -> bool:
        return self.calendar.working_day(day)  # pyright: ignore[reportArgumentType]


def crowded(ports: Ports) -> Ports:
    return replace(ports, calendar=CrowdedCalendar(ports.calendar, 0, asyncio.Event()))


@dataclass(frozen=True, slots=True)
class Race:
    """How it went."""

    results: list[TurnResult]
    winner: TurnResult
    left: Left


@pytest.fixture(scope="module")
def race(module_house: str) -> Race:
    async def run(process: int) -> list[TurnResult]:
        room = asyncio.Semaphore(AT_ONCE)

        async def want(buyer: Buyer, place: int) -> TurnResult:
            async with room:
                return await say(house, buyer, place)

        async with opened(module_house, size=AT_ONCE // 2, ports=crowded) as house:
            buyers = [Buyer(RACE, number) for number in range(process, BUYERS, PROCESSES)]
            await asyncio.gather(*(want(buyer, 0) for buyer in buyers))
            return await asyncio.gather(*(want(buyer, 1) for buyer in buyers))

    children = [start(lambda process=process: asyncio.run(run(process)), PATIENCE_S) for process in range(PROCESSES)]
    results = [result for child in children for result in succeeded(child.ended())]
    holds = [
        row["session_id"] for row in asyncio.run(read_all(module_house)).tables["bookings"] if row["state"] == "hold"
    ]
    first = next(result for result in results if result.session_id in holds)

    async def confirm() -> TurnResult:
        async with opened(module_house, timedelta(minutes=1)) as house:
            return await say(house, Buyer(RACE, int(first.turn_id.split(":")[0].removeprefix("race-"))), 2)

    winner = succeeded(in_child(lambda: asyncio.run(confirm())))
    return Race(results, winner, asyncio.run(read_all(module_house)))


def test_one_meeting_is_booked(race: Race) -> None:
    assert len({result.session_id for result in race.results}) == BUYERS
    assert race.winner.fired == ("T12",)
    (booking,) = race.left.tables["bookings"]
    assert (booking["session_id"], booking["state"], booking["starts"]) == (race.winner.session_id, "booked", WANTED)


def test_everybody_else_hears_that_it_is_taken_and_what_is_left(race: Race) -> None:
    acts = [tuple(line.act for line in result.speech) for result in race.results]
    assert acts.count(("slot_readback",)) == 1
    assert acts.count(("no_slots_then",)) == BUYERS - 1
    for result in race.results:
        if result.session_id != race.winner.session_id:
            offered = race.left.turn("speech", result.turn_id)[-1]["inside"]["slots"]["slots"]
            assert len(offered) > 1
            assert WANTED.isoformat() not in [slot["at"] for slot in offered]


def test_the_database_had_to_decide(race: Race) -> None:
    decided_twice = [row for row in race.left.tables["turns"] if row["decisions"] == 2]
    assert len(decided_twice) >= SURE - 1
    assert {row["decisions"] for row in race.left.tables["turns"]} == {1, 2}


def test_no_error_reached_a_buyer(race: Race) -> None:
    assert {row["act"] for row in race.left.tables["speech"]} & {"safe_line", "slot_taken", "no_slots_at_all"} == set()
    assert {row["status"] for row in race.left.tables["inbox"]} == {"done"}
    assert "given_to_people" not in {row["action"] for row in race.left.tables["audit"]}


def test_every_session_is_whole(race: Race) -> None:
    sessions = [row["session_id"] for row in race.left.tables["sessions"]]
    undelivered = ("effects", "records")
    wrong = {name: [each for each in broken(race.left, name) if not each.startswith(undelivered)] for name in sessions}
    assert {name: each for name, each in wrong.items() if each} == {}
