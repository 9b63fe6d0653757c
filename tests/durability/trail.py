"""What a session has left in the tables: its trail, to be compared with another one's, and what must hold in any."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from domain.audit_chain import verify
from memory.playback import TABLES, Row, Tables, read_tables
from tests.durability.house import SEALER

_NO_TURN = ("heard", "delivered")  # noted in a small commit of their own, unless a transition waits for them
_CHECKPOINTS = """select thread_id as session_id, checkpoint_id, parent_checkpoint_id from checkpoints
                  where checkpoint_ns = '' order by thread_id, checkpoint_id"""
_ORPHANS = """select thread_id as session_id, channel from checkpoint_writes w where not exists (
                select from checkpoints c where c.thread_id = w.thread_id and c.checkpoint_id = w.checkpoint_id)"""
# Of each table what must be the same in two sessions that said the same; identifiers, addresses and hours differ.
_KEPT: Mapping[str, tuple[str, ...]] = {
    "turns": ("turn", "kind", "channel", "step_before", "step_after", "overlay_after", "epoch", "decisions"),
    "speech": ("turn", "ordinal", "act", "channel", "asks", "status"),
    "facts": ("turn", "type", "key", "status"),
    "evidence": ("turn", "ordinal", "type", "change"),
    "transitions": ("turn", "ordinal", "transition", "step_before", "step_after", "epoch"),
    "guard_results": ("turn", "ordinal", "transition", "guard", "held"),
    "capabilities": ("turn", "stage", "epoch", "scope", "uses_left"),
    "tool_calls": ("turn", "scope", "stage", "capability_stage", "outcome", "reason"),
    "bookings": ("resource", "state"),
    "quotes": ("version", "status"),
    "contracts": ("status",),
    "payments": ("attempt", "amount", "status"),
    "outbox": ("kind", "channel", "transition", "status", "attempts", "reason"),
    "crm_records": ("seq", "name", "transition"),
    "crm_deliveries": ("seq", "name"),
    "calendar_events": ("state",),
    "messages": ("channel", "status"),
    "timers": ("kind", "status"),
    "audit": ("seq", "actor", "action"),
    "inbox": ("kind", "channel", "status"),
}


@dataclass(frozen=True, slots=True)
class Left:
    """Everything that is in a database."""

    tables: Tables
    checkpoints: tuple[Row, ...]
    orphans: tuple[Row, ...]  # what was written for checkpoints that are not there

    def of(self, table: str, session_id: str) -> list[Row]:
        return [row for row in self.tables[table] if row.get("session_id") == session_id]

    def turn(self, table: str, turn_id: str) -> list[Row]:
        return [row for row in self.tables[table] if row["turn_id"] == turn_id]

    def session(self, session_id: str) -> Row:
        return self.of("sessions", session_id)[0]


async def read_all(dsn: str) -> Left:
    async with await psycopg.AsyncConnection[dict[str, Any]].connect(dsn, row_factory=dict_row) as connection:
        tables = await read_tables(connection, SEALER)
        checkpoints = await (await connection.execute(_CHECKPOINTS)).fetchall()
        orphans = await (await connection.execute(_ORPHANS)).fetchall()
    return Left({name: tables[name] for name in TABLES}, tuple(checkpoints), tuple(orphans))


def trail(left: Left, session_id: str) -> dict[str, Any]:
    """The session without what is its own alone; rows without an order of their own are counted."""
    found: dict[str, Any] = {}
    for table, columns in _KEPT.items():
        found[table] = Counter(tuple(row[column] for column in columns) for row in left.of(table, session_id))
    place = left.session(session_id)
    found["place"] = {key: place[key] for key in ("step", "overlay", "epoch", "owner", "turns", "audit_seq", "outcome")}
    return found


def differences(reference: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Row by row what one trail has and the other has not."""
    found: list[str] = []
    for table, rows in reference.items():
        got = other[table]
        if got == rows:
            continue
        if isinstance(rows, Counter):
            found += [f"{table}: missing {row} x{n}" for row, n in (rows - got).items()]
            found += [f"{table}: too many {row} x{n}" for row, n in (got - rows).items()]
        else:
            found.append(f"{table}: {got} instead of {rows}")
    return found


def broken(left: Left, session_id: str) -> list[str]:
    """Every law of durability that the session breaks: nothing lost, nothing twice, one line of history."""
    checks = (_turns, _line_of_history, _chain, _speech, _effects, _records, _authority, _papers)
    return [f"{check.__name__.strip('_')}: {wrong}" for check in checks for wrong in check(left, session_id)]


def _turns(left: Left, session_id: str) -> Iterator[str]:
    turns, place = left.of("turns", session_id), left.session(session_id)
    if [row["turn"] for row in turns] != list(range(1, place["turns"] + 1)):
        yield f"numbered {[row['turn'] for row in turns]}, the session counts {place['turns']}"
    served = Counter(row["turn_id"] for row in turns)
    for event in left.of("inbox", session_id):
        if event["status"] != "done":
            yield f"{event['turn_id']} is {event['status']}"
        elif served[event["turn_id"]] != 1 and not (event["kind"] in _NO_TURN and served[event["turn_id"]] == 0):
            yield f"{event['turn_id']} was served {served[event['turn_id']]} times"
    stored = {row["turn_id"] for row in left.of("inbox", session_id)}
    for turn_id in served.keys() - stored:
        yield f"{turn_id} was served and never came"


def _line_of_history(left: Left, session_id: str) -> Iterator[str]:
    """One checkpoint per turn, each the only child of the one before it, and the head is the last."""
    points = [row for row in left.checkpoints if row["session_id"] == session_id]
    place = left.session(session_id)
    if len(points) != place["turns"]:
        yield f"{len(points)} checkpoints for {place['turns']} turns"
    names = [row["checkpoint_id"] for row in points]
    if [row["parent_checkpoint_id"] for row in points] != [None, *names][: len(names)]:
        yield "the checkpoints are not one line"
    if names and place["head"] != names[-1]:
        yield f"the head is {place['head']}, the last checkpoint {names[-1]}"
    for row in left.orphans:
        if row["session_id"] == session_id:
            yield f"{row['channel']} was written for a checkpoint that is not there"


def _chain(left: Left, session_id: str) -> Iterator[str]:
    rows = [{**row, "opened": row["inside"]} for row in left.of("audit", session_id)]
    found = verify(rows)
    if found:
        yield f"audit row {found.seq}: {found.why}"
    place = left.session(session_id)
    if rows and (place["audit_seq"], place["audit_hash"]) != (rows[-1]["seq"], rows[-1]["hash"]):
        yield "the session names another last link than the chain has"
    in_chain = Counter(row["turn_id"] for row in rows if row["action"] == "turn")
    if in_chain != Counter(row["turn_id"] for row in left.of("turns", session_id)):
        yield "turns and chain differ"


def _speech(left: Left, session_id: str) -> Iterator[str]:
    turns = {row["turn_id"] for row in left.of("turns", session_id)}
    ordinals: dict[str, list[int]] = {}
    for row in left.of("speech", session_id):
        ordinals.setdefault(row["turn_id"], []).append(row["ordinal"])
    for turn_id, found in ordinals.items():
        if turn_id not in turns:
            yield f"lines of {turn_id}, which was not committed"
        if sorted(found) != list(range(len(found))):
            yield f"{turn_id} says {sorted(found)}"


def _effects(left: Left, session_id: str) -> Iterator[str]:
    """What was committed has left once; nothing else has."""
    effects = left.of("outbox", session_id)
    for row in effects:
        if row["status"] not in ("delivered", "cancelled"):
            yield f"{row['effect_id']} is {row['status']} ({row['reason']})"
    done = {row["effect_id"]: row for row in effects if row["status"] == "delivered"}
    sent = Counter(row["message_id"] for row in left.of("messages", session_id))
    for effect_id in {name for name, row in done.items() if row["kind"] == "message"} - sent.keys():
        yield f"{effect_id} was delivered and is not with the carrier"
    for effect_id in [name for name, times in sent.items() if name not in done or times != 1]:
        yield f"the carrier has {effect_id} {sent[effect_id]} times, the outbox says otherwise"
    meetings = Counter(row["booking_id"] for row in left.of("calendar_events", session_id))
    if any(times != 1 for times in meetings.values()):
        yield f"meetings in the calendar: {dict(meetings)}"
    if set(meetings) != {row["object"] for row in done.values() if row["kind"] == "calendar_event"}:
        yield f"meetings in the calendar and in the outbox differ: {dict(meetings)}"


def _records(left: Left, session_id: str) -> Iterator[str]:
    ours, theirs = left.of("crm_records", session_id), left.of("crm_deliveries", session_id)
    if [row["seq"] for row in ours] != list(range(1, len(ours) + 1)):
        yield f"CRM records numbered {[row['seq'] for row in ours]}"
    if [row["record_key"] for row in ours] != [row["record_key"] for row in theirs]:
        yield f"the CRM has {[row['name'] for row in theirs]}, we have {[row['name'] for row in ours]}"
    waiting = [row["name"] for row in ours if row["delivered_at"] is None]
    if waiting:
        yield f"{waiting} are not marked as delivered"


def _authority(left: Left, session_id: str) -> Iterator[str]:
    """A capability has lost exactly the uses that calls name, and no call is without one."""
    allowed = {p["version"]: p["content"]["scopes"] for p in left.tables["policies"]}
    calls = [row for row in left.of("tool_calls", session_id) if row["outcome"] == "done"]
    used = Counter(row["capability_id"] for row in calls)
    minted = {row["capability_id"]: row for row in left.of("capabilities", session_id)}
    for name in used.keys() - minted.keys():
        yield f"{used[name]} uses of {name}, which was never minted"
    for name, row in minted.items():
        uses = int(allowed[row["policy_version"]][row["scope"]]["uses"])
        if uses - row["uses_left"] != used[name]:
            yield f"{row['scope']}: {used[name]} uses on the trail, {uses - row['uses_left']} taken"


def _papers(left: Left, session_id: str) -> Iterator[str]:
    for table, column in (("contracts", "quote_hash"), ("payments", "quote_hash"), ("quotes", "version")):
        for value, times in Counter(row[column] for row in left.of(table, session_id)).items():
            if times != 1:
                yield f"{times} {table} for {value}"
    booked = [row for row in left.of("bookings", session_id) if row["state"] == "booked"]
    if len(booked) > 1:
        yield f"{len(booked)} meetings are booked"
