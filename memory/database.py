"""How the program reaches PostgreSQL: one shape of connection pool for every process."""

import select

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from memory.migrating import migrate, pending_migrations

__all__ = ["Gone", "Pool", "migrate", "open_pool", "pending_migrations"]

Pool = AsyncConnectionPool[AsyncConnection[DictRow]]
Gone = (OperationalError, InterfaceError, PoolTimeout)  # the server cannot be reached


def open_pool(dsn: str, min_size: int = 1, max_size: int = 10, name: str = "throughline", durable: bool = True) -> Pool:
    """A pool to enter with `async with`. Its connections commit by themselves outside of `conn.transaction()`.

    With `durable=False` a commit does not wait for the disk: for leases and notifications, which a crash may lose.
    """
    return AsyncConnectionPool(
        dsn,
        min_size=min_size,
        max_size=max(min_size, max_size),
        open=False,
        name=name,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "application_name": name,
            "connect_timeout": 10,
        },
        configure=_configure if durable else _configure_hasty,
        check=_check,
        timeout=15,
        max_idle=300,
        max_lifetime=3600,
        reconnect_timeout=60,
    )


async def _configure(connection: AsyncConnection[DictRow]) -> None:
    await connection.execute("set timezone to 'UTC'")


async def _configure_hasty(connection: AsyncConnection[DictRow]) -> None:
    await _configure(connection)
    await connection.execute("set synchronous_commit to off")


async def _check(connection: AsyncConnection[DictRow]) -> None:
    """Asks the server only when something has arrived on an idle connection: mostly that means it is gone.

    A question on every loan would cost a round trip per transaction.
    """
    watcher = select.poll()
    watcher.register(connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
    if watcher.poll(0):
        await connection.execute("")
