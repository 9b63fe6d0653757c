"""Everything one session left behind, opened for the inspector; calls that declined recording keep their text shut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.queries import SQL
from memory.sealing import Sealer
from memory.views import Row, buyer_of, kept_back, without_seals

Connection = AsyncConnection[DictRow]
_OF_A_TURN = ("speaker", "scopes", "sums")  # what a turn's sealed part hands out beside its words


@dataclass(frozen=True, slots=True)
class Trail:
    """The rows of one session, in the order in which they happened."""

    head: Row
    turns: list[Row]
    speech: list[Row]
    transitions: list[Row]
    guards: list[Row]
    evidence: list[Row]
    facts: list[Row]
    capabilities: list[Row]
    tool_calls: list[Row]
    proposals: list[Row]
    messages: list[Row]
    waiting: list[Row]
    undelivered: list[Row]


async def trail(connection: Connection, sealer: Sealer, session_id: str, limit: int) -> Trail | None:
    """One session as it stands, with its newest `limit` turns; one round trip in a pipeline."""
    names = (
        "inspect_session", "inspect_turns", "inspect_speech", "inspect_transitions", "inspect_guards",
        "inspect_evidence", "inspect_facts", "inspect_capabilities", "inspect_tool_calls", "inspect_proposals",
        "inspect_messages", "inspect_waiting", "inspect_undelivered",
    )  # fmt: skip
    values = {"session_id": session_id, "limit": limit}
    async with connection.pipeline():
        cursors = [await connection.execute(SQL[name], values) for name in names]
        found = dict(zip(names, [await cursor.fetchall() for cursor in cursors], strict=True))
    heads = found["inspect_session"]
    if not heads:
        return None
    recording = heads[0]["recording"]
    return Trail(
        head={**without_seals(heads[0]), "buyer": buyer_of(sealer, heads[0])},
        turns=[_turn(sealer, row, recording) for row in found["inspect_turns"]],
        speech=[_speech(sealer, row, recording) for row in found["inspect_speech"]],
        transitions=found["inspect_transitions"],
        guards=found["inspect_guards"],
        evidence=found["inspect_evidence"],
        facts=[_fact(sealer, row, recording) for row in found["inspect_facts"]],
        capabilities=found["inspect_capabilities"],
        tool_calls=found["inspect_tool_calls"],
        proposals=found["inspect_proposals"],
        messages=[_message(sealer, row) for row in found["inspect_messages"]],
        waiting=[_waiting(sealer, row, recording) for row in found["inspect_waiting"]],
        undelivered=found["inspect_undelivered"],
    )


async def audit(connection: Connection, sealer: Sealer, session_id: str) -> list[Row]:
    """The chain with its payloads; the payload of an erased row is None."""
    found = await (await connection.execute(SQL["inspect_audit"], {"session_id": session_id})).fetchall()
    return [{**without_seals(row), "opened": sealer.open(row["sealed"]) if row["sealed"] else None} for row in found]


def _turn(sealer: Sealer, row: Mapping[str, Any], recording: str) -> Row:
    inside = sealer.open(row["sealed"])
    opened = {key: inside.get(key) for key in _OF_A_TURN}
    hidden = kept_back(recording, row["channel"])
    return {**without_seals(row), **opened, "words": None if hidden else inside.get("words"), "hidden": hidden}


def _speech(sealer: Sealer, row: Mapping[str, Any], recording: str) -> Row:
    inside = sealer.open(row["sealed"])
    hidden = kept_back(recording, row["channel"])
    return {
        **without_seals(row),
        "words": None if hidden else inside.get("words"),
        "heard_words": None if hidden else inside.get("heard_words"),
        "hidden": hidden,
    }


def _fact(sealer: Sealer, row: Mapping[str, Any], recording: str) -> Row:
    inside = sealer.open(row["sealed"])
    hidden = kept_back(recording, row["channel"])
    return {
        **without_seals(row),
        "value": inside.get("value"),
        "unit": inside.get("unit"),
        "quote": None if hidden else inside.get("quote"),
    }


def _message(sealer: Sealer, row: Mapping[str, Any]) -> Row:
    return {**without_seals(row), "body": sealer.open(row["sealed"]).get("body")}


def _waiting(sealer: Sealer, row: Mapping[str, Any], recording: str) -> Row:
    inside = sealer.open(row["sealed"])
    return {**without_seals(row), "words": None if kept_back(recording, row["channel"]) else inside.get("text")}
