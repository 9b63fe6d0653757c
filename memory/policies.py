"""Keeps every version of the policy that was ever live, and which one is in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from domain.checked_file import Problem
from domain.policy import PolicyRefused
from memory.database import Pool
from memory.queries import SQL


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """One version as a row. `content` is JSON text, which is YAML too."""

    version: str
    content_hash: str
    content: str
    effective_at: datetime
    label: str = ""


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


Choice = Callable[[InForce | None], str | None]


async def store_and_activate(
    pool: Pool, policies: Sequence[StoredPolicy], choose: Choice, now: datetime, by: str, reason: str
) -> InForce | None:
    """Store the versions and activate the one that `choose` names, all in one transaction; returns what is in force.

    Raises PolicyRefused where a version is stored with another content: a decision names its version, so a version
    must mean one content for ever.
    """
    async with pool.connection() as connection, connection.transaction():
        await connection.execute(SQL["lock_policy_activations"])
        for policy in policies:
            await _store(connection, policy)
        version = choose(await _in_force(connection))
        if version is not None:
            asked = {"version": version, "now": now, "by": by, "reason": reason}
            await connection.execute(SQL["activate_policy"], asked)
        return await _in_force(connection)


async def _store(connection: AsyncConnection[Any], policy: StoredPolicy) -> None:
    row = {
        "version": policy.version,
        "content_hash": policy.content_hash,
        "content": policy.content,
        "effective_at": policy.effective_at,
        "label": policy.label,
    }
    await connection.execute(SQL["store_policy"], row)
    stored = await (await connection.execute(SQL["stored_policy_hash"], row)).fetchone()
    if stored is None or stored["content_hash"] != policy.content_hash:
        problem = "this version is stored already, with another content"
        raise PolicyRefused(
            policy.version, [Problem("version", policy.version, problem, "Give the file a new version.")]
        )


async def _in_force(connection: AsyncConnection[Any]) -> InForce | None:
    row = await (await connection.execute(SQL["policy_in_force"])).fetchone()
    return InForce(**row) if row else None


async def policy_in_force(pool: Pool) -> InForce | None:
    """The version that decisions are made under now."""
    async with pool.connection() as connection:
        return await _in_force(connection)


async def policy_content(pool: Pool, version: str) -> str | None:
    """The content of a version as JSON text."""
    async with pool.connection() as connection:
        row = await (await connection.execute(SQL["policy_content"], {"version": version})).fetchone()
    return row["content"] if row else None
