"""Migrations: once each, by whoever comes first, and never over a database that does not fit."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from memory.database import migrate, open_pool, pending_migrations
from memory.migrating import MigrationRefused

REAL = Path(__file__).parents[2] / "memory" / "migrations"


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return {row[0] for row in rows}


async def test_a_second_run_does_nothing(empty_dsn: str) -> None:
    pending = await pending_migrations(empty_dsn)
    assert await migrate(empty_dsn) == pending != []
    assert await migrate(empty_dsn) == [] == await pending_migrations(empty_dsn)
    assert {"sessions", "checkpoints", "checkpoint_writes", "procrastinate_jobs"} <= tables(empty_dsn)


async def test_eight_at_once_apply_everything_once(empty_dsn: str) -> None:
    done = await asyncio.gather(*(migrate(empty_dsn) for _ in range(8)))
    assert sum(1 for names in done if names) == 1


def test_three_processes_at_once(empty_dsn: str) -> None:
    code = "import asyncio, sys; from memory.database import migrate; print(len(asyncio.run(migrate(sys.argv[1]))))"
    command = [sys.executable, "-c", code, empty_dsn]
    root = REAL.parents[1]
    children = [subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = sorted(int(child.communicate(timeout=60)[0]) for child in children)
    assert [child.returncode for child in children] == [0, 0, 0]
    assert printed[:2] == [0, 0] and printed[2] > 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_first.sql").write_text("create table first (a int check (a % 2 = 0));")
    (tmp_path / "0002_second.sql").write_text("alter table first add b int; create table second (c int);")
    return tmp_path


async def test_a_changed_migration_is_refused(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder)
    (folder / "0001_first.sql").write_text("create table other (a int);")
    for ask in (migrate, pending_migrations):
        with pytest.raises(MigrationRefused, match=r"0001_first\.sql was changed"):
            await ask(empty_dsn, folder)
    assert "other" not in tables(empty_dsn)


async def test_a_newer_database_is_refused(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder)
    (folder / "0002_second.sql").unlink()
    with pytest.raises(MigrationRefused, match="it is newer"):
        await migrate(empty_dsn, folder)


async def test_a_migration_cannot_come_in_between(empty_dsn: str, folder: Path) -> None:
    await migrate(empty_dsn, folder)
    (folder / "0001a_late.sql").write_text("create table late (a int);")
    with pytest.raises(MigrationRefused, match="higher number"):
        await migrate(empty_dsn, folder)


async def test_a_broken_migration_leaves_nothing_and_can_be_repaired(empty_dsn: str, folder: Path) -> None:
    broken = folder / "0003_third.sql"
    broken.write_text("create table third (a int); create table third (a int);")
    with pytest.raises(psycopg.errors.DuplicateTable):
        await migrate(empty_dsn, folder)
    assert {"first", "second"} <= tables(empty_dsn) and "third" not in tables(empty_dsn)
    broken.write_text("create table third (a int);")
    assert "0003_third.sql" in await migrate(empty_dsn, folder)


async def test_line_endings_of_a_checkout_do_not_matter(empty_dsn: str, folder: Path, tmp_path: Path) -> None:
    await migrate(empty_dsn, folder)
    windows = tmp_path / "windows"
    windows.mkdir()
    for path in folder.glob("*.sql"):
        shutil.copy(path, windows)
        (windows / path.name).write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert await migrate(empty_dsn, windows) == []


async def test_job_tables_of_another_application_are_left_alone(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute("create table procrastinate_jobs (id int)")
    with pytest.raises(MigrationRefused, match="another application"):
        await migrate(empty_dsn)


async def test_the_pool_replaces_connections_that_the_server_closed(fresh_dsn: str) -> None:
    async with open_pool(fresh_dsn, 2, 2) as pool:
        await pool.wait()
        with psycopg.connect(fresh_dsn, autocommit=True) as killer:
            killer.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'throughline'"
            )
        for _ in range(4):
            async with pool.connection() as connection:
                row = await (await connection.execute("select current_setting('TimeZone') as zone")).fetchone()
                assert row == {"zone": "UTC"}


async def test_only_a_pool_that_asks_for_it_does_not_wait_for_the_disk(fresh_dsn: str) -> None:
    for durable, setting in ((True, "on"), (False, "off")):
        async with open_pool(fresh_dsn, 1, 1, durable=durable) as pool, pool.connection() as connection:
            row = await (await connection.execute("select current_setting('synchronous_commit') as s")).fetchone()
            assert row == {"s": setting}
