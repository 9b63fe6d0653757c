"""What people write: a decision with its wake-up and its audit row in one transaction, and the events of Talk to it."""

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection, InterfaceError, OperationalError
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb
from psycopg_pool import PoolTimeout

from domain.audit_chain import digest_of, hash_of
from domain.errors import ThroughlineError
from memory.database import Pool
from memory.queries import SQL
from memory.sealing import Sealer
from memory.views import Row, one, rows

Connection = AsyncConnection[DictRow]


class DatabaseSilent(ThroughlineError):
    """The database does not answer; what people see says so instead of showing an old state."""


@asynccontextmanager
async def reached(pool: Pool) -> AsyncIterator[Connection]:
    """A connection, or DatabaseSilent where there is none or it breaks on the way."""
    try:
        async with pool.connection(timeout=5) as connection:
            yield connection
    except (OperationalError, InterfaceError, PoolTimeout) as fault:
        raise DatabaseSilent(f"The database does not answer ({type(fault).__name__}).") from fault


@dataclass(frozen=True, slots=True)
class Locked:
    """An approval as it stands while nobody else can decide about its proposal."""

    session: Row
    proposal: Row
    approvals: list[Row]

    def row(self, approval_id: str) -> Row:
        return next(row for row in self.approvals if row["approval_id"] == approval_id)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decides which row, how and why; the edit holds what changed, before and after."""

    approval_id: str
    version: int
    status: str  # approved or denied
    by: str
    name: str
    reason: str
    at: datetime
    edit: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Redraft:
    """The proposal after an edit."""

    body: Mapping[str, Any]
    quote_hash: str | None
    proposal_hash: str


async def place_of(connection: Connection, approval_id: str) -> Row | None:
    """Session, region, product and the policy version in force, for an approval."""
    return await one(connection, "desk_session_of", approval_id=approval_id)


async def lock_session(connection: Connection, session_id: str) -> Row | None:
    """Inside a transaction: the session, held until it ends, so that a link can be added to its chain."""
    return await one(connection, "desk_lock_session", session_id=session_id)


async def lock(connection: Connection, session_id: str, approval_id: str) -> Locked | None:
    """Inside a transaction: the approval's session, proposal and sister rows, held until it ends.

    The session comes first, as in the commit of a turn, so that the two never wait for each other.
    """
    session = await lock_session(connection, session_id)
    proposal = await one(connection, "desk_lock_proposal", approval_id=approval_id)
    if session is None or proposal is None:
        return None
    approvals = await rows(connection, "desk_approvals", proposal_id=proposal["proposal_id"])
    return Locked(session, proposal, approvals)


async def sign(connection: Connection, signature: Signature) -> str | None:
    """The row's new status (expired where the deadline has passed), or None where it was decided or changed before."""
    values = {
        "approval_id": signature.approval_id,
        "version": signature.version,
        "status": signature.status,
        "by": signature.by,
        "name": signature.name,
        "reason": signature.reason or None,
        "edit": Jsonb(signature.edit) if signature.edit else None,
        "now": signature.at,
    }
    row = await one(connection, "desk_decide", **values)
    return str(row["status"]) if row else None


async def redraft(connection: Connection, proposal_id: str, approval_id: str, draft: Redraft) -> None:
    await connection.execute(
        SQL["desk_edit"],
        {
            "proposal_id": proposal_id,
            "approval_id": approval_id,
            "body": Jsonb(draft.body),
            "quote_hash": draft.quote_hash,
            "proposal_hash": draft.proposal_hash,
        },
    )


async def ask_second(connection: Connection, proposal_id: str, role: str) -> None:
    await connection.execute(
        SQL["desk_second_signature"],
        {"approval_id": f"{proposal_id}:{role}:second", "proposal_id": proposal_id, "role": role},
    )


async def settle(connection: Connection, proposal_id: str, status: str, now: datetime, validity_s: int) -> None:
    """Close the proposal, and with it the rows that nobody need decide any more."""
    await connection.execute(
        SQL["desk_close_rows"],
        {"proposal_id": proposal_id, "status": "expired" if status == "expired" else "withdrawn"},
    )
    await connection.execute(
        SQL["desk_settle"], {"proposal_id": proposal_id, "status": status, "now": now, "validity_s": validity_s}
    )


async def audit(
    connection: Connection,
    sealer: Sealer,
    session: Mapping[str, Any],
    *,
    at: datetime,
    turn_id: str,
    actor: str,
    action: str,
    policy_version: str,
    payload: Mapping[str, Any],
) -> str:
    """Append to the chain of a session that this transaction has locked; returns the row's hash."""
    seq, salt = int(session["audit_seq"]) + 1, secrets.token_hex(16)
    digest = digest_of(salt, payload)
    link = hash_of(session["audit_hash"], seq, at, actor, action, digest)
    row = {
        "session_id": session["session_id"],
        "seq": seq,
        "at": at,
        "turn_id": turn_id,
        "actor": actor,
        "action": action,
        "policy_version": policy_version,
        "digest": digest,
        "previous": session["audit_hash"],
        "hash": link,
        "sealed": sealer.seal({"salt": salt, "payload": payload}),
    }
    await connection.execute(SQL["desk_audit"], row)
    await connection.execute(SQL["desk_audit_head"], {"session_id": session["session_id"], "seq": seq, "hash": link})
    return link


async def put_event(
    connection: Connection,
    sealer: Sealer,
    *,
    turn_id: str,
    session_id: str,
    kind: str,
    channel: str | None,
    at: datetime,
    data: Mapping[str, Any],
) -> bool:
    """Store an event for a runner; False where its id is known already."""
    values = {
        "turn_id": turn_id,
        "session_id": session_id,
        "kind": kind,
        "channel": channel,
        "at": at,
        "sealed": sealer.seal(dict(data)),
    }
    return await one(connection, "desk_event", **values) is not None


async def notify_inbox(connection: Connection, session_id: str) -> None:
    await connection.execute(SQL["desk_notify"], {"channel": "throughline_inbox", "payload": session_id})


async def notify_change(connection: Connection, session_id: str) -> None:
    payload = json.dumps({"session": session_id})
    await connection.execute(SQL["desk_notify"], {"channel": "throughline_change", "payload": payload})


async def beat(connection: Connection, process: str, kind: str) -> None:
    """A running process says that it is there; the console counts one as gone after a while without."""
    await connection.execute(SQL["desk_beat"], {"process": process, "kind": kind})


async def fall_silent(connection: Connection, process: str) -> None:
    await connection.execute(SQL["desk_silent"], {"process": process})


@asynccontextmanager
async def changes(connection: Connection) -> AsyncIterator[AsyncIterator[str]]:
    """The sessions in which something was committed, as they are announced; needs a connection of its own."""
    await connection.execute(SQL["desk_listen"])
    try:
        yield _sessions(connection)
    finally:
        await connection.close()  # one that listens must not go back to the pool


async def _sessions(connection: Connection) -> AsyncIterator[str]:
    async for notice in connection.notifies():
        try:
            session = json.loads(notice.payload)["session"]
        except (ValueError, KeyError, TypeError):
            continue  # announced by something that is not ours
        yield str(session)
