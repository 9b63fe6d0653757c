"""Tools fail, nodes raise, the database is away: the buyer is answered, people see it, nothing is lost."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import EventFailed
from domain.events import Event, EventKind
from domain.stages import Channel
from graph import probes
from graph.delivery import Toolbox
from graph.service import MOST_ATTEMPTS
from memory.database import Gone
from tests.durability.buyers import BOOKING, COMMITMENT, DISCOVERY, PAUSE, Buyer, lead, say
from tests.durability.house import NOW, House, jobs_process, opened, put_in_inbox
from tests.durability.trail import Left, broken, read_all
from tools.declare import Deliver, Delivery, Receipt, ToolFailed

LATER = timedelta(seconds=130)
PATIENCE_S = 30.0


@dataclass(slots=True)
class Faults:
    """How often tools fail, after they have acted: a fault must take the effect back."""

    left: dict[str, int]
    done: list[str] = field(default_factory=list[str])

    def around(self, tools: Toolbox) -> Toolbox:
        def opened_tools(connection: Any) -> Mapping[str, Deliver]:
            return {kind: self._failing(kind, deliver) for kind, deliver in tools(connection).items()}

        return opened_tools

    def _failing(self, kind: str, deliver: Deliver) -> Deliver:
        async def failing(delivery: Delivery) -> Receipt:
            receipt = await deliver(delivery)
            if self.left.get(kind, 0) > 0:
                self.left[kind] -= 1
                raise ToolFailed("The other side is busy.")
            return receipt

        return failing


def test_a_tool_that_fails_is_tried_again_and_its_effect_is_there_once(house_dsn: str) -> None:
    """Each kind of effect of a commitment fails a few times, under real workers."""
    buyer = Buyer(COMMITMENT, 1)

    async def commit() -> str:
        async with opened(house_dsn) as house:
            session_id = await lead(house, buyer)
            house.clock.advance(PAUSE)
            await say(house, buyer, len(buyer.script.before))
            return session_id

    session_id = asyncio.run(commit())
    failing = {"crm_record": 2, "message": 1, "contract_link": 1, "payment_link": 1}
    with jobs_process(house_dsn, LATER, tools=Faults(dict(failing)).around):
        wait_until(house_dsn, "select count(*) = 0 from outbox where status = 'queued'")
    left = asyncio.run(read_all(house_dsn))
    assert broken(left, session_id) == []
    tries: dict[str, int] = {}
    for row in left.turn("outbox", buyer.last_turn):
        tries[row["kind"]] = tries.get(row["kind"], -1) + row["attempts"]
    assert tries == failing


def wait_until(dsn: str, question: str) -> None:
    late = time.monotonic() + PATIENCE_S
    with psycopg.connect(dsn, autocommit=True) as connection:
        while not (connection.execute(question).fetchone() or [False])[0]:  # pyright: ignore[reportCallIssue, reportArgumentType]
            assert time.monotonic() < late, f"not within {PATIENCE_S:.0f} s: {question}"
            time.sleep(0.1)


@pytest.fixture(autouse=True)
def no_hook() -> Iterator[None]:
    yield
    probes.install(None)


def raise_at(point: str, fault: Callable[[], Exception], times: int) -> None:
    left = times

    def hook(reached: str) -> None:
        nonlocal left
        if reached == point and left > 0:
            left -= 1
            raise fault()

    probes.install(hook)


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("in_listen", lambda: KeyError("+15125550142")),
        ("in_book", lambda: ValueError("a bug")),
        ("in_book", lambda: TimeoutError("a port took too long")),
        ("in_weigh", lambda: ConnectionResetError("a service hung up")),
        ("in_commit", lambda: RuntimeError("a bug in the commit")),
    ],
    ids=["listen", "book", "timeout", "connection", "commit"],
)
async def test_a_node_that_raises_gives_the_safe_line_and_a_task_for_people(
    house_dsn: str, point: str, fault: Callable[[], Exception]
) -> None:
    buyer = Buyer(DISCOVERY, 2)
    async with opened(house_dsn) as house:
        session_id = await lead(house, buyer)
        raise_at(point, fault, 1)
        result = await house.service.submit(session_id, buyer.last_event)
        assert [line.act for line in result.speech] == ["safe_line"]
        following = await house.service.submit(session_id, another(session_id, 1))
        assert following.speech
        assert "safe_line" not in [line.act for line in following.speech]
        await settle(house, session_id)
    left = await read_all(house_dsn)
    assert broken(left, session_id) == []
    (entry,) = [row for row in left.turn("audit", buyer.last_turn) if row["action"] == "given_to_people"]
    assert entry["inside"]["payload"]["why"] == type(fault()).__name__
    callbacks = [row for row in left.turn("outbox", buyer.last_turn) if row["kind"] == "callback"]
    assert [row["status"] for row in callbacks] == ["delivered"]


async def test_a_fault_behind_the_decision_changes_nothing(house_dsn: str) -> None:
    """The gate only shows what is decided; the turn is committed although it raised."""
    buyer = Buyer(DISCOVERY, 9)
    async with opened(house_dsn) as house:
        session_id = await lead(house, buyer)
        raise_at("in_gate", lambda: ValueError("a bug"), 1)
        result = await house.service.submit(session_id, buyer.last_event)
        await settle(house, session_id)
    left = await read_all(house_dsn)
    assert broken(left, session_id) == []
    assert [line.speech_id for line in result.speech] == [
        row["speech_id"] for row in left.turn("speech", buyer.last_turn)
    ]
    assert "safe_line" not in [line.act for line in result.speech]


def another(session_id: str, number: int) -> Event:
    return Event(f"{session_id}:later-{number}", EventKind.WORDS, NOW + LATER, Channel.SMS, {"text": "We miss calls"})


async def settle(house: House, session_id: str) -> None:
    """Deliver everything, and run what follows."""
    for _ in range(5):
        await house.deliverer.drain(session_id)
        if not await house.service.run_inbox(session_id):
            return


async def test_the_very_first_words_of_a_buyer_may_fail_too(house_dsn: str) -> None:
    async with opened(house_dsn) as house:
        raise_at("in_weigh", lambda: ValueError("a bug"), 1)
        result = await say(house, Buyer(BOOKING, 3), 0)
        assert [line.act for line in result.speech] == ["safe_line"]
        await settle(house, result.session_id)
    left = await read_all(house_dsn)
    assert broken(left, result.session_id) == []
    assert {row["kind"]: row["status"] for row in left.of("outbox", result.session_id)}["callback"] == "delivered"


async def test_an_event_that_always_fails_is_left_to_people_and_blocks_nobody(house_dsn: str) -> None:
    """The safe line cannot be said either: after a few tries the event is dead, and the session goes on without it."""
    buyer = Buyer(DISCOVERY, 4)
    async with opened(house_dsn) as house:
        session_id = await lead(house, buyer)
        raise_at("in_listen", lambda: ValueError("a bug"), MOST_ATTEMPTS)
        with pytest.raises(EventFailed):
            await house.service.submit(session_id, buyer.last_event)
        after = await house.service.submit(session_id, another(session_id, 1))
        assert after.speech
        assert await house.service.recover() == 0
        with pytest.raises(EventFailed):
            await house.service.submit(session_id, buyer.last_event)
        await settle(house, session_id)
    left = await read_all(house_dsn)
    (event,) = left.turn("inbox", buyer.last_turn)
    assert event["status"] == "dead"
    assert left.turn("turns", buyer.last_turn) == left.turn("speech", buyer.last_turn) == []
    assert broken(left, session_id) == [f"turns: {buyer.last_turn} is dead"]


@pytest.mark.parametrize("fault", [errors.DeadlockDetected, errors.SerializationFailure])
async def test_a_commit_that_lost_against_another_one_is_decided_again(house_dsn: str, fault: type[Exception]) -> None:
    buyer = Buyer(DISCOVERY, 5)
    async with opened(house_dsn) as house:
        session_id = await lead(house, buyer)
        raise_at("in_commit", lambda: fault("lost"), 2)
        result = await house.service.submit(session_id, buyer.last_event)
        assert "safe_line" not in [line.act for line in result.speech]
    (turn,) = (await read_all(house_dsn)).turn("turns", buyer.last_turn)
    assert turn["decisions"] == 1


@contextmanager
def away(dsn: str) -> Iterator[None]:
    """The database takes no connection, and those that there were are gone."""
    name = conninfo_to_dict(dsn)["dbname"]
    allow = sql.SQL("alter database {} allow_connections {}")
    with psycopg.connect(make_conninfo(dsn, dbname="postgres"), autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(str(name)), sql.Literal(False)))
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(str(name)), sql.Literal(True)))


@pytest.mark.parametrize("point", ["before_commit", "in_commit"])
def test_a_database_that_goes_away_during_a_turn_finds_the_event_again(house_dsn: str, point: str) -> None:
    buyer = Buyer(BOOKING, 6)

    async def run() -> str:
        async with opened(house_dsn) as house:
            session_id = await lead(house, buyer)
            gone: list[str] = []

            def hook(reached: str) -> None:
                if reached == point and not gone:
                    gone.append(reached)
                    with away(house_dsn):
                        pass

            probes.install(hook)
            try:
                await house.service.submit(session_id, buyer.last_event)
            except Gone:
                return session_id
            finally:
                probes.install(None)
            raise AssertionError("the turn went on without a database")

    session_id = asyncio.run(run())
    waiting = asyncio.run(read_all(house_dsn)).turn("inbox", buyer.last_turn)
    assert [(row["status"], row["attempts"]) for row in waiting] == [("new", 0)]
    with jobs_process(house_dsn, LATER):
        wait_until(house_dsn, "select count(*) = 0 from inbox where status = 'new'")
        wait_until(house_dsn, "select count(*) = 0 from outbox where status = 'queued'")
    left: Left = asyncio.run(read_all(house_dsn))
    assert broken(left, session_id) == []
    assert [row["transition"] for row in left.turn("transitions", buyer.last_turn)] == ["T12"]


def test_runners_and_workers_live_through_it(house_dsn: str) -> None:
    """The database is away while the jobs process runs; what came before and what comes after is served."""
    first, second = Buyer(BOOKING, 7), Buyer(BOOKING, 8)

    async def begin(buyer: Buyer) -> str:
        async with opened(house_dsn) as house:
            session_id = await lead(house, buyer)
            await put_in_inbox(house, session_id, buyer.last_event)
            return session_id

    served = "select count(*) = 0 from inbox where status = 'new'"
    delivered = "select count(*) = 0 from outbox where status = 'queued'"
    with jobs_process(house_dsn, LATER):
        sessions = [asyncio.run(begin(first))]
        wait_until(house_dsn, served)
        with away(house_dsn):
            time.sleep(0.5)
        sessions.append(asyncio.run(begin(second)))
        wait_until(house_dsn, served)
        wait_until(house_dsn, delivered)
    left = asyncio.run(read_all(house_dsn))
    assert [broken(left, session_id) for session_id in sessions] == [[], []]
