"""Hundreds of random kills of everything that runs, while buyers buy: nothing is lost and nothing is done twice."""

import asyncio
import os
import random
import select
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.probes import POINTS
from graph.scenarios.forked import Child, Ended, start
from memory.database import Gone
from memory.embedded import ensure
from tests.durability.buyers import BOOKING, COMMITMENT, DISCOVERY, TRANSFER, Buyer, insist
from tests.durability.house import House, RunningClock, die_at, opened, serve_jobs
from tests.durability.server import KILLS as SERVER_KILLS
from tests.durability.server import kill_server, own_database
from tests.durability.trail import Left, broken, read_all

KILLS, SERVER_EVERY = 200, 40
CALLERS, LANES, WORKERS = 3, 3, 2  # processes that talk, buyers at once in each, and processes that run jobs
PATIENCE_S, WIND_UP_S = 660.0, 100.0  # for all kills; and for what was begun to come to its end
SHORTEST_S, LONGEST_S = 0.5, 8.0  # how long a process lives that is killed by the clock, or never came to its point
MOST_ARRIVALS = 8  # how often the point is passed at most before it kills
SCRIPTS = (BOOKING, COMMITMENT, TRANSFER, DISCOVERY)
AGAIN_S = 0.1
BOOKABLE = 120  # meetings before the holidays
_OPENED = "T05 T06 T07 T10"  # T06 to T10 by the report about the first text, or by the reply to it
PATHS = {
    DISCOVERY: _OPENED,
    BOOKING: f"{_OPENED} T11 T12",
    TRANSFER: f"{_OPENED} T15 T16 T18",
    COMMITMENT: f"{_OPENED} T15 T16 T18 T28 T29 T30 T31",
}
FEWEST_SALES = KILLS // 10

pytestmark = pytest.mark.soak


def buyer(number: int) -> Buyer:
    script = SCRIPTS[number % len(SCRIPTS)]
    slot = number // len(SCRIPTS)
    return Buyer(COMMITMENT if script is BOOKING and slot >= BOOKABLE else script, number, slot)


async def talk(dsn: str, clock: RunningClock, caller: int, new: bool) -> None:
    """Sales without end, several at once; with `new=False` only those that were begun are brought to theirs."""
    async with opened(dsn, clock=clock) as house:
        await asyncio.gather(*(_lane(house, caller * LANES + lane, new) for lane in range(LANES)))


async def _lane(house: House, lane: int, new: bool) -> None:
    known = await _events(house)
    number = lane
    while new or buyer(number).turn_id(0) in known:
        who = buyer(number)
        if known.get(who.last_turn) != "done":
            for place in range(len(who.script.lines)):
                await insist(house, who, place)
                await _read(house, who.turn_id(place))
        number += CALLERS * LANES


async def _events(house: House) -> dict[str, str]:
    return {row["turn_id"]: row["status"] for row in await _rows(house, "select turn_id, status from inbox")}


async def _rows(house: House, statement: str, *parameters: str) -> list[dict[str, Any]]:
    """As soon as there is a server to ask."""
    while True:
        with suppress(*Gone):
            async with house.world.pool.connection() as connection:
                return await (await connection.execute(statement, parameters)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]
        await asyncio.sleep(AGAIN_S)


async def _read(house: House, turn_id: str) -> None:
    """A buyer answers what is on the phone: not before the text has come."""
    unsent = "select 1 from outbox where turn_id = %s and kind = 'message' and status = 'queued'"
    while await _rows(house, unsent, turn_id):
        await asyncio.sleep(AGAIN_S)


@dataclass(slots=True)
class Post:
    """A place where one process works at a time, and dies again and again."""

    name: str
    work: Callable[[], None]
    points: tuple[str, ...]
    child: Child[None] | None = None
    point: str | None = None
    until: float = 0.0

    def begin(self, chance: random.Random | None) -> None:
        """With `chance` the process is doomed: at the n-th arrival at a point, or by the clock."""
        self.point = chance.choice([*self.points, *[None] * 5]) if chance else None
        nth = chance.randint(1, MOST_ARRIVALS) if chance else 0
        self.until = time.monotonic() + (chance.uniform(SHORTEST_S, LONGEST_S) if chance else WIND_UP_S)

        def doomed() -> None:
            if self.point:
                die_at(self.point, nth)
            self.work()

        self.child = start(doomed, PATIENCE_S if chance else WIND_UP_S)

    def gone(self) -> bool:
        return bool(self.child and select.select([self.child.pipe], [], [], 0)[0])

    def kill(self, number: int = signal.SIGKILL) -> None:
        if self.child:
            os.kill(self.child.pid, number)

    def ended(self) -> Ended[None]:
        assert self.child
        child, self.child = self.child, None
        return child.ended()


@dataclass(slots=True)
class Soak:
    """Keeps all posts manned and kills whoever works there."""

    server: Path
    dsn: str
    chance: random.Random
    clock: RunningClock
    killed: Counter[str] = field(default_factory=Counter[str])

    def posts(self, new: bool) -> list[Post]:
        in_turns = tuple(point for point in POINTS if not point.startswith("job_"))
        callers = [
            Post(f"caller-{n}", lambda n=n: asyncio.run(talk(self.dsn, self.clock, n, new)), in_turns)
            for n in range(CALLERS)
        ]
        jobs = [
            Post(f"jobs-{n}", lambda: asyncio.run(serve_jobs(self.dsn, clock=self.clock)), POINTS)
            for n in range(WORKERS)
        ]
        return [*callers, *jobs]

    def run(self) -> None:
        late = time.monotonic() + PATIENCE_S
        posts = self.posts(new=True)
        try:
            for post in posts:
                post.begin(self.chance)
            while (total := self.killed.total()) < KILLS:
                assert time.monotonic() < late, f"{total} kills in {PATIENCE_S:.0f} s"
                self._round(posts)
                if self.killed.total() // SERVER_EVERY > total // SERVER_EVERY:
                    kill_server(self.server, self.chance.choice(SERVER_KILLS))
                    self.killed["the server"] += 1
                    assert ensure(self.server)
                time.sleep(0.02)
        finally:
            for post in posts:
                post.kill()
                if post.child:
                    post.ended()

    def _round(self, posts: list[Post]) -> None:
        for post in posts:
            by_clock = time.monotonic() > post.until
            if by_clock and not post.gone():
                post.kill()
            if by_clock or post.gone():
                ended = post.ended()
                assert ended.killed, f"{post.name}: {ended.fault or ended.signal}"
                kind = post.name.partition("-")[0]
                self.killed[f"{kind} by the clock" if by_clock else f"{kind} at {post.point}"] += 1
                post.begin(self.chance)

    def wind_up(self) -> None:
        """Nobody dies any more: what was begun is brought to its end."""
        posts = self.posts(new=False)
        for post in posts:
            post.begin(None)
        try:
            for post in posts[:CALLERS]:
                assert post.child
                ended = post.ended()
                assert not ended.fault and not ended.signal, f"{post.name}: {ended}"
            self._settle()
        finally:
            for post in posts:
                post.kill(signal.SIGTERM)
                if post.child:
                    post.ended()

    def _settle(self) -> None:
        open_ends = """select (select count(*) from inbox where status = 'new')
                            + (select count(*) from outbox where status = 'queued')
                            + (select count(*) from messages where channel = 'sms' and status = 'sent')"""
        late = time.monotonic() + 60
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            while (row := connection.execute(open_ends).fetchone()) != (0,):
                assert time.monotonic() < late, f"{row} events, effects and receipts are left"
                time.sleep(0.2)


@pytest.fixture
def soak(make_server_folder: Callable[[], Path]) -> Soak:
    folder = make_server_folder() / "pg"
    return Soak(folder, own_database(folder), random.Random(), RunningClock(time.time()))


def test_random_kills_lose_nothing(soak: Soak, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    soak.run()
    soak.wind_up()
    left = asyncio.run(read_all(soak.dsn))
    with capsys.disabled():
        print(summary(soak, left, time.monotonic() - began))
    sessions = [row["session_id"] for row in left.tables["sessions"]]
    wrong = {name: broken(left, name) for name in sessions}
    assert {name: each for name, each in wrong.items() if each} == {}
    assert {row["act"] for row in left.tables["speech"]} & {"safe_line"} == set()
    assert {row["attempts"] for row in left.tables["inbox"] if row["kind"] == "words"} == {1}
    for who in buyers_of(left):
        fired = [row["transition"] for row in left.of("transitions", session_of(left, who))]
        assert " ".join(fired) == PATHS[who.script], story(left, who)
        said = [row for row in left.tables["inbox"] if row["turn_id"].startswith(f"{who.name}:")]
        assert [row["turn_id"] for row in said] == [who.turn_id(place) for place in range(len(who.script.lines))]
    assert len(buyers_of(left)) == len(sessions) >= FEWEST_SALES


def buyers_of(left: Left) -> list[Buyer]:
    """Everybody who has said hello."""
    first = {row["turn_id"] for row in left.tables["inbox"] if row["kind"] == "words" and row["turn_id"].endswith(":0")}
    return [buyer(int(turn_id.removesuffix(":0").rpartition("-")[2])) for turn_id in first]


def session_of(left: Left, who: Buyer) -> str:
    (turn,) = left.turn("turns", who.turn_id(0))
    return turn["session_id"]


def story(left: Left, who: Buyer) -> str:
    """What was said to this buyer, for who has to find out why a sale took another way."""
    lines = [f"{who.name}:"]
    for turn in left.of("turns", session_of(left, who)):
        fired = [row["transition"] for row in left.turn("transitions", turn["turn_id"])]
        said = [row["act"] for row in left.turn("speech", turn["turn_id"])]
        lines.append(f"  {turn['turn']} {turn['kind']} {turn['turn_id']} at {turn['at']:%T.%f} -> {fired} {said}")
    return "\n".join(lines)


def summary(soak: Soak, left: Left, seconds: float) -> str:
    tables: Any = left.tables
    counted = {name: len(tables[name]) for name in ("sessions", "turns", "outbox", "audit")}
    waits = sorted((row["done_at"] - row["received_at"]).total_seconds() for row in tables["inbox"] if row["done_at"])
    late = sum(wait > 4 for wait in waits)
    kills = "\n".join(f"  {times:4} {what}" for what, times in sorted(soak.killed.items()))
    return (
        f"\nsoak: {soak.killed.total()} kills in {seconds:.0f} s, {counted}\n"
        f"  an event was served after {waits[len(waits) // 2]:.3f} s in the median and {waits[-1]:.1f} s at worst; "
        f"{late} had to wait for a dead runner's lease\n{kills}"
    )
