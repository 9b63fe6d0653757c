"""A database server of a test's own, which may be killed."""

import asyncio
import os
import signal
from pathlib import Path

import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from memory.database import migrate
from memory.embedded import ensure
from tests.durability.house import furnish

KILLS = ("postmaster", "every process")


def own_database(folder: Path) -> str:
    """A server as the product starts it, with one database and a policy in force; returns the DSN."""
    server = ensure(folder)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create database sales")
    dsn = make_conninfo(server, dbname="sales")
    asyncio.run(_furnish(dsn))
    return dsn


async def _furnish(dsn: str) -> None:
    await migrate(dsn)
    await furnish(dsn)


def kill_server(folder: Path, which: str) -> None:
    """At once; with the postmaster alone its children are left to find out by themselves."""
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    family = postmaster.children() if which == "every process" else []
    for process in [postmaster, *family]:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([postmaster, *family], timeout=10)
