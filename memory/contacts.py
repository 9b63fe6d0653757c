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
    known = {"identity_hash": sealer.digest(identity.kind, identity.value), "won_since": now - WON_FOR}
    found = await (await connection.execute(SQL["place_of_identity"], known)).fetchone()
    if found and found["session_id"]:
        return found["session_id"]
    return await new_session(connection, sealer, identity, now, channel, label)


async def new_session(
    connection: AsyncConnection[DictRow],
    sealer: Sealer,
    identity: Identity,
    now: datetime,
    channel: Channel,
    label: str = "",
) -> str:
    """Like `open_session`, for who has looked before: two round trips, and no session where another was quicker."""
    known = {"identity_hash": sealer.digest(identity.kind, identity.value), "won_since": now - WON_FOR}
    async with connection.pipeline(), connection.transaction():
        await connection.execute(SQL["lock_identity"], known)
        found = await (await connection.execute(SQL["place_of_identity"], known)).fetchone()
        if found and found["session_id"]:
            return found["session_id"]
        contact_id = found["contact_id"] if found else str(uuid.uuid4())
        if not found:
            await connection.execute(SQL["insert_contact"], {"contact_id": contact_id, "now": now})
            place = {"kind": identity.kind, "verified": identity.verified, "contact_id": contact_id}
            sealed = sealer.seal({"value": identity.value})
            await connection.execute(SQL["insert_identity"], {**known, **place, "sealed": sealed, "now": now})
        session_id = str(uuid.uuid4())
        opened = {"session_id": session_id, "contact_id": contact_id, "label": label}
        await connection.execute(SQL["insert_session"], {**opened, "channel": channel.value, "now": now})
    return session_id
