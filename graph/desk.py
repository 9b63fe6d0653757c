"""The door for people: what waits for them, what they decide, what happened, and the buyer's side of a chat."""

from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from domain.audit_chain import Break, verify
from domain.contact import Identity
from domain.errors import BadInput
from domain.events import Event, EventKind
from domain.policy import Policy
from domain.ports import Clock, Lines, PolicyBook
from domain.refusal import Refused
from domain.stages import Channel
from graph.deciding import Decided, Deciding
from graph.desk_answers import Health, Queue, Review
from graph.eligibility import Operator, Verdict, needs_four_eyes
from graph.inspecting import SessionView
from graph.review import before_of, draft_of, editable, preview
from graph.undelivered import Again, Sent, send_again
from graph.urgency import beyond_limit, by_urgency, for_roles, waiting_of
from memory import desk as writes
from memory import inspection, views
from memory.contacts import open_session
from memory.database import Pool
from memory.inbox import Inbox
from memory.sealing import Sealer

__all__ = [
    "Again",
    "Decided",
    "Desk",
    "Health",
    "Operator",
    "Queue",
    "Review",
    "Sent",
    "SessionView",
    "Verdict",
]

LONGEST_WORDS = 10_000
Json = dict[str, Any]


class Desk:
    """Reads, and writes rows for others to run; it never runs the graph."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Clock, policies: PolicyBook, lines: Lines) -> None:
        self.pool, self.sealer, self.clock = pool, sealer, clock
        self.policies, self.lines = policies, lines
        self._deciding = Deciding(pool, sealer, clock, policies, lines)
        self._inbox = Inbox(pool, pool, sealer)  # it takes no leases here, so one pool will do

    # ---- approvals
    async def queue(self, operator: Operator, decided: int = 12) -> Queue:
        now = self.clock.now()
        async with writes.reached(self.pool) as connection:
            found = await views.open_proposals(connection, self.sealer)
            done = await views.decided_proposals(connection, decided)
        most = (await self.policy()).approval_rules.max_open_per_approver
        items = by_urgency(found, now)
        return Queue(items, done, beyond_limit(items, operator.roles, most, now), most, now)

    async def open_numbers(self) -> list[int]:
        """The numbers of the requests that can still be decided."""
        now = self.clock.now()
        async with writes.reached(self.pool) as connection:
            return [row["number"] for row in await views.open_rows(connection) if row["deadline"] > now]

    async def review(self, number: int, discount_pct: Decimal | None = None) -> Review | None:
        """A request by its number, as it stands or with another discount; writes nothing."""
        now = self.clock.now()
        async with writes.reached(self.pool) as connection:
            row = await views.proposal(connection, self.sealer, number)
        if row is None:
            return None
        draft = draft_of(row)
        policy = await self.policy(row["region"], draft.scope.product if draft else None)
        row = {**row, "waiting": waiting_of(row, now), "late": row["deadline"] <= now}
        seen = preview(row, policy, self.lines, discount_pct, now)
        return Review(row, policy, seen, before_of(row), draft, editable(row), needs_four_eyes(row, policy), now)

    async def decide(self, operator: Operator, verdict: Verdict) -> Decided | Refused:
        """Compare-and-set on the row's version; the wake-up of the session stands in the same transaction."""
        now, most = self.clock.now(), (await self.policy()).approval_rules.max_open_per_approver
        async with writes.reached(self.pool) as connection:
            waiting = await views.open_rows(connection)
        mine = for_roles(waiting, operator.roles)
        this = next((row for row in mine if verdict.approval_id in _ids(row)), None)
        if this and verdict.approve and this["proposal_id"] in beyond_limit(mine, operator.roles, most, now):
            return Refused(
                "max_open_per_approver", f"{most} more urgent requests are open for you: decide those first."
            )
        return await self._deciding.decide(operator, verdict)

    # ---- sessions
    async def sessions(self, limit: int = 200) -> list[Json]:
        now = self.clock.now()
        async with writes.reached(self.pool) as connection:
            found = await views.sessions(connection, self.sealer, limit)
        return [{**row, "waiting": waiting_of({**row, "buyer_at": row["last_at"]}, now)} for row in found]

    async def session(self, session_id: str, turns: int = 400) -> SessionView | None:
        """One session with its newest turns; None where there is no such session."""
        try:
            UUID(session_id)
        except ValueError:  # an address that somebody typed
            return None
        async with writes.reached(self.pool) as connection:
            trail = await inspection.trail(connection, self.sealer, session_id, turns)
        if trail is None:
            return None
        return SessionView(trail, await self.policy(trail.head["region"]), self.clock.now())

    async def audit(self, session_id: str) -> tuple[list[Json], Break | None]:
        """The chain of a session, and where it does not hold."""
        async with writes.reached(self.pool) as connection:
            found = await inspection.audit(connection, self.sealer, session_id)
        return found, verify(found)

    async def send_again(self, operator: Operator, again: Again) -> Sent | Refused:
        """Give a failed delivery its tries anew; the signature stands in the same transaction."""
        return await send_again(self.pool, self.sealer, self.clock, operator, again)

    # ---- the buyer's side
    async def session_of(self, identity: Identity) -> str | None:
        """The session an address is talking in, or its last one."""
        async with writes.reached(self.pool) as connection:
            return await views.session_of(connection, self._hash(identity))

    async def say(
        self,
        identity: Identity,
        words: str | None,
        turn_id: str,
        channel: Channel = Channel.CHAT,
        seen: str | None = None,
    ) -> str:
        """Words of a buyer, or their arrival without any; `seen` is the last line they had before them."""
        if words is not None and not words.strip():
            raise BadInput("words", "there is nothing in them", "Write something first.")
        text = (words or "")[:LONGEST_WORDS]
        data: Json = {} if words is None else {"text": text, **({"seen_through": seen} if seen else {})}
        return await self._put(
            identity, EventKind.ARRIVED if words is None else EventKind.WORDS, turn_id, channel, data
        )

    async def _put(self, identity: Identity, kind: EventKind, turn_id: str, channel: Channel, data: Json) -> str:
        now = self.clock.now()
        async with writes.reached(self.pool) as connection:
            async with connection.transaction():
                session_id = str(await open_session(connection, self.sealer, identity, now, channel, "talk"))
                await writes.put_event(
                    connection,
                    self.sealer,
                    turn_id=turn_id,
                    session_id=session_id,
                    kind=kind.value,
                    channel=channel.value,
                    at=now,
                    data=data,
                )
            await writes.notify_inbox(connection, session_id)
            await writes.notify_change(connection, session_id)
        return session_id

    async def delivered(self, session_id: str, speech_ids: Sequence[str]) -> None:
        """The chat client's acknowledgement: these lines were on the buyer's screen."""
        if not speech_ids:
            return
        event = Event(
            f"shown:{speech_ids[-1]}",
            EventKind.DELIVERED,
            self.clock.now(),
            Channel.CHAT,
            {"speech_ids": list(speech_ids)},
        )
        waited_for = await self._inbox.note_heard(session_id, event)
        async with writes.reached(self.pool) as connection:
            if waited_for:
                await writes.notify_inbox(connection, session_id)
            await writes.notify_change(connection, session_id)

    @staticmethod
    def turn_id() -> str:
        """A name for words that come from this console: a repeat of the same click is the same turn."""
        return f"chat:{uuid4()}"

    def _hash(self, identity: Identity) -> str:
        return self.sealer.digest(identity.kind, identity.value)

    # ---- the machinery
    async def policy(self, region: str | None = None, product: str | None = None) -> Policy:
        """The policy in force; raises BadInput where none was activated yet."""
        async with writes.reached(self.pool) as connection:
            active = await views.active_policy(connection)
        if active is None:
            raise BadInput(
                "policy", "no version is active", "Start the program once with `make run`: it activates one."
            )
        return await self.policies.current(active["version"], region, product)

    async def health(self) -> Health:
        async with writes.reached(self.pool) as connection:
            row, active = await views.health(connection), await views.active_policy(connection)
        beats: dict[str, int] = row["beats"] or {}
        return Health(
            runner_s=beats.get("api"),
            jobs_s=beats.get("jobs"),
            waiting_events=row["waiting_events"],
            dead_events=row["dead_events"],
            failed_effects=row["failed_effects"],
            open_proposals=row["open_proposals"],
            policy_version=active["version"] if active else "",
            policy_label=active["label"] if active else "",
        )

    async def changes(self) -> AsyncIterator[str]:
        """The sessions in which something was committed, as it happens; holds a connection."""
        async with writes.reached(self.pool) as connection, writes.changes(connection) as announced:
            async for session_id in announced:
                yield session_id


def _ids(row: Any) -> set[str]:
    return {str(a["approval_id"]) for a in row["approvals"]}
