"""The inbox: events stored before anything else, the lease of who serves them, and what became of each."""

import base64
import json
from datetime import datetime
from typing import Any

from domain.contact import Identity
from domain.errors import BadInput, EventFailed, ThroughlineError
from domain.events import Event, EventKind
from domain.results import SpeechLine, TurnResult
from domain.stages import Channel
from memory.attempt import Attempt
from memory.contacts import WON_FOR, new_session
from memory.database import Pool
from memory.lease import Lease, Renewal
from memory.news import News
from memory.queries import SQL
from memory.sealing import Sealer
from memory.trail import link_row

LEASE_S = 5.0


class Inbox:
    """`quick` is a pool whose commits do not wait for the disk: for leases, which a crash may lose."""

    def __init__(
        self, pool: Pool, quick: Pool, sealer: Sealer, news: News | None = None, lease_s: float = LEASE_S
    ) -> None:
        self._pool, self._quick, self._sealer, self._lease_s = pool, quick, sealer, lease_s
        self.news = news or News(quick)

    async def open_session(self, identity: Identity, now: datetime, channel: Channel, label: str) -> str:
        async with self._pool.connection() as connection:
            return await new_session(connection, self._sealer, identity, now, channel, label)

    # ---- events
    async def arrive(self, identity: Identity, event: Event, owner: str) -> tuple[str, Lease | None] | None:
        """Store an event with the session that goes on with this buyer, and take its lease where that is free.

        None where there is no such session, or the event was stored before.
        """
        known = self._sealer.digest(identity.kind, identity.value)
        return await self._take_in(event, owner, identity_hash=known, session_id=None)

    async def store(self, session_id: str, event: Event, owner: str) -> Lease | None:
        """Store an event, once, and take the session's lease where that is free.

        Raises BadInput where the event's id belongs to another session.
        """
        stored = await self._take_in(event, owner, identity_hash=None, session_id=session_id)
        if stored is None:
            known = await self._one("event_status", turn_id=event.turn_id)
            if known and known["session_id"] != session_id:
                raise BadInput(
                    "turn_id", f"{event.turn_id!r} belongs to another session", "Give every event an id of its own."
                )
        return stored[1] if stored else None

    async def _take_in(self, event: Event, owner: str, **where: str | None) -> tuple[str, Lease | None] | None:
        since = event.at - WON_FOR
        row = await self._one("arrive", owner=owner, ttl=self._lease_s, won_since=since, **where, **self._row(event))
        if row is None:
            return None
        first = self._event(row) if row["turn_id"] else event
        return row["session_id"], Lease(first, row["head"], row["situation"]) if row["leased"] else None

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "turn_id": event.turn_id,
            "kind": event.kind.value,
            "channel": event.channel.value if event.channel else None,
            "at": event.at,
            "sealed": self._sealer.seal(dict(event.data)),
        }

    async def note_heard(self, session_id: str, event: Event) -> bool:
        """Write what was heard or delivered; True where a transition waits for it, so that the graph has to run."""
        data = event.data
        heard = event.kind is EventKind.HEARD
        row = await self._one(
            "note_heard",
            session_id=session_id,
            status=data.get("status", "heard") if heard else "heard",
            at=event.at,
            speech_ids=[data["speech_id"]] if heard else list(data.get("speech_ids", [])),
            sealed=self._sealer.seal({"words": data["words"]})
            if data.get("words") and data.get("status") == "partly"
            else None,
            turn_id=event.turn_id,
            kind=event.kind.value,
            channel=event.channel.value if event.channel else None,
            event=self._sealer.seal(dict(data)),
        )
        if row is None:
            known = await self._one("event_status", turn_id=event.turn_id)
            return known is not None and known["status"] == "new"
        return row["status"] == "new"

    def _event(self, row: dict[str, Any]) -> Event:
        channel = Channel(row["channel"]) if row["channel"] else None
        return Event(row["turn_id"], EventKind(row["kind"]), row["at"], channel, self._sealer.open(row["sealed"]))

    async def is_done(self, turn_id: str) -> bool:
        row = await self._one("event_status", turn_id=turn_id)
        return row is not None and row["status"] == "done"

    async def count_attempt(self, turn_id: str, most: int) -> bool:
        """Count a try that failed; True where it was the last and people have to look at the event."""
        row = await self._one("count_attempt", turn_id=turn_id, most=most)
        return row is not None and row["status"] == "dead"

    async def result(self, session_id: str, turn_id: str) -> TurnResult | None:
        """The stored answer of a turn, or None while it was not run."""
        row = await self._one("turn_result", turn_id=turn_id)
        if row is None:
            known = await self._one("event_status", turn_id=turn_id)
            if known and known["status"] == "dead":
                raise EventFailed(turn_id)
            return None
        speech = tuple(self._line(p) for p in row["speech"])
        fired, refused = tuple(row["fired"]), tuple(row["refused"])
        return TurnResult(
            turn_id, session_id, row["step"], row["overlay"], row["score"], row["confidence"], fired, speech, refused
        )

    def _line(self, row: dict[str, Any]) -> SpeechLine:
        words = self._sealer.open(base64.b64decode(row["sealed"]))["words"]
        return SpeechLine(
            row["speech_id"], row["act"], words, row["asks"], row["uninterruptible"], row["channel"], row["status"]
        )

    async def unheard(self, session_id: str, channel: Channel, since: datetime) -> list[SpeechLine]:
        """What waits to be spoken or shown, in order; whoever turn it came from."""
        rows = await self._all("unheard_speech", session_id=session_id, channel=channel.value, since=since)
        return [self._line(row) for row in rows]

    async def waiting(self, most: int) -> list[str]:
        return [row["session_id"] for row in await self._all("waiting_sessions", most=most)]

    async def due(self, now: datetime, most: int) -> list[tuple[str, str]]:
        """Turn due timers into inbox rows, in one transaction; a timer fires once."""
        async with self._pool.connection() as connection, connection.transaction():
            rows = await (await connection.execute(SQL["due_timers"], {"now": now, "most": most})).fetchall()
            rows.sort(key=lambda row: (row["due_at"], row["timer_id"]))
            for row in rows:
                turn_id = f"timer:{row['timer_id']}:{row['due_at'].isoformat()}"
                data = {"timer": row["kind"], "timer_id": row["timer_id"], "ref": row["ref"]}
                if row["effect"]:
                    data |= {"effect": row["effect"], "object": row["object"]}
                event = Event(turn_id, EventKind.TIMER, row["due_at"], None, data)
                await connection.execute(SQL["insert_event"], {"session_id": row["session_id"], **self._row(event)})
        return [(row["session_id"], row["timer_id"]) for row in rows]

    async def next_timer(self) -> datetime | None:
        row = await self._one("next_timer")
        return row["due_at"] if row else None

    # ---- lease
    async def take_lease(self, session_id: str, owner: str) -> Lease | None:
        """The lease, or None where another one holds it."""
        parameters = {"session_id": session_id, "owner": owner, "ttl": self._lease_s}
        async with self._quick.connection() as connection:
            row = await (await connection.execute(SQL["take_lease"], parameters)).fetchone()
        return Lease(self._event(row) if row["turn_id"] else None, row["head"], row["situation"]) if row else None

    def keep_lease(self, session_id: str, owner: str) -> Renewal:
        """Renew the lease until the returned renewal is cancelled: a long turn keeps its session."""
        parameters = {"session_id": session_id, "owner": owner, "ttl": self._lease_s}

        async def renew() -> None:
            async with self._quick.connection() as connection:
                await connection.execute(SQL["renew_lease"], parameters)

        return Renewal(renew, self._lease_s / 3)

    async def release_lease(self, session_id: str, owner: str) -> Event | None:
        """Give the lease back; or keep it and return the event that came in meanwhile."""
        async with self._quick.connection() as connection:
            row = await (
                await connection.execute(SQL["release_lease"], {"session_id": session_id, "owner": owner})
            ).fetchone()
        return self._event(row) if row else None

    async def drop_lease(self, session_id: str, owner: str) -> None:
        async with self._quick.connection() as connection:
            await connection.execute(SQL["drop_lease"], {"session_id": session_id, "owner": owner})

    # ---- looking and trying
    async def place(self, session_id: str) -> dict[str, Any]:
        row = await self._one("session_place", session_id=session_id)
        if row is None:
            raise BadInput("session_id", "no such session", "Take an id from the Sessions page.")
        return dict(row)

    async def policy_version(self) -> str:
        row = await self._one("active_version")
        if row is None:
            raise ThroughlineError("No policy is active.")
        return str(row["version"])

    async def capability(self, capability_id: str) -> dict[str, Any] | None:
        return await self._one("why_capability_refused", capability_id=capability_id)

    async def note_refusal(self, session_id: str, attempt: Attempt) -> None:
        """Put a refused use from outside of a turn on the trail: a tool call and a link of the session's chain."""
        async with self._pool.connection() as connection, connection.transaction():
            place = await (await connection.execute(SQL["lock_place"], {"session_id": session_id})).fetchone()
            if place is None:
                raise BadInput("session_id", "no such session", "Take an id from the Sessions page.")
            seq = int(place["audit_seq"]) + 1
            parameters = {
                "session_id": session_id,
                "turn_id": attempt.turn_id,
                "scope": attempt.scope,
                "stage": place["stage"],
                "capability_id": attempt.capability_id,
                "policy_version": attempt.policy_version,
                "reason": attempt.guard,
                "object": attempt.object_id,
                "now": attempt.at,
                "call_key": f"{session_id}:{attempt.turn_id}:{attempt.scope}:0",
            }
            await connection.execute(SQL["refused_call"], parameters)
            row = link_row(self._sealer, seq, place["audit_hash"], attempt.at, "system", "use_refused", attempt.payload)
            await connection.execute(SQL["insert_audit"], {**parameters, "rows": json.dumps([row])})
            moved = {"session_id": session_id, "seq": seq, "hash": row["hash"]}
            await connection.execute(SQL["move_audit"], moved)

    async def _one(self, query: str, **parameters: Any) -> dict[str, Any] | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(SQL[query], parameters)
            return await cursor.fetchone() if cursor.description else None

    async def _all(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        async with self._pool.connection() as connection:
            return list(await (await connection.execute(SQL[query], parameters)).fetchall())
