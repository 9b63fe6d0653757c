"""Asks a database what an operator wants to know before anything is started."""

from dataclasses import dataclass

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from domain.errors import ThroughlineError
from memory.migrating import pending_migrations
from memory.queries import SQL
from memory.sealing import SealBroken, Sealer

OLDEST_SERVER = 150000


class Unreachable(ThroughlineError):
    """The database does not answer; the message is its own."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found; fields about tables are None while migrations are missing."""

    version: str
    old: bool
    pending: tuple[str, ...]
    policy: str | None = None
    policy_label: str = ""
    key_fits: bool | None = None  # None where nothing was sealed yet
    inbox: int = 0
    approvals: int = 0
    failed_jobs: int = 0


async def examine(dsn: str, sealer: Sealer | None) -> Health:
    """Reads only. Raises Unreachable, or MigrationRefused where database and program do not fit."""
    try:
        connection = await AsyncConnection[DictRow].connect(
            dsn, autocommit=True, row_factory=dict_row, connect_timeout=5
        )
    except psycopg.OperationalError as error:
        raise Unreachable(str(error).strip().splitlines()[0]) from None
    async with connection:
        server = await _row(connection, "server_version")
        version, old = str(server["version"]).split()[0], server["number"] < OLDEST_SERVER
        if pending := tuple(await pending_migrations(dsn)):
            return Health(version, old, pending)
        policy = await _row(connection, "active_policy")
        waiting = await _row(connection, "count_waiting")
        return Health(
            version,
            old,
            (),
            policy=policy.get("version"),
            policy_label=policy.get("label", ""),
            key_fits=_opens(await _row(connection, "newest_sealed_identity"), sealer),
            **waiting,
        )


async def _row(connection: AsyncConnection[DictRow], name: str) -> DictRow:
    return await (await connection.execute(SQL[name])).fetchone() or {}


def _opens(row: DictRow, sealer: Sealer | None) -> bool | None:
    if not row:
        return None
    if sealer is None:
        return False
    try:
        sealer.open(row["sealed"])
    except SealBroken:
        return False
    return True
