"""The database server is killed in the middle of many sales and started again: nothing is lost, nothing is twice."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from domain.results import TurnResult
from graph.scenarios.forked import start
from memory.database import Gone
from memory.embedded import ensure, running_dsn
from tests.durability.buyers import COMMITMENT, PAUSE, Buyer, deliver, insist
from tests.durability.house import NOW, House, opened, succeeded
from tests.durability.server import KILLS, kill_server, own_database
from tests.durability.trail import broken, read_all

PROCESSES, BUYERS = 2, 4  # of each process
PATIENCE_S = 120.0


async def answered(house: House, buyer: Buyer, place: int) -> TurnResult:
    house.clock.set(max(house.clock.now(), NOW + PAUSE * place))
    while True:
        try:
            result = await insist(house, buyer, place)
            await deliver(house, result.session_id)
            return result
        except Gone:
            await asyncio.sleep(0.2)


def wait_for_turns(dsn: str, count: int) -> None:
    late = time.monotonic() + PATIENCE_S
    while True:
        with psycopg.connect(dsn) as connection:
            row = connection.execute("select count(*) from turns").fetchone()
        if row and row[0] >= count:
            return
        assert time.monotonic() < late, f"no {count} turns within {PATIENCE_S:.0f} s"
        time.sleep(0.02)


@pytest.fixture
def own_server(make_server_folder: Callable[[], Path]) -> Path:
    return make_server_folder() / "pg"


def test_a_killed_server_loses_nothing(own_server: Path) -> None:
    dsn = own_database(own_server)

    async def sell(process: int) -> list[list[TurnResult]]:
        async def whole(buyer: Buyer) -> list[TurnResult]:
            return [await answered(house, buyer, place) for place in range(len(buyer.script.lines))]

        async with opened(dsn) as house:
            mine = range(process, PROCESSES * BUYERS, PROCESSES)
            return await asyncio.gather(*(whole(Buyer(COMMITMENT, number)) for number in mine))

    children = [start(lambda process=process: asyncio.run(sell(process)), PATIENCE_S) for process in range(PROCESSES)]
    turns, running_at = PROCESSES * BUYERS * len(COMMITMENT.lines), running_dsn(own_server)
    for number, which in enumerate(KILLS, 1):
        wait_for_turns(dsn, number * turns // (len(KILLS) + 1))
        kill_server(own_server, which)
        assert ensure(own_server) == running_at
    sold = [results for child in children for results in succeeded(child.ended())]

    left = asyncio.run(read_all(dsn))
    sessions = [row["session_id"] for row in left.tables["sessions"]]
    assert len(sessions) == len(sold) == PROCESSES * BUYERS
    assert {name: broken(left, name) for name in sessions} == {name: [] for name in sessions}
    for results in sold:
        assert len({result.session_id for result in results}) == 1
        assert [r["transition"] for r in left.turn("transitions", results[-1].turn_id)] == ["T31"]
        for result in results:
            said = left.turn("speech", result.turn_id)
            assert [line.speech_id for line in result.speech] == [row["speech_id"] for row in said]
    assert {row["outcome"] for row in left.tables["tool_calls"]} == {"done"}
