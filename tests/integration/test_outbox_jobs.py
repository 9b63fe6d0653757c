"""Jobs are born in the transaction of the rows they deliver, at the price of one statement."""

from psycopg import Rollback

from memory.outbox import enqueue
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, open_world

INSERT = "insert into outbox (effect_id, session_id, turn_id, kind, queued_at, sealed) values (%s, %s, %s, %s, %s, %s)"


async def jobs(world: World) -> list[dict[str, object]]:
    return await world.rows(
        "select queue_name, task_name, lock, args, scheduled_at from procrastinate_jobs order by id"
    )


async def test_a_rollback_removes_the_jobs_with_their_rows(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        async with world.pool.connection() as connection, connection.transaction() as commit:
            await connection.execute(INSERT, (f"{session_id}:t:message:00", session_id, "t", "message", NOW, b"x"))
            await enqueue(connection, [f"{session_id}:t:message:00"])
            assert len(await (await connection.execute("select 1 from procrastinate_jobs")).fetchall()) == 1
            raise Rollback(commit)
        assert await jobs(world) == []
        assert await world.rows("select 1 from outbox") == []


async def test_inside_a_pipeline_one_statement_makes_the_jobs_of_a_turn(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        kinds = ("message", "crm_record", "crm_record", "calendar_event")
        ids = [f"{session_id}:t:{kind}:{number:02d}" for number, kind in enumerate(kinds)]
        async with world.pool.connection() as connection, connection.transaction(), connection.pipeline():
            for effect_id, kind in zip(ids, kinds, strict=True):
                await connection.execute(INSERT, (effect_id, session_id, "t", kind, NOW, b"x"))
            await enqueue(connection, ids)
        found = await jobs(world)
        assert [(job["queue_name"], job["args"], job["lock"]) for job in found] == [
            ("crm", {"effect_ids": [ids[1], ids[2]]}, f"crm:{session_id}"),
            ("effects", {"effect_ids": [ids[3]]}, None),
            ("effects", {"effect_ids": [ids[0]]}, None),  # a message cannot be taken back: it goes last
        ]


async def test_no_rows_no_statement_and_unknown_rows_no_jobs(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        async with world.pool.connection() as connection:
            await enqueue(connection, [])
            await enqueue(connection, ["no:such:effect:00"])
        assert await jobs(world) == []


async def test_a_commit_with_jobs_notifies_nobody(fresh_dsn: str, sealer: Sealer) -> None:
    """NOTIFY inside a commit would make every session's commit wait for every other's."""
    async with open_world(fresh_dsn, sealer) as world, world.pool.connection() as listening:
        await listening.execute("listen procrastinate_any_queue_v1")
        await world.message(await world.session())
        assert [notice async for notice in listening.notifies(timeout=0.2)] == []
