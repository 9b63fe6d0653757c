"""The one door to the chain: events come in, each is stored, run once under the session's lease, and answered."""

import asyncio
import logging
import uuid
from contextlib import suppress
from datetime import datetime
from itertools import count
from typing import Any

from langchain_core.runnables import RunnableConfig

from domain.contact import Identity
from domain.errors import EffectRefused, EventFailed, TurnConflict
from domain.events import Event, EventKind
from domain.ports import Clock, PolicyBook
from domain.results import SpeechLine, TurnResult, from_values
from domain.stages import Channel
from graph import probes
from graph.attempts import why_not
from memory.attempt import Attempt
from memory.database import Gone
from memory.inbox import Inbox
from memory.lease import Lease
from memory.run import Run, running
from nodes.reading.cards import card_spans, redact

_log = logging.getLogger(__name__)
SAFE_LINE = "safe_line"  # a turn that could not be decided: it says so and becomes a task for people
MOST_DECISIONS = 3  # how often a turn is decided again after a refusal
MOST_CONFLICTS = 20  # how often a turn is run again because another one came first
MOST_ATTEMPTS = 5  # how often an event may fail before people have to look at it
DROP_S = 1.0  # how long a lease that cannot be given back is tried; it runs out by itself


class ChainService:
    """Async. One instance a process; any number of processes may serve the same sessions."""

    def __init__(self, app: Any, inbox: Inbox, clock: Clock, policies: PolicyBook, owner: str | None = None) -> None:
        self.app, self.inbox, self.clock, self.policies = app, inbox, clock, policies
        self.owner = owner or f"runner:{uuid.uuid4().hex[:12]}"
        self._runs = count(1)
        self._results: dict[str, TurnResult] = {}

    # ---- events in
    async def arrive(
        self,
        channel: Channel,
        identity: Identity,
        *,
        turn_id: str,
        words: str | None = None,
        data: dict[str, Any] | None = None,
        label: str = "",
    ) -> TurnResult:
        """A buyer is there, with or without words: the contact's session goes on, or a new one opens."""
        kind = EventKind.ARRIVED if words is None else EventKind.WORDS
        payload = {**(data or {}), **({} if words is None else {"text": words})}
        event = without_cards(Event(turn_id, kind, self.clock.now(), channel, payload))
        owner = self._new_owner()
        arrived = await self.inbox.arrive(identity, event, owner)
        if arrived is None:
            session_id = await self.inbox.open_session(identity, event.at, channel, label)
            return await self.submit(session_id, event)
        session_id, lease = arrived
        return await self._served(session_id, turn_id, owner, lease)

    async def submit(self, session_id: str, event: Event) -> TurnResult:
        """Store the event and run it. A duplicate turn_id gets the stored answer and changes nothing."""
        event, owner, lease = without_cards(event), self._new_owner(), None
        if event.kind in (EventKind.HEARD, EventKind.DELIVERED):
            if not await self.inbox.note_heard(session_id, event):
                return await self._no_turn(session_id, event)
        else:
            lease = await self.inbox.store(session_id, event, owner)
        return await self._served(session_id, event.turn_id, owner, lease)

    async def _no_turn(self, session_id: str, event: Event) -> TurnResult:
        place = await self.inbox.place(session_id)
        return TurnResult(event.turn_id, session_id, place["step"], place["overlay"], 0.0, 0.0, (), (), (), ran=False)

    async def _served(self, session_id: str, turn_id: str, owner: str, lease: Lease | None) -> TurnResult:
        """Run the session's queue until this event is served, here or by another runner."""
        probes.reached("after_inbox")
        wait = 0.002
        while True:
            try:
                if lease:
                    await self._run_leased(session_id, owner, lease)
                else:
                    await self.run_inbox(session_id)
            except EventFailed as failed:
                if failed.turn_id == turn_id:
                    raise
            lease = None
            done = self._results.pop(turn_id, None) or await self.inbox.result(session_id, turn_id)
            if done:
                return done
            await asyncio.sleep(wait)
            wait = min(wait * 1.5, 0.05)

    # ---- running
    async def run_inbox(self, session_id: str) -> int:
        """Serve the session's waiting events in order, while the lease is ours. Returns how many were served."""
        owner = self._new_owner()
        lease = await self.inbox.take_lease(session_id, owner)
        return await self._run_leased(session_id, owner, lease) if lease else 0

    def _new_owner(self) -> str:
        return f"{self.owner}:{next(self._runs)}"  # also within a process one run at a time has the session

    async def _run_leased(self, session_id: str, owner: str, lease: Lease) -> int:
        probes.reached("after_lease")
        served, event, run = 0, lease.event, Run(lease.head, lease.situation)
        renewal = self.inbox.keep_lease(session_id, owner)
        try:
            while event is not None:
                with running(run):
                    result = await self._run(session_id, event)
                if result:
                    self._keep(result)
                served += 1
                event = await self.inbox.release_lease(session_id, owner) if run.more else None
                run = Run()
            if served == 0:
                await self.inbox.drop_lease(session_id, owner)
            else:
                self.inbox.news.tell(session_id)
            return served
        except BaseException:
            with suppress(TimeoutError, *Gone):
                async with asyncio.timeout(DROP_S):
                    await self.inbox.drop_lease(session_id, owner)
            raise
        finally:
            renewal.cancel()
            probes.reached("before_speech")

    def _keep(self, result: TurnResult) -> None:
        self._results[result.turn_id] = result
        while len(self._results) > 256:
            self._results.pop(next(iter(self._results)))

    async def _run(self, session_id: str, event: Event) -> TurnResult | None:
        """One event to one commit; a refused effect, a lost race or a fault decides the turn again."""
        refusal: dict[str, Any] | None = None
        decisions = 1
        for _ in range(MOST_CONFLICTS):
            try:
                return await self._turn(session_id, event, refusal)
            except TurnConflict:
                if await self.inbox.is_done(event.turn_id):
                    return None
            except EffectRefused as refused:
                decisions += 1
                kind = refused.kind if decisions <= MOST_DECISIONS else SAFE_LINE
                refusal = {
                    "kind": kind,
                    "guard": refused.guard,
                    "why": refused.why,
                    "decisions": decisions,
                    **refused.detail,
                }
                if decisions > MOST_DECISIONS + 1:
                    await self.inbox.count_attempt(event.turn_id, MOST_ATTEMPTS)
                    raise EventFailed(event.turn_id) from refused
            except Gone:
                raise  # nobody's fault but the database's: the event stays, and is run when it is back
            except Exception as fault:
                # The edge of a turn: whatever failed, the buyer is answered and people see it. A second one ends it.
                _log.exception(
                    "turn failed", extra={"action": "turn_failed", "session": session_id, "fault": type(fault).__name__}
                )
                if await self.inbox.is_done(event.turn_id):
                    return None  # the gate raised: what it shows was committed
                if await self.inbox.count_attempt(event.turn_id, MOST_ATTEMPTS) or (
                    refusal and refusal["kind"] == SAFE_LINE
                ):
                    raise EventFailed(event.turn_id) from fault
                refusal = {
                    "kind": SAFE_LINE,
                    "guard": "turn_without_fault",
                    "why": type(fault).__name__,
                    "decisions": decisions + 1,
                }
        raise TurnConflict(f"session {session_id}: event {event.turn_id} lost {MOST_CONFLICTS} races")

    async def _turn(self, session_id: str, event: Event, refusal: dict[str, Any] | None) -> TurnResult:
        config: RunnableConfig = {"configurable": {"thread_id": session_id}}
        given = {"session_id": session_id, "event": event.to_json(), "refusal": refusal}
        values = await self.app.ainvoke(given, config, durability="exit")
        return from_values(session_id, values, event.turn_id)

    async def fire_due(self, now: datetime, most: int = 50) -> int:
        """Timers that have come become events of their sessions, and run. Returns how many."""
        due = await self.inbox.due(now, most)
        for session_id in dict.fromkeys(session_id for session_id, _ in due):
            await self.run_inbox(session_id)
        return len(due)

    async def recover(self, most: int = 50) -> int:
        """Serve events that a runner left behind. Returns how many sessions were looked at."""
        waiting = await self.inbox.waiting(most)
        for session_id in waiting:
            await self.run_inbox(session_id)
        return len(waiting)

    # ---- looking
    async def snapshot(self, session_id: str) -> dict[str, Any]:
        """The state's values, as the last turn left them."""
        state = await self.app.aget_state({"configurable": {"thread_id": session_id}})
        return dict(state.values)

    async def attempt(
        self, session_id: str, scope: str, *, capability_id: str | None = None, object_id: str | None = None
    ) -> str | None:
        """Try to use authority outside of a turn: the guard that refuses it, on the trail; None where it is allowed."""
        values = await self.snapshot(session_id)
        version = await self.inbox.policy_version()
        policy = await self.policies.current(version, values["place"].get("region"), None)
        row = await self.inbox.capability(capability_id) if capability_id else None
        guard = why_not(values, policy, scope, capability_id, row, self.clock.now())
        if guard:
            turn_id = f"attempt:{uuid.uuid4().hex}"
            await self.inbox.note_refusal(
                session_id, Attempt(turn_id, scope, guard, version, self.clock.now(), capability_id, object_id)
            )
        return guard


def without_cards(event: Event) -> Event:
    """Card numbers are taken out of words before anything is stored."""
    text = event.data.get("text")
    if event.kind is not EventKind.WORDS or not isinstance(text, str):
        return event
    spans = card_spans(text)
    if not spans:
        return event
    data = {**event.data, "text": redact(text, spans), "card_removed": True}
    return Event(event.turn_id, event.kind, event.at, event.channel, data)


__all__ = ["ChainService", "SpeechLine", "TurnResult", "without_cards"]
