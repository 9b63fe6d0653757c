"""Who can close now: seats as they are reported, and the shifts they work."""

from collections.abc import Callable
from datetime import datetime

from domain.ports import Capacity
from memory.database import Pool
from memory.queries import SQL


class SeatTable:
    """Implements the port Seats. `next_open` gives the next moment at which people work: the present while they do."""

    def __init__(self, pool: Pool, next_open: Callable[[datetime], datetime]) -> None:
        self._pool, self._next_open = pool, next_open

    async def capacity(self, now: datetime) -> Capacity:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(SQL["seat_capacity"], {"now": now})).fetchone()
        opens = self._next_open(now)
        human_total = int(row["human_total"]) if row else 0
        return Capacity(
            human_free=int(row["human_free"]) if row else 0,
            human_total=human_total,
            ai_free=int(row["ai_free"]) if row else 0,
            on_shift=opens <= now and human_total > 0,
            waiting=int(row["waiting"]) if row else 0,
            next_shift=opens,
        )
