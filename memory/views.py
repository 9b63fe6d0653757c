"""What the console reads of many sessions at once: the queue of approvals, the list of sessions, the health."""

from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.queries import SQL
from memory.sealing import Sealer

Row = dict[str, Any]
Connection = AsyncConnection[DictRow]
SAID = 4  # the buyer's last words that an approver reads


async def rows(connection: Connection, query: str, /, **values: Any) -> list[Row]:
    return await (await connection.execute(SQL[query], values)).fetchall()


async def one(connection: Connection, query: str, /, **values: Any) -> Row | None:
    return await (await connection.execute(SQL[query], values)).fetchone()


def buyer_of(sealer: Sealer, row: Mapping[str, Any]) -> str:
    """The name on file, else the address the buyer came from, else nobody in particular."""
    if row["name_sealed"]:
        return str(sealer.open(row["name_sealed"])["value"])
    return str(sealer.open(row["identity_sealed"])["value"]) if row["identity_sealed"] else "Unknown buyer"


def without_seals(row: Mapping[str, Any]) -> Row:
    return {key: value for key, value in row.items() if not key.endswith("sealed")}


def words_of(sealer: Sealer, sealed: bytes | None, recording: str, channel: str | None) -> str | None:
    """The words of a turn; None where the buyer declined the recording of a call: then only facts are kept."""
    if sealed is None or kept_back(recording, channel):
        return None
    return sealer.open(sealed).get("words")


def kept_back(recording: str, channel: str | None) -> bool:
    """Whether the text of a row may not be shown: it was spoken in a session whose recording was declined."""
    return recording == "declined" and channel in (None, "voice")


async def open_rows(connection: Connection) -> list[Row]:
    """What waits for people, without anything personal."""
    return [without_seals(row) for row in await rows(connection, "view_open_proposals")]


async def open_proposals(connection: Connection, sealer: Sealer) -> list[Row]:
    found = await rows(connection, "view_open_proposals")
    return [{**without_seals(row), "buyer": buyer_of(sealer, row)} for row in found]


async def decided_proposals(connection: Connection, limit: int) -> list[Row]:
    return await rows(connection, "view_decided_proposals", limit=limit)


async def proposal(connection: Connection, sealer: Sealer, number: int) -> Row | None:
    """One proposal with its session, the buyer's words that led to it, and the scopes that were open."""
    row = await one(connection, "view_proposal", number=number)
    if row is None:
        return None
    turn = sealer.open(row["turn_sealed"]) if row["turn_sealed"] else {}
    said = await rows(connection, "view_said", session_id=row["session_id"], turn_id=row["turn_id"], limit=SAID)
    return {
        **without_seals(row),
        "buyer": buyer_of(sealer, row),
        "scopes": turn.get("scopes") or [],
        "said": [
            {**without_seals(turn), "words": words_of(sealer, turn["sealed"], row["recording"], turn["channel"])}
            for turn in reversed(said)
        ],
    }


async def sessions(connection: Connection, sealer: Sealer, limit: int) -> list[Row]:
    found = await rows(connection, "view_sessions", limit=limit)
    return [
        {
            **without_seals(row),
            "buyer": buyer_of(sealer, row),
            "last_words": words_of(sealer, row["last_sealed"], row["recording"], row["last_channel"]),
        }
        for row in found
    ]


async def session_of(connection: Connection, identity_hash: str) -> str | None:
    """The newest session of an address: the one that its words would continue, or the last that ended."""
    contact = await one(connection, "contact_of_identity", identity_hash=identity_hash)
    row = await one(connection, "view_last_session", contact_id=contact["contact_id"]) if contact else None
    return str(row["session_id"]) if row else None


async def active_policy(connection: Connection) -> Row | None:
    return await one(connection, "view_active_policy")


async def health(connection: Connection) -> Row:
    row = await one(connection, "view_health")
    return row or {}
