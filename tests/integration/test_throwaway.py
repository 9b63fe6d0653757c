"""Databases of scenarios: migrated copies, emptied in an instant, and gone when the run is over, even a killed one."""

import psycopg
import pytest
from psycopg import sql

from memory.throwaway import throwaway_databases

# A process id that no system gives out.
GONE = 2**31 - 2


def names(dsn: str) -> list[str]:
    ours = "select datname from pg_database where datname like 'throughline_scenario%'"
    with psycopg.connect(dsn) as connection:
        return [str(row[0]) for row in connection.execute(ours).fetchall()]


def count(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    return int(row[0])


def test_a_copy_has_the_schema_and_is_emptied_without_losing_it(postgres_dsn: str) -> None:
    with throwaway_databases(postgres_dsn) as databases:
        dsn = databases.create("one")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("insert into contacts (contact_id, opened_at) values (gen_random_uuid(), now())")
            connection.execute(
                "insert into sessions (session_id, contact_id, opened_at, changed_at)"
                " select gen_random_uuid(), contact_id, now(), now() from contacts"
            )
        migrations = count(dsn, "schema_migrations")
        databases.empty(dsn)
        assert (count(dsn, "sessions"), count(dsn, "contacts")) == (0, 0)
        assert count(dsn, "schema_migrations") == migrations > 0


def interrupted(dsn: str) -> None:
    with throwaway_databases(dsn) as databases:
        databases.create("one")
        databases.drop(databases.create("two"))
        assert len(names(dsn)) == 2
        raise ValueError("in the middle")


def test_nothing_is_left_after_a_fault(postgres_dsn: str) -> None:
    with pytest.raises(ValueError, match="in the middle"):
        interrupted(postgres_dsn)
    assert names(postgres_dsn) == []


def test_what_a_killed_run_left_is_swept_and_what_runs_is_not(postgres_dsn: str) -> None:
    left, running = f"throughline_scenario_{GONE}_worker0", "throughline_scenario_1_worker0"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        for name in (left, running):
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    try:
        with throwaway_databases(postgres_dsn):
            assert left not in names(postgres_dsn) and running in names(postgres_dsn)
    finally:
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(running)))
