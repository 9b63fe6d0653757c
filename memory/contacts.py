"""Who writes or calls: a contact behind an identity, and the one session that goes on with them."""

import uuid
from datetime import datetime, timedelta

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from domain.contact import Identity
from domain.stages import Channel
from memory.queries import SQL
from memory.sealing import Sealer

WON_FOR = timedelta(days=30)  # a sale that was won stays the matter this long


async def open_session(
    connection: AsyncConnection[DictRow],
    sealer: Sealer,
    identity: Identity,
    now: datetime,
    channel: Channel,
    label: str = "",
) -> str:
    """The id of the session that goes on with this buyer; a new one where none is open. Safe against a race."""
    digest = sealer.digest(identity.kind, identity.value)
    found = await _current(connection, digest, now)
    if found:
        return found
    async with connection.transaction():
        await connection.execute(SQL["lock_identity"], {"identity_hash": digest})
        found = await _current(connection, digest, now)
        if found:
            return found
        contact_id = await _contact(connection, digest) or await _new_contact(connection, sealer, identity, digest, now)
        session_id = str(uuid.uuid4())
        await connection.execute(
            SQL["insert_session"],
            {"session_id": session_id, "contact_id": contact_id, "label": label, "channel": channel.value, "now": now},
        )
        return session_id


async def _current(connection: AsyncConnection[DictRow], digest: str, now: datetime) -> str | None:
    cursor = await connection.execute(SQL["session_of_identity"], {"identity_hash": digest, "won_since": now - WON_FOR})
    row = await cursor.fetchone()
    return row["session_id"] if row else None


async def _contact(connection: AsyncConnection[DictRow], digest: str) -> str | None:
    row = await (await connection.execute(SQL["contact_of_identity"], {"identity_hash": digest})).fetchone()
    return row["contact_id"] if row else None


async def _new_contact(
    connection: AsyncConnection[DictRow], sealer: Sealer, identity: Identity, digest: str, now: datetime
) -> str:
    contact_id = str(uuid.uuid4())
    await connection.execute(SQL["insert_contact"], {"contact_id": contact_id, "now": now})
    await connection.execute(
        SQL["insert_identity"],
        {
            "identity_hash": digest,
            "contact_id": contact_id,
            "kind": identity.kind,
            "verified": identity.verified,
            "sealed": sealer.seal({"value": identity.value}),
            "now": now,
        },
    )
    return contact_id
