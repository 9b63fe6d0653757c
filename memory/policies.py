"""Keeps every version of the policy that was ever live, and which one is in force."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.database import Pool
from memory.queries import SQL


@dataclass(frozen=True, slots=True)
class InForce:
    """The last activation."""

    version: str
    label: str
    content_hash: str
    effective_at: datetime
    activated_at: datetime
    activated_by: str
    reason: str


async def store_policy(
    connection: AsyncConnection[DictRow], version: str, content_hash: str, content: str, effective_at: datetime, label: str
) -> str:
    """Write the version unless it is there; returns the hash of what the version holds now. `content` is JSON."""
    row = {"version": version, "content_hash": content_hash, "content": content, "effective_at": effective_at, "label": label}
    await connection.execute(SQL["store_policy"], row)
    stored = await (await connection.execute(SQL["stored_policy_hash"], {"version": version})).fetchone()
    return stored["content_hash"] if stored else ""


async def policy_in_force(connection: AsyncConnection[DictRow], lock: bool = False) -> InForce | None:
    """The version in force. With `lock`, no other transaction activates until this one ends."""
    if lock:
        await connection.execute(SQL["lock_policy_activations"])
    row = await (await connection.execute(SQL["policy_in_force"])).fetchone()
    return InForce(**row) if row else None


async def activate_policy(
    connection: AsyncConnection[DictRow], version: str, now: datetime, by: str, reason: str
) -> bool:
    """Put a stored version in force; False where it was already."""
    asked = {"version": version, "now": now, "by": by, "reason": reason}
    return (await connection.execute(SQL["activate_policy"], asked)).rowcount == 1


async def policy_content(pool: Pool, version: str) -> str | None:
    """The content of a version as JSON text."""
    async with pool.connection() as connection:
        row = await (await connection.execute(SQL["policy_content"], {"version": version})).fetchone()
    return row["content"] if row else None
