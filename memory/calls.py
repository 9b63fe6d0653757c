"""The calls: who is on each, which job serves it, and what its turns took."""

import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from domain.calls import Call, CallState, CallTurn, Serving
from domain.contact import Identity
from memory.database import Pool
from memory.desk import notify_inbox, put_event
from memory.queries import SQL
from memory.sealing import Sealer

DEAD_AFTER_S = 3.0  # a job whose heart has not beaten for so long is taken for dead


@dataclass(frozen=True, slots=True)
class Notice:
    """`waits`: an event of the session waits for a runner; otherwise something was committed."""

    session_id: str
    waits: bool


@asynccontextmanager
async def notices(pool: Pool) -> AsyncGenerator[AsyncIterator[Notice]]:
    """What is announced of all sessions, on a connection of its own; ends when that is lost."""
    assert isinstance(pool.conninfo, str)
    async with await AsyncConnection.connect(pool.conninfo, autocommit=True) as connection:
        await connection.execute(SQL["listen_inbox"])
        await connection.execute(SQL["desk_listen"])
        yield (_notice(notice.channel, notice.payload) async for notice in connection.notifies())


def _notice(channel: str, payload: str) -> Notice:
    if channel == "throughline_inbox":
        return Notice(payload, waits=True)
    try:
        told: object = json.loads(payload)
    except ValueError:
        told = None
    return Notice(str(told.get("session", "")) if isinstance(told, dict) else "", waits=False)


class Calls:
    """Async; every statement is a commit of its own."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool, self._sealer = pool, sealer

    async def open_call(self, identity: Identity, now: datetime, label: str = "", room: str | None = None) -> Call:
        """A new call, or the one that the buyer is on. Neither its id nor its room's name says anything about them."""
        call_id = secrets.token_hex(12)
        sealed = self._sealer.seal({"kind": identity.kind, "value": identity.value, "verified": identity.verified})
        room = room or f"call-{secrets.token_hex(8)}"
        buyer = self._sealer.digest(identity.kind, identity.value)
        while True:
            await self._none("open_call", call_id=call_id, room=room, label=label, now=now, buyer=buyer, sealed=sealed)
            if found := await self.of(identity):
                return found  # none where another one's call has ended in between: then this one's can be opened

    async def of(self, identity: Identity) -> Call | None:
        """The call that this buyer is on, or was given a link to."""
        return self._call(await self._one("call_of_buyer", buyer=self._sealer.digest(identity.kind, identity.value)))

    async def call(self, call_id: str) -> Call | None:
        return self._call(await self._one("call_by_id", call_id=call_id))

    async def in_room(self, room: str) -> Call | None:
        return self._call(await self._one("call_by_room", room=room))

    async def live(self) -> list[Call]:
        return [self._opened(row) for row in await self._all("live_calls")]

    # ---- who serves it
    async def claim_dispatch(self, call_id: str, seen: int) -> bool:
        """To be asked before every dispatch, with the count that was seen: False where another one was faster."""
        return await self._one("claim_dispatch", call_id=call_id, seen=seen) is not None

    async def claim_call(
        self, call_id: str, serving: Serving, now: datetime, dead_after_s: float = DEAD_AFTER_S
    ) -> Call | None:
        """The call, which is this job's now; None where another job serves it or it is over: then the job leaves."""
        row = await self._one("claim_call", call_id=call_id, now=now, dead_after=dead_after_s, **asdict(serving))
        return self._call(row)

    async def beat(self, call_id: str, job_id: str) -> bool:
        """False: the call is over, or another job has it. The job must fall silent and leave."""
        return await self._one("beat_call", call_id=call_id, job_id=job_id) is not None

    async def link(self, call_id: str, session_id: str) -> None:
        await self._none("link_call", call_id=call_id, session_id=session_id)

    async def lost_calls(self, older_than_s: float = DEAD_AFTER_S) -> list[Call]:
        """Calls that were dispatched and that nobody serves, the longest waiting first."""
        return [self._opened(row) for row in await self._all("lost_calls", older_than=older_than_s)]

    async def end_call(self, call_id: str, now: datetime, reason: str, job_id: str | None = None) -> bool:
        """True for who ended it. With a job id only where that job still serves the call.

        Without one no job tells the session that the line is down, so it is stored with the end of the call.
        """
        ends = {"call_id": call_id, "now": now, "reason": reason, "job_id": job_id}
        async with self._pool.connection() as connection:
            async with connection.transaction():
                row = await (await connection.execute(SQL["end_call"], ends)).fetchone()
                session_id = row["session_id"] if row and job_id is None else None
                if session_id:
                    await put_event(
                        connection,
                        self._sealer,
                        turn_id=f"{call_id}:ended",
                        session_id=session_id,
                        kind="line",
                        channel="voice",
                        at=now,
                        data={"state": "down", "call_id": call_id},
                    )
            if session_id:
                await notify_inbox(connection, session_id)
        return row is not None

    async def end_untaken(self, before: datetime, now: datetime) -> None:
        """Calls that were offered before a moment and never taken up."""
        await self._none("end_untaken_calls", before=before, now=now)

    # ---- how its turns went
    async def put_turn(self, turn: CallTurn) -> None:
        """May be called again for the same turn as more becomes known."""
        values = asdict(turn)
        words = values.pop("words")
        await self._none(
            "put_call_turn", **values, sealed=None if words is None else self._sealer.seal({"words": words})
        )

    async def turns(self, call_id: str) -> list[CallTurn]:
        return [self._turn(row) for row in await self._all("call_turns", call_id=call_id)]

    # ---- rows
    def _turn(self, row: Mapping[str, Any]) -> CallTurn:
        values = dict(row)
        sealed = values.pop("sealed")
        return CallTurn(**values, words=self._sealer.open(sealed)["words"] if sealed else None)

    def _call(self, row: Mapping[str, Any] | None) -> Call | None:
        return None if row is None else self._opened(row)

    def _opened(self, row: Mapping[str, Any]) -> Call:
        values = dict(row)
        identity = Identity(**self._sealer.open(values.pop("sealed")))
        return Call(**{**values, "state": CallState(values["state"]), "identity": identity})

    async def _none(self, query: str, **parameters: Any) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(SQL[query], parameters)

    async def _one(self, query: str, **parameters: Any) -> dict[str, Any] | None:
        async with self._pool.connection() as connection:
            return await (await connection.execute(SQL[query], parameters)).fetchone()

    async def _all(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            return list(await (await connection.execute(SQL[query], parameters)).fetchall())
