"""Two processes write to one session: nothing is lost, nothing forks, order is kept; other sessions do not wait."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from domain.contact import Identity
from domain.events import Event, EventKind
from domain.ports import Ports, SituationDesk
from domain.results import TurnResult
from domain.stages import Channel
from graph.scenarios.forked import in_child, start
from tests.durability.buyers import BOOKING, DISCOVERY, Buyer, lead, say
from tests.durability.house import NOW, House, opened, stopped_at, succeeded
from tests.durability.trail import broken, read_all

TURNS = 500
PROCESSES, WRITERS = 2, 2  # submitters in each process
EACH = TURNS // (PROCESSES * WRITERS)
LATER = timedelta(minutes=1)
PATIENCE_S = 120.0
WORDS = (
    "How much is it?",
    "Does it speak Spanish?",
    "We are 12 people",
    "Can I keep my number?",
    "OK",
    "What about data?",
    "Sounds good",
    "How long does the setup take?",
)


def words(name: str, number: int) -> Event:
    text = WORDS[number % len(WORDS)]
    return Event(f"{name}:{number}", EventKind.WORDS, NOW + LATER, Channel.SMS, {"text": text})


async def write(house: House, session_id: str, name: str, count: int) -> list[TurnResult]:
    """One submitter: the next event when the one before has been answered."""
    return [await house.service.submit(session_id, words(name, number)) for number in range(count)]


async def begun(dsn: str, buyer: Buyer) -> str:
    async with opened(dsn) as house:
        return await lead(house, buyer)


def test_of_five_hundred_turns_none_is_lost_and_none_forks(house_dsn: str) -> None:
    session_id = asyncio.run(begun(house_dsn, Buyer(DISCOVERY, 1)))
    before = asyncio.run(read_all(house_dsn)).session(session_id)["turns"]

    async def write_all(process: int) -> dict[str, list[TurnResult]]:
        names = [f"writer-{process}-{number}" for number in range(WRITERS)]
        async with opened(house_dsn, LATER) as house:
            found = await asyncio.gather(*(write(house, session_id, name, EACH) for name in names))
        return dict(zip(names, found, strict=True))

    children = [
        start(lambda process=process: asyncio.run(write_all(process)), PATIENCE_S) for process in range(PROCESSES)
    ]
    answered: dict[str, list[TurnResult]] = {}
    for child in children:
        answered |= succeeded(child.ended())

    left = asyncio.run(read_all(house_dsn))
    assert left.session(session_id)["turns"] == before + TURNS
    assert [wrong for wrong in broken(left, session_id) if not wrong.startswith(("effects", "records"))] == []
    order = [row["turn_id"] for row in left.of("turns", session_id)]
    for name, results in answered.items():
        assert [turn_id for turn_id in order if turn_id.startswith(f"{name}:")] == [r.turn_id for r in results]
        for result in results:
            said = left.turn("speech", result.turn_id)
            assert [line.speech_id for line in result.speech] == [row["speech_id"] for row in said]
    assert {row["attempts"] for row in left.of("inbox", session_id) if row["kind"] == "words"} == {1}
    assert Counter(row["decisions"] for row in left.of("turns", session_id)).keys() == {1}
    values = succeeded(in_child(lambda: asyncio.run(state_of(house_dsn, session_id))))
    assert values["talk"]["buyer_turns"] == TURNS + len(DISCOVERY.before)


async def state_of(dsn: str, session_id: str) -> dict[str, Any]:
    async with opened(dsn, LATER) as house:
        return await house.service.snapshot(session_id)


def test_two_first_messages_at_once_open_one_session(house_dsn: str) -> None:
    people = [Identity("phone", f"+1512556{number:04d}", True) for number in range(10)]

    async def arrive(process: int) -> list[TurnResult]:
        async with opened(house_dsn, size=6) as house:
            return await asyncio.gather(
                *(
                    house.service.arrive(Channel.SMS, who, turn_id=f"{who.value[-4:]}:{process}", words="Hi, it's me")
                    for who in people
                )
            )

    children = [start(lambda process=process: asyncio.run(arrive(process)), PATIENCE_S) for process in range(2)]
    first, second = [succeeded(child.ended()) for child in children]
    assert [result.session_id for result in first] == [result.session_id for result in second]
    left = asyncio.run(read_all(house_dsn))
    assert len(left.tables["sessions"]) == len(left.tables["contacts"]) == len(people)
    assert all(row["turns"] == 2 for row in left.tables["sessions"])


def test_the_same_event_from_everywhere_at_once_is_one_turn(house_dsn: str) -> None:
    session_id = asyncio.run(begun(house_dsn, Buyer(DISCOVERY, 2)))
    events = [words("repeated", number) for number in range(10)]

    async def repeat() -> list[list[TurnResult]]:
        async with opened(house_dsn, LATER) as house:
            found: list[list[TurnResult]] = []
            for event in events:
                copies = (house.service.submit(session_id, event) for _ in range(4))
                found.append(list(await asyncio.gather(*copies)))
            return found

    children = [start(lambda: asyncio.run(repeat()), PATIENCE_S) for _ in range(2)]
    first, second = [succeeded(child.ended()) for child in children]
    for here, there in zip(first, second, strict=True):
        assert len({tuple((line.speech_id, line.words) for line in result.speech) for result in (*here, *there)}) == 1
    left = asyncio.run(read_all(house_dsn))
    assert [row["turn_id"] for row in left.of("turns", session_id)][-len(events) :] == [e.turn_id for e in events]
    assert {row["attempts"] for row in left.of("inbox", session_id) if row["kind"] == "words"} == {1}


@dataclass(frozen=True, slots=True)
class HeldDesk:
    """A desk that answers one session only when it is allowed to."""

    desk: SituationDesk
    held: str
    reached: asyncio.Event
    allowed: asyncio.Event

    async def situation(self, session_id: str) -> dict[str, Any]:
        if session_id == self.held:
            self.reached.set()
            await self.allowed.wait()
        return await self.desk.situation(session_id)


async def test_a_turn_that_waits_holds_up_no_other_session_of_its_process(house_dsn: str) -> None:
    slow = await begun(house_dsn, Buyer(DISCOVERY, 3))
    reached, allowed = asyncio.Event(), asyncio.Event()

    def held(ports: Ports) -> Ports:
        return replace(ports, desk=HeldDesk(ports.desk, slow, reached, allowed))

    async with opened(house_dsn, LATER, ports=held) as house:
        waiting = asyncio.create_task(house.service.submit(slow, words("slow", 0)))
        async with asyncio.timeout(PATIENCE_S):
            await reached.wait()
            others = [await say(house, Buyer(BOOKING, number), 0) for number in range(4, 12)]
            assert not waiting.done()
            allowed.set()
            assert (await waiting).speech
    assert len({result.session_id for result in others}) == 8
    assert all(result.speech for result in others)


@pytest.mark.parametrize("point", ["after_lease", "in_book", "in_commit"])
def test_a_turn_that_stops_anywhere_holds_up_no_other_process(house_dsn: str, point: str) -> None:
    """In `in_commit` its rows are written and locked, and its transaction stays open."""
    slow = asyncio.run(begun(house_dsn, Buyer(DISCOVERY, 20)))

    async def answer() -> TurnResult:
        async with opened(house_dsn, LATER) as house:
            return await house.service.submit(slow, words("slow", 0))

    async def others() -> list[TurnResult]:
        async with opened(house_dsn, LATER) as house:
            return [await say(house, Buyer(BOOKING, number), 0) for number in range(21, 29)]

    with stopped_at(point, lambda: asyncio.run(answer()), PATIENCE_S) as holder:
        served = succeeded(in_child(lambda: asyncio.run(others()), PATIENCE_S))
        meanwhile = asyncio.run(read_all(house_dsn)).turn("turns", "slow:0")
    assert succeeded(holder.ended()).speech
    assert [bool(result.speech) for result in served] == [True] * 8
    assert meanwhile == []
