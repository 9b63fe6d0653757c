"""Databases that live for one scenario: copies of a migrated template, dropped afterwards."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from memory.migrating import migrate
from memory.queries import SQL

_PREFIX = "throughline_scenario_"


class Throwaway:
    """Makes and drops databases beside the one that the DSN names. Holds no connection between calls.

    They belong to the process that made it, whichever of its children creates them.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn, self._prefix = dsn, f"{_PREFIX}{os.getpid()}_"
        self._template = f"{self._prefix}template"

    def create(self, name: str) -> str:
        """A new migrated database; returns its DSN."""
        whole = self._prefix + name
        self._run("drop_copied_database", whole)
        self._run("create_copied_database", whole)
        self._run("hasten_database", whole)
        return make_conninfo(self._dsn, dbname=whole)

    def empty(self, dsn: str) -> None:
        """As good as a new one, in a hundredth of the time."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SQL["empty_database"])

    def template(self) -> str:
        """The database that the others are copies of, still empty."""
        self._run("create_bare_database", self._template)
        return make_conninfo(self._dsn, dbname=self._template)

    def drop(self, dsn: str) -> None:
        self._run("drop_copied_database", str(conninfo_to_dict(dsn)["dbname"]))

    def drop_all(self) -> None:
        for name in _names(self._dsn, f"{self._prefix}%"):
            _drop(self._dsn, name)

    def _run(self, statement: str, name: str) -> None:
        text = sql.SQL(SQL[statement]).format(name=sql.Identifier(name), template=sql.Identifier(self._template))
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(text)


@contextmanager
def throwaway_databases(dsn: str) -> Iterator[Throwaway]:
    """A maker whose template was migrated just now; template and copies are gone afterwards."""
    _sweep(dsn)
    maker = Throwaway(dsn)
    try:
        migrated = maker.template()
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever loop the caller runs in
            thread.submit(asyncio.run, migrate(migrated)).result()
        yield maker
    finally:
        maker.drop_all()


def _sweep(dsn: str) -> None:
    """Databases of runs that were killed before they could drop theirs."""
    for name in _names(dsn, f"{_PREFIX}%"):
        owner = name.removeprefix(_PREFIX).partition("_")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _drop(dsn, name)


def _names(dsn: str, pattern: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(SQL["databases_of_gone_runs"], {"pattern": pattern}).fetchall()
    return [str(row[0]) for row in rows]


def _drop(dsn: str, name: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(SQL["drop_copied_database"]).format(name=sql.Identifier(name)))
