"""The life of one call in its job: taken, served, watched, and left so that the next one knows where it stands."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from livekit.agents import AgentSession, JobContext, room_io

from domain.errors import EventFailed, TurnConflict
from domain.state import part
from graph.bootstrap import World, articles, open_world, service_of
from graph.calls import DEAD_AFTER_S, Call, Calls, CallState, Gone, Serving, calls_of, told
from graph.service import ChainService
from graph.settings import Settings
from livekit import rtc
from livekit.beside import beside, vital
from livekit.bridge import Decider, connect, leave
from livekit.call_clock import CallClock
from livekit.conversation import Conversation
from livekit.job_metadata import call_of
from livekit.speech import build_stt, build_tts, fixed_sentences, key_terms
from livekit.voice import VoiceProfile

_log = logging.getLogger(__name__)
BUYER = "buyer-"  # what a buyer's identity in a room begins with; the rest is random
EMPTY_S = 90.0  # longer than any stage waits for a buyer whose line was lost
_BEAT_S = DEAD_AFTER_S / 3
_RETRY_S = 1.0


class Reason(StrEnum):
    """Why a job leaves its call. Only the first three end the call; after the others another job goes on with it."""

    GOODBYE = "goodbye"
    LEFT = "left"
    DELETED = "room_deleted"
    TAKEN = "taken_over"
    LOST = "room_lost"
    FAILED = "session_failed"

    @property
    def final(self) -> bool:
        return self in (Reason.GOODBYE, Reason.LEFT, Reason.DELETED)


def room_options() -> room_io.RoomOptions:
    """Every switch of what goes between room and session. Typed words come by the API, never by the room."""
    return room_io.RoomOptions(
        text_input=False,
        video_input=False,
        audio_input=room_io.AudioInputOptions(sample_rate=24_000, num_channels=1, frame_size_ms=20),
        audio_output=room_io.AudioOutputOptions(sample_rate=24_000, num_channels=1),
        text_output=room_io.TextOutputOptions(sync_transcription=True),
        close_on_disconnect=False,
        delete_room_on_close=False,
    )


async def serve(ctx: JobContext, settings: Settings) -> None:
    """The job's whole work; returns when the call is over or belongs to another job."""
    call_id = call_of(ctx.job.metadata)
    async with open_world(settings, size=4) as world:
        calls = calls_of(world)
        before = await calls.call(call_id) if call_id else None
        if before is None or before.room != ctx.job.room.name:
            _log.error("a job without a call", extra={"action": "job_refused", "job": ctx.job.id})
            ctx.shutdown("no such call")
            return
        service = service_of(world)
        profile = await profile_now(world, service)
        serving = Serving(ctx.job.id, ctx.worker_id, ctx.local_participant_identity, profile.hash)
        call = await calls.claim_call(call_id, serving, world.clock.now())
        if call is None:
            ctx.shutdown("served by another job")
            return
        since = before.started_at if before.state is CallState.ACTIVE and before.session_id else None
        await CallJob(ctx, world, service, calls, call, profile, since).run()


async def profile_now(world: World, service: ChainService) -> VoiceProfile:
    """Of the policy in force, without overlays of region and product: so that it is the same in every role."""
    version = await service.inbox.policy_version()
    return VoiceProfile.of(await world.policies.current(version, None, None), world.settings)


@dataclass(slots=True, eq=False)
class CallJob:
    """One call, from the claim to the end. `since`: a job before this one served it from then on, and died."""

    ctx: JobContext
    world: World
    service: ChainService
    calls: Calls
    call: Call
    profile: VoiceProfile
    since: datetime | None
    hands_on: bool = False  # another job goes on with the call
    over: asyncio.Queue[Reason] = field(default_factory=lambda: asyncio.Queue[Reason]())

    async def run(self) -> None:
        settings, catalogue = self.world.settings, self.world.catalogue
        self.ctx.room.on("disconnected", self._disconnected)
        connecting = asyncio.create_task(self.ctx.connect())
        conversation = Conversation(self.call, self.service, self.calls, self.ctx.job.id)
        voice = build_tts(settings, self.profile, fixed_sentences(self.world.lines, catalogue, articles()))
        terms = key_terms(catalogue)
        ear = build_stt(settings, terms, call=self.call.call_id, detection=self.profile.hearing())
        session: AgentSession = AgentSession(stt=ear, tts=voice, llm=Decider(), **self.profile.session_options())
        session.on("close", lambda _: self._failed())
        await connecting
        async with self._speaking(session, conversation):
            lasted = self.world.clock.now() - (self.call.started_at or self.world.clock.now())
            clock = CallClock(conversation, session, self.profile, lasted.total_seconds())
            work = [self._beats(), self._news(conversation), clock.run(), self._goodbye(conversation), voice.fill()]
            buyers = vital(self._buyers(session, conversation, clock, terms), self._failed)
            async with beside(*work, buyers):
                reason = await self.over.get()
            self.hands_on = not reason.final
            if reason.final:
                await conversation.line_down()
        if reason.final and await self.calls.end_call(
            self.call.call_id, self.world.clock.now(), reason.value, self.ctx.job.id
        ):
            await self.ctx.delete_room()
        self.ctx.shutdown(reason.value)

    @asynccontextmanager
    async def _speaking(self, session: AgentSession, conversation: Conversation) -> AsyncGenerator[None]:
        """The session while it runs. What was heard of the last line, and the buyer's last words, are stored before the
        job is gone."""
        agent = connect(conversation, session, self.profile)
        await session.start(agent, room=self.ctx.room, record=False, session_host=False, room_options=room_options())
        assert conversation.mouth
        conversation.mouth.begin()
        try:
            yield
        finally:
            await leave(agent, session, conversation, hands_on=self.hands_on)

    # ---- beside the talk
    async def _beats(self) -> None:
        """As long as the heart beats the call is this job's; a database that is away stops no heart."""
        while True:
            try:
                if not await self.calls.beat(self.call.call_id, self.ctx.job.id):
                    self.over.put_nowait(Reason.TAKEN)
            except Gone:
                _log.warning("no heartbeat", extra={"action": "beat_missed", "call": self.call.call_id})
            await asyncio.sleep(_BEAT_S)

    async def _news(self, conversation: Conversation) -> None:
        """What others commit for the session is spoken at once; after a break, what was missed."""
        while True:
            try:
                async with told(self.world) as notices:
                    if conversation.session_id:
                        await self._learn(conversation, waits=True)
                    async for notice in notices:
                        if notice.session_id == conversation.session_id:
                            await self._learn(conversation, waits=notice.waits)
            except Gone:
                _log.warning("not told of news", extra={"action": "news_lost", "call": self.call.call_id})
            await asyncio.sleep(_RETRY_S)

    async def _learn(self, conversation: Conversation, *, waits: bool) -> None:
        """An event that cannot be served now is somebody's matter; the next news is still ours."""
        try:
            if waits:
                await conversation.serve()
        except (EventFailed, TurnConflict) as fault:
            extra = {"action": "news_failed", "call": self.call.call_id, "fault": type(fault).__name__}
            _log.error("an event of a call failed", extra=extra)
        await conversation.look()

    def _failed(self) -> None:
        self.over.put_nowait(Reason.FAILED)

    async def _goodbye(self, conversation: Conversation) -> None:
        await conversation.over.wait()
        self.over.put_nowait(Reason.GOODBYE)

    def _disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        deleted = reason == rtc.DisconnectReason.ROOM_DELETED
        self.over.put_nowait(Reason.DELETED if deleted else Reason.LOST)

    # ---- the buyer's coming and going
    async def _buyers(
        self, session: AgentSession, conversation: Conversation, clock: CallClock, terms: list[str]
    ) -> None:
        """Who joins again, in whatever name, is the same buyer; an empty room is kept for as long as a stage waits."""
        presence: asyncio.Queue[str | None] = asyncio.Queue()
        self.ctx.room.on("participant_connected", lambda p: presence.put_nowait(p.identity))
        self.ctx.room.on("participant_disconnected", lambda _: presence.put_nowait(None))
        for participant in self.ctx.room.remote_participants.values():
            presence.put_nowait(participant.identity)
        there = False
        clock.listening = False
        while True:
            try:
                async with asyncio.timeout(None if there else EMPTY_S):
                    came = await presence.get()
            except TimeoutError:
                self.over.put_nowait(Reason.LEFT)
                return
            if came and came.startswith(BUYER):
                session.room_io.set_participant(came)
                await self._greet(session, conversation, terms)
                there = clock.listening = True
            elif came is None and there and not self._buyer_there():
                there = clock.listening = False
                await conversation.line_down()

    async def _greet(self, session: AgentSession, conversation: Conversation, terms: list[str]) -> None:
        """However long the database is away: who joined is not left in silence for ever."""
        while True:
            try:
                return await self._greeted(session, conversation, terms)
            except Gone:
                _log.warning("a buyer waits for the database", extra={"action": "greet", "call": self.call.call_id})
            await asyncio.sleep(_RETRY_S)

    async def _greeted(self, session: AgentSession, conversation: Conversation, terms: list[str]) -> None:
        await (conversation.take_over(self.since) if self.since else conversation.arrive())
        self.since = None
        if conversation.session_id:
            facts = part(await conversation.service.snapshot(conversation.session_id), "facts")
            names = [str(facts[key]["value"]) for key in ("contact.name", "contact.company") if key in facts]
            session.update_options(keyterms=[*terms, *names])

    def _buyer_there(self) -> bool:
        return any(p.identity.startswith(BUYER) for p in self.ctx.room.remote_participants.values())
