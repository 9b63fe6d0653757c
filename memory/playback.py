"""Everything that a played scenario left in its database, and the few rows that no turn writes: seats, hours, files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.queries import SQL
from memory.sealing import Sealer

Connection = AsyncConnection[DictRow]
Row = dict[str, Any]

TABLES = (
    "sessions", "contacts", "turns", "speech", "answers", "facts", "evidence", "transitions", "guard_results",
    "capabilities", "tool_calls", "bookings", "quotes", "proposals", "approvals", "contracts", "payments", "outbox",
    "crm_records", "crm_deliveries", "calendar_events", "messages", "consents", "timers", "audit", "inbox", "policies",
    "threads",
)  # fmt: skip
Tables = Mapping[str, list[Row]]


async def read_tables(connection: Connection, sealer: Sealer) -> Tables:
    """Every table, in the order of what happened; what was sealed stands opened under `inside`, ids are text."""
    async with connection.pipeline():
        cursors = [await connection.execute(SQL[f"playback_{name}"]) for name in TABLES]
        found = [await cursor.fetchall() for cursor in cursors]
    return {name: [_opened(sealer, row) for row in rows] for name, rows in zip(TABLES, found, strict=True)}


def _opened(sealer: Sealer, row: Mapping[str, Any]) -> Row:
    sealed = row.get("sealed")
    clear = {key: _plain(key, value) for key, value in row.items() if key != "sealed"}
    return {**clear, "inside": sealer.open(sealed) if sealed else {}}


def _plain(key: str, value: Any) -> Any:
    return str(value) if key.endswith("_id") and value is not None else value


@dataclass(frozen=True, slots=True)
class Unheard:
    """A line that waits to be heard."""

    speech_id: str
    session_id: str
    act: str
    channel: str
    line: str


async def unheard(connection: Connection) -> list[Unheard]:
    rows = await (await connection.execute(SQL["playback_unheard"])).fetchall()
    return [Unheard(r["speech_id"], r["session_id"], r["act"], r["channel"], r["line"]) for r in rows]


async def places(connection: Connection) -> dict[str, Row]:
    """Head, last question and last words of every session, by its id."""
    rows = await (await connection.execute(SQL["playback_places"])).fetchall()
    return {row["session_id"]: dict(row) for row in rows}


async def ask(connection: Connection, name: str, /, **values: Any) -> Row | None:
    """One row of a statement named playback_<name>."""
    row = await (await connection.execute(SQL[f"playback_{name}"], values)).fetchone()
    return dict(row) if row else None


async def put(connection: Connection, name: str, /, **values: Any) -> None:
    """Write what the statement named playback_<name> writes."""
    await connection.execute(SQL[f"playback_{name}"], values)
