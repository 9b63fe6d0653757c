"""Whatever waits for a turn is taken up: at once where it was announced, within seconds where it was not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from graph.runner import Runner
from memory import desk
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, open_world


@dataclass
class Turns:
    """A service that only notes what it is asked, and settles the rows."""

    world: World
    taken: list[str] = field(default_factory=list[str])
    fired: list[datetime] = field(default_factory=list[datetime])
    at_once: dict[str, int] = field(default_factory=dict[str, int])
    most: int = 0
    faults: int = 0
    slow: float = 0.0

    async def run_inbox(self, session_id: str) -> int:
        if self.faults:
            self.faults -= 1
            raise RuntimeError("the turn failed")
        self.taken.append(session_id)
        self.at_once[session_id] = self.at_once.get(session_id, 0) + 1
        self.most = max(self.most, self.at_once[session_id])
        await asyncio.sleep(self.slow)
        await self.world.run("update inbox set status = 'done' where session_id = %s and status = 'new'", session_id)
        self.at_once[session_id] -= 1
        return 1

    async def fire_due(self, now: datetime) -> int:
        self.fired.append(now)
        return 0


async def put(world: World, session_id: str, turn_id: str, announce: bool = True) -> None:
    async with world.pool.connection() as connection:
        await desk.put_event(
            connection,
            world.sealer,
            turn_id=turn_id,
            session_id=session_id,
            kind="words",
            channel="sms",
            at=NOW,
            data={"text": "hi"},
        )
        if announce:
            await desk.notify_inbox(connection, session_id)


async def waiting(world: World) -> int:
    return len(await world.rows("select 1 from inbox where status = 'new'"))


async def until_empty(world: World, patience: float = 6) -> float:
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(patience):
        while await waiting(world):
            await asyncio.sleep(0.01)
    return asyncio.get_running_loop().time() - began


@asynccontextmanager
async def running(world: World, turns: Turns) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    task = asyncio.create_task(Runner(turns, world.pool, world.clock).run(stop))
    await asyncio.sleep(0.3)
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)


async def test_an_announced_event_is_taken_up_at_once(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns, session_id = Turns(world), await world.session()
        async with running(world, turns):
            await put(world, session_id, "t1")
            assert await until_empty(world) < 0.3
        assert turns.taken == [session_id]


async def test_an_event_without_a_word_about_it_is_found(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns, session_id = Turns(world), await world.session()
        await put(world, session_id, "before the start", announce=False)
        async with running(world, turns):
            await until_empty(world)
            await put(world, session_id, "later", announce=False)
            await until_empty(world)
        assert turns.taken == [session_id] * 2


async def test_a_session_under_a_live_lease_is_left_to_its_holder(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns, session_id = Turns(world), await world.session()
        await put(world, session_id, "t1", announce=False)
        await world.run("update sessions set lease_owner = 'other', lease_until = now() + interval '2.5 seconds'")
        async with running(world, turns):
            await asyncio.sleep(1.5)
            assert turns.taken == []
            await until_empty(world)  # the holder has died: its lease runs out
        assert turns.taken == [session_id]


async def test_a_session_is_run_once_at_a_time_and_looked_at_again(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns = Turns(world, slow=0.05)
        sessions = [await world.session() for _ in range(5)]
        async with running(world, turns):
            for number in range(10):
                for session_id in sessions:
                    await put(world, session_id, f"{session_id}:{number}")
            await until_empty(world)
        assert turns.most == 1
        assert set(turns.taken) == set(sessions)


async def test_a_turn_that_fails_is_found_again_and_stops_nobody(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns = Turns(world, faults=2)
        async with running(world, turns):
            for number in range(3):
                await put(world, await world.session(), f"t{number}")
            await until_empty(world)
        assert len(turns.taken) == 3


async def test_a_session_that_fails_again_and_again_rests_longer_each_time(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns = Turns(world, faults=100)
        await put(world, await world.session(), "t1", announce=False)
        async with running(world, turns):
            await asyncio.sleep(5)
            assert 2 <= 100 - turns.faults <= 4  # at 0, 1 and 3 seconds; without rest it were six
            turns.faults = 0
            await put(world, (await world.rows("select session_id::text as id from sessions"))[0]["id"], "t2")
            assert await until_empty(world) < 0.5  # news does not wait


async def test_timers_are_fired_by_the_clock_of_the_program(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns = Turns(world)
        async with running(world, turns):
            await asyncio.sleep(1.2)
        assert len(turns.fired) >= 2
        assert set(turns.fired) == {NOW}


async def test_to_stop_is_to_finish_what_was_begun(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns, session_id = Turns(world, slow=0.5), await world.session()
        async with running(world, turns) as stop:
            await put(world, session_id, "t1")
            await asyncio.sleep(0.2)
            assert turns.taken == [session_id]
            stop.set()
        assert await waiting(world) == 0


async def test_it_lives_through_a_lost_connection_and_says_that_it_is_there(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        turns, session_id = Turns(world), await world.session()
        async with running(world, turns):
            (beat,) = await world.rows("select kind, process from heartbeats")
            assert beat["kind"] == "jobs"
            await world.rows(
                "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen throughline_inbox%%'"
            )
            await asyncio.sleep(1.5)
            await put(world, session_id, "t1")
            assert await until_empty(world) < 0.3
        assert await world.rows("select 1 from heartbeats") == []
