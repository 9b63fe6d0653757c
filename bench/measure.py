"""The measurements: cost and time of a turn, throughput, and what a conversation costs as it grows."""

import asyncio
import statistics
import time
import uuid
from dataclasses import dataclass

from psycopg import sql

from bench.peers import Peer
from memory.database import Pool

FEWEST = 10  # turns of each conversation: a first turn opens a session, and is not what most turns are
# Everything a turn may write. The job library's table is left out: its rows go when a worker has delivered them.
TABLES = {
    "ours": (
        "checkpoints", "checkpoint_blobs", "checkpoint_writes", "inbox", "turns", "speech", "answers", "facts",
        "evidence",
        "transitions", "guard_results", "capabilities", "tool_calls", "crm_records", "outbox", "audit", "timers",
    ),
    "stock": ("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds. A line may be spoken when its turn is committed: time to first line is the turn's time."""

    cpu: float
    p50: float
    p95: float


async def cost(peer: Peer, turns: int, warm: int = 20) -> Cost:
    """One conversation, one turn after the other."""
    who = str(uuid.uuid4())
    for number in range(warm):
        await peer.turn(who, number)
    walls: list[float] = []
    began = time.process_time()
    for number in range(warm, warm + turns):
        at = time.perf_counter()
        await peer.turn(who, number)
        walls.append(time.perf_counter() - at)
    cpu = (time.process_time() - began) / turns
    return Cost(cpu * 1e3, statistics.median(walls) * 1e3, statistics.quantiles(walls, n=20)[-1] * 1e3)


async def throughput(peer: Peer, sessions: int, turns: int) -> float:
    """Turns per second of that many conversations at once, in one process."""
    names = [str(uuid.uuid4()) for _ in range(sessions)]
    each = max(FEWEST, turns // sessions)

    async def one(who: str) -> None:
        for number in range(each):
            await peer.turn(who, number)

    await asyncio.gather(*(peer.turn(who, 0) for who in names[: min(sessions, 8)]))
    began = time.perf_counter()
    await asyncio.gather(*(one(who) for who in names))
    return sessions * each / (time.perf_counter() - began)


async def growth(
    peer: Peer, name: str, pool: Pool, points: tuple[int, ...], window: int = 20
) -> dict[int, tuple[float, float]]:
    """At each length of one conversation: p50 of the turns around it in ms, and KB per turn of the rows they wrote."""
    who, number = str(uuid.uuid4()), 0
    found: dict[int, tuple[float, float]] = {}
    for point in points:
        while number < point - window:
            await peer.turn(who, number)
            number += 1
        before, walls = await row_bytes(pool, name), list[float]()
        while number < point:
            at = time.perf_counter()
            await peer.turn(who, number)
            walls.append(time.perf_counter() - at)
            number += 1
        kilobytes = (await row_bytes(pool, name) - before) / len(walls) / 1024
        found[point] = (statistics.median(walls) * 1e3, kilobytes)
    return found


async def row_bytes(pool: Pool, name: str) -> int:
    """Bytes of all rows that this peer's turns may have written."""
    tables = TABLES["ours" if name == "ours" else "stock"]
    total = 0
    async with pool.connection() as connection:
        for table in tables:
            query = sql.SQL("select coalesce(sum(pg_column_size(t.*)), 0)::bigint as n from {} t")
            row = await (await connection.execute(query.format(sql.Identifier(table)))).fetchone()
            total += int(row["n"]) if row else 0
    return total
