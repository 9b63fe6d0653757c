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
    """Makes and drops databases beside the one that the DSN names. Holds no connection between calls."""

    def __init__(self, dsn: str, template: str) -> None:
        self._dsn, self._template = dsn, template

    def create(self, name: str) -> str:
        """A new migrated database; returns its DSN."""
        whole = f"{_PREFIX}{os.getpid()}_{name}"
        self._run("drop_copied_database", whole)
        self._run("create_copied_database", whole)
        self._run("hasten_database", whole)
        return make_conninfo(self._dsn, dbname=whole)

    def empty(self, dsn: str) -> None:
        """As good as a new one, in a hundredth of the time."""
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(SQL["empty_database"])

    def drop(self, dsn: str) -> None:
        name = conninfo_to_dict(dsn)["dbname"]
        self._run("drop_copied_database", str(name))

    def _run(self, statement: str, name: str) -> None:
        text = sql.SQL(SQL[statement]).format(name=sql.Identifier(name), template=sql.Identifier(self._template))
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(text)


@contextmanager
def throwaway_databases(dsn: str) -> Iterator[Throwaway]:
    """A maker whose template was migrated just now; template and copies are gone afterwards."""
    _sweep(dsn)
    template = f"{_PREFIX}{os.getpid()}_template"
    maker = Throwaway(dsn, template)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(SQL["create_bare_database"]).format(name=sql.Identifier(template)))
    try:
        with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever loop the caller runs in
            thread.submit(asyncio.run, migrate(make_conninfo(dsn, dbname=template))).result()
        yield maker
    finally:
        _drop_all(dsn, os.getpid())


def _sweep(dsn: str) -> None:
    """Databases of runs that were killed before they could drop theirs."""
    for name in _names(dsn, f"{_PREFIX}%"):
        owner = name.removeprefix(_PREFIX).partition("_")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            _drop(dsn, name)


def _drop_all(dsn: str, pid: int) -> None:
    for name in _names(dsn, f"{_PREFIX}{pid}\\_%"):
        _drop(dsn, name)


def _names(dsn: str, pattern: str) -> list[str]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute(SQL["databases_of_gone_runs"], {"pattern": pattern}).fetchall()
    return [str(row[0]) for row in rows]


def _drop(dsn: str, name: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL(SQL["drop_copied_database"]).format(name=sql.Identifier(name)))
