"""Brings a database to the schema of this program, however many processes try it at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from domain.errors import ThroughlineError
from memory.queries import SQL

_FOLDER = Path(__file__).with_name("migrations")
_LOCK_KEY = 0x7468726F7567686C  # "throughl": ours alone among the advisory locks of the database
_OURS, _JOBS, _SAVER = "throughline", "procrastinate", "langgraph-checkpoint-postgres"

_Connection = AsyncConnection[DictRow]
_Applied = dict[tuple[str, str], str]


class MigrationRefused(ThroughlineError):
    """The database and this program do not belong together; nothing was changed."""


async def migrate(dsn: str, folder: Path = _FOLDER, patience: float = 120) -> list[str]:
    """Applies what is missing and returns the names of it."""
    async with _connected(dsn) as connection, _alone(connection, patience):
        await connection.execute(SQL["create_migrations_table"])
        applied = await _applied(connection)
        done = await _apply_ours(connection, folder, applied)
        done += await _apply_saver(connection, applied)
        return done + await _apply_jobs(connection, applied)


async def pending_migrations(dsn: str, folder: Path = _FOLDER) -> list[str]:
    """What `migrate` would apply; raises MigrationRefused where it would refuse."""
    async with _connected(dsn) as connection:
        row = await (await connection.execute(SQL["has_migrations_table"])).fetchone()
        applied = await _applied(connection) if row and row["present"] else {}
        pending = [path.name for path in _missing(folder, applied)]
        if (_SAVER, version(_SAVER)) not in applied:
            pending.append(f"{_SAVER} {version(_SAVER)}")
        missing = [name for name in _job_files() if (_JOBS, name) not in applied]
        return pending + _job_names(missing, any(source == _JOBS for source, _ in applied))


@asynccontextmanager
async def _connected(dsn: str) -> AsyncIterator[_Connection]:
    connection = await _Connection.connect(
        dsn, autocommit=True, prepare_threshold=None, row_factory=dict_row, connect_timeout=10
    )
    async with connection:
        yield connection


@asynccontextmanager
async def _alone(connection: _Connection, patience: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(patience):
            while not await _locked(connection):  # noqa: ASYNC110 - the holder is another process
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise MigrationRefused(f"Another process has been migrating for over {patience:.0f} s. Try again.") from None
    try:
        yield
    finally:
        await connection.execute(SQL["leave_migration_lock"], {"key": _LOCK_KEY})


async def _locked(connection: _Connection) -> bool:
    row = await (await connection.execute(SQL["try_migration_lock"], {"key": _LOCK_KEY})).fetchone()
    return bool(row and row["locked"])


async def _applied(connection: _Connection) -> _Applied:
    rows = await (await connection.execute(SQL["applied_migrations"])).fetchall()
    return {(row["source"], row["name"]): row["checksum"] for row in rows}


def _missing(folder: Path, applied: _Applied) -> list[Path]:
    """Our files that are not applied yet, after a look at those that are."""
    files = {path.name: path for path in sorted(folder.glob("[0-9]*.sql"))}
    for (source, name), checksum in applied.items():
        if source != _OURS:
            continue
        if name not in files:
            raise MigrationRefused(f"The database has migration {name}, which this program lacks: it is newer. Update.")
        if checksum != _checksum(files[name]):
            raise MigrationRefused(
                f"Migration {name} was changed after it had been applied. Restore the file and add a new one instead."
            )
    missing = [path for name, path in files.items() if (_OURS, name) not in applied]
    newest = max((name for source, name in applied if source == _OURS), default="")
    if late := [path.name for path in missing if path.name < newest]:
        raise MigrationRefused(f"Migration {late[0]} would run after {newest}. Give it a higher number.")
    return missing


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


async def _apply_ours(connection: _Connection, folder: Path, applied: _Applied) -> list[str]:
    missing = _missing(folder, applied)
    for path in missing:
        async with connection.transaction():
            await connection.execute(path.read_bytes())
            await _record(connection, _OURS, path.name, _checksum(path))
    return [path.name for path in missing]


async def _apply_saver(connection: _Connection, applied: _Applied) -> list[str]:
    """The checkpoint tables. The library migrates itself; its version tells whether it is worth importing."""
    current = version(_SAVER)
    if (_SAVER, current) in applied:
        return []
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver  # takes a second to import

    await AsyncPostgresSaver(cast(Any, connection)).setup()
    await _record(connection, _SAVER, current)
    return [f"{_SAVER} {current}"]


def _job_sql() -> Path:
    """The library's SQL files, found without importing it: that would cost every start a quarter of a second."""
    package = find_spec(_JOBS)
    if package is None or package.origin is None:
        raise MigrationRefused(f"The package {_JOBS} is not installed. Run the set-up again.")
    return Path(package.origin).parent / "sql"


def _job_files() -> list[str]:
    return sorted(path.name for path in (_job_sql() / "migrations").glob("*.sql"))


def _job_names(missing: list[str], known: bool) -> list[str]:
    """A new database gets the library's schema as a whole, so its forty files are one line to the reader."""
    if known or not missing:
        return [f"{_JOBS} {name}" for name in missing]
    return [f"{_JOBS} {version(_JOBS)}"]


async def _apply_jobs(connection: _Connection, applied: _Applied) -> list[str]:
    """The job tables: the whole schema into a new database, later only the library's newer files."""
    missing = [name for name in _job_files() if (_JOBS, name) not in applied]
    if not missing:
        return []
    known = any(source == _JOBS for source, _ in applied)
    row = await (await connection.execute(SQL["has_procrastinate"])).fetchone()
    if row and row["present"] and not known:
        raise MigrationRefused("The database holds job tables of another application. Use a database of its own.")
    async with connection.transaction():
        if not known:
            await connection.execute((_job_sql() / "schema.sql").read_bytes())
        for name in missing:
            if known:
                await connection.execute((_job_sql() / "migrations" / name).read_bytes())
            await _record(connection, _JOBS, name)
        await connection.execute(SQL["quiet_job_triggers"])
    return _job_names(missing, known)


async def _record(connection: _Connection, source: str, name: str, checksum: str = "") -> None:
    await connection.execute(SQL["record_migration"], {"source": source, "name": name, "checksum": checksum})
