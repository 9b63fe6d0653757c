"""Workers deliver what commits leave, in order where it matters, exactly once although they are killed."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph import job_tasks
from graph.job_tasks import job_app, work
from memory import desk
from memory.sealing import Sealer
from tests.integration.effect_rows import World, local_tools, open_world
from tools.declare import Deliver, Delivery, Receipt, ToolFailed

ROOT = Path(__file__).parents[2]
RECOVERY_S = 10.0
CUT_ALL_OTHERS = """select pg_terminate_backend(pid) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()"""


@contextmanager
def worker(dsn: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.integration.worker_program", dsn, *arguments]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def until_delivered(world: World, effects: list[str], patience: float = 30) -> float:
    """Seconds until all are delivered."""
    began = time.monotonic()
    statement = "select count(*) as n from outbox where status = 'delivered' and effect_id = any(%s)"
    while (await world.rows(statement, effects))[0]["n"] < len(effects):
        assert time.monotonic() - began < patience, await world.rows("select status, attempts, reason from outbox")
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def counted(world: World, table: str) -> int:
    return (await world.rows(f"select count(*) as n from {table}"))[0]["n"]


@pytest.mark.parametrize("point", ["job_before_effect", "job_after_effect"])
async def test_an_effect_happens_once_although_its_worker_is_killed(
    fresh_dsn: str, sealer: Sealer, tmp_path: Path, point: str
) -> None:
    """Killed with the effect still to do, and with the effect done but not settled: another worker takes over."""
    mark = tmp_path / "killed"
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        with worker(fresh_dsn, point, str(mark)) as first, worker(fresh_dsn, point, str(mark)) as second:
            await asyncio.sleep(1.5)
            effects = [
                await world.message(session_id),
                await world.record(session_id, 1),
                await world.record(session_id, 2),
            ]
            while not mark.exists():
                await asyncio.sleep(0.02)
            killed = time.monotonic()
            await until_delivered(world, effects)
            assert time.monotonic() - killed < RECOVERY_S
            dead = [process for process in (first, second) if process.poll() is not None]
            assert [process.returncode for process in dead] == [-signal.SIGKILL]
            async with asyncio.timeout(RECOVERY_S):
                while await counted(world, "inbox") == 0:  # the report follows what it reports
                    await asyncio.sleep(0.02)
        assert await counted(world, "messages") == 1
        assert await counted(world, "inbox") == 1
        assert await counted(world, "crm_deliveries") == 2
        assert await world.rows("select 1 from crm_records where delivered_at is null") == []


async def test_the_only_worker_is_killed_and_started_again(fresh_dsn: str, sealer: Sealer, tmp_path: Path) -> None:
    mark = tmp_path / "killed"
    async with open_world(fresh_dsn, sealer) as world:
        effect_id = await world.message(await world.session())
        with worker(fresh_dsn, "job_after_effect", str(mark)) as first:
            assert await asyncio.to_thread(first.wait, 30) == -signal.SIGKILL
        assert (await world.outbox(effect_id))["status"] == "queued"
        with worker(fresh_dsn):
            assert await until_delivered(world, [effect_id]) < RECOVERY_S
        assert await counted(world, "messages") == 1


async def test_records_arrive_in_order_while_workers_are_killed(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        sessions = [await world.session() for _ in range(8)]
        effects: list[str] = []
        for kill in range(3):
            with worker(fresh_dsn), worker(fresh_dsn) as victim:
                for seq in range(5 * kill + 1, 5 * kill + 6):
                    effects += [await world.record(session_id, seq) for session_id in sessions]
                await asyncio.sleep(0.9 + 0.2 * kill)
                victim.kill()
        with worker(fresh_dsn):
            await until_delivered(world, effects)
        rows = await world.rows("select session_id, seq from crm_deliveries order by received_at, seq")
        assert len(rows) == len(effects)
        for session_id in sessions:
            assert [row["seq"] for row in rows if str(row["session_id"]) == session_id] == list(range(1, 16))


async def test_a_tool_that_fails_is_tried_again_by_the_worker(fresh_dsn: str, sealer: Sealer) -> None:
    """In this process, so that the tool can be made to fail: twice, for a text and in the middle of the records."""
    async with open_world(fresh_dsn, sealer) as world:
        left = {"message": 2, "crm_record": 2}
        tools = local_tools(sealer)

        def failing(connection: Any) -> Mapping[str, Deliver]:
            def around(kind: str, works: Deliver) -> Deliver:
                async def deliver(delivery: Delivery) -> Receipt:
                    if left.get(kind, 0) and delivery.payload.get("seq") != 1:
                        left[kind] -= 1
                        raise ToolFailed("The line is busy.")
                    return await works(delivery)

                return deliver

            return {kind: around(kind, works) for kind, works in tools(connection).items()}

        session_id = await world.session()
        effects = [await world.message(session_id), *[await world.record(session_id, seq) for seq in (1, 2, 3)]]
        stop = asyncio.Event()
        running = asyncio.create_task(work(job_app(fresh_dsn, world.deliverer(failing)), stop))
        await until_delivered(world, effects)
        stop.set()
        await running
        assert left == {"message": 0, "crm_record": 0}
        rows = await world.rows("select kind, attempts from outbox order by seq")
        assert [row["attempts"] for row in rows] == [3, 1, 3, 1]
        assert [row["seq"] for row in await world.rows("select seq from crm_deliveries order by received_at")] == [
            1,
            2,
            3,
        ]


async def test_the_announcement_of_a_commit_wakes_the_worker(
    fresh_dsn: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a poll that never comes, whatever is delivered was announced."""
    monkeypatch.setattr(job_tasks, "_POLL_S", 3600.0)
    async with open_world(fresh_dsn, sealer) as world:
        session_id, stop = await world.session(), asyncio.Event()
        running = asyncio.create_task(work(job_app(fresh_dsn, world.deliverer()), stop))
        await asyncio.sleep(2)
        for _ in range(3):
            effect_id = await world.message(session_id)
            await asyncio.sleep(0.3)
            assert (await world.outbox(effect_id))["status"] == "queued"
            async with world.pool.connection() as connection:
                await desk.notify_change(connection, session_id)
            await until_delivered(world, [effect_id])
        stop.set()
        await running


async def test_sigterm_finishes_what_was_begun(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        with worker(fresh_dsn) as process:
            await until_delivered(world, [await world.message(session_id)])
            effects = [await world.message(session_id) for _ in range(50)]
            process.terminate()
            assert await asyncio.to_thread(process.wait, 15) == 0
        assert await world.rows("select 1 from procrastinate_jobs where status = 'doing'") == []
        assert await counted(world, "procrastinate_workers") == 0
        with worker(fresh_dsn):
            await until_delivered(world, effects)
        assert await counted(world, "messages") == 51


async def test_a_database_that_is_away_for_a_while_ends_no_worker(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        with worker(fresh_dsn) as process:
            await until_delivered(world, [await world.message(session_id)])
            await world.rows(CUT_ALL_OTHERS)
            await world.pool.check()  # the test's own idle connections were cut too
            await until_delivered(world, [await world.message(session_id)])
            assert process.poll() is None
