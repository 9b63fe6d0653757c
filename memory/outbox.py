"""The outbox: what a committed turn still has to do in the world, and the jobs that do it."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection

from memory.queries import SQL


async def enqueue(connection: AsyncConnection[Any], effect_ids: Sequence[str]) -> None:
    """Make the jobs for outbox rows that this transaction has written; one statement, no round trip in a pipeline."""
    if effect_ids:
        await connection.execute(SQL["enqueue_effects"], {"effect_ids": list(effect_ids)})
