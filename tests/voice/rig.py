"""A whole call in one process: real frames, the bundled detector of voices, and the durable turn on PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from livekit.agents import AgentSession
from livekit.agents.voice.transcription import TranscriptSynchronizer

from domain.contact import Identity
from graph.calls import Calls, Serving, calls_of, told
from livekit.bridge import Decider, connect, leave
from livekit.call_clock import CallClock
from livekit.conversation import Conversation
from livekit.voice import VoiceProfile
from tests.durability.house import House, RunningClock, opened, put_policy_in_force
from tests.voice.audio import Caller, Ear, Earpiece, Tone

BUYER = Identity("phone", "+15125550101")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is going on."""

    house: House
    calls: Calls
    conversation: Conversation
    session: AgentSession
    caller: Caller
    ear: Earpiece
    voice: Tone
    profile: VoiceProfile

    @property
    def session_id(self) -> str:
        return self.conversation.session_id

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.house.world.pool.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()  # pyright: ignore[reportArgumentType]

    async def speech(self) -> list[dict[str, Any]]:
        """The lines of the session in order, opened."""
        rows = await self.rows(
            "select * from speech where session_id = %s order by queued_at, ordinal", self.session_id
        )
        return [{**row, **self.house.world.sealer.open(row["sealed"])} for row in rows]

    async def turns(self) -> list[dict[str, Any]]:
        rows = await self.rows("select * from turns where session_id = %s order by turn", self.session_id)
        return [{**row, **self.house.world.sealer.open(row["sealed"])} for row in rows]

    async def quiet(self, timeout: float = 30.0) -> None:
        """Until nobody has anything to say any more, and everything is stored."""
        async with asyncio.timeout(timeout):
            calm = 0
            while calm < 5:
                await asyncio.sleep(0.05)
                assert self.conversation.mouth
                busy = self.conversation.busy or self.conversation.mouth.line or self.session.user_state == "speaking"
                calm = 0 if busy or self.session.agent_state == "thinking" else calm + 1
            await self.conversation.mouth.reported()  # pyright: ignore[reportOptionalMemberAccess]

    async def first_frame(self, after: float, timeout: float = 10.0) -> float:
        """When the caller first hears something after a moment."""
        return await self.until(lambda: next(iter(self.ear.times("first", after=after)), None), timeout)

    @staticmethod
    async def until(found: Callable[[], Any], timeout: float = 10.0) -> Any:
        async with asyncio.timeout(timeout):
            while not (value := found()):
                await asyncio.sleep(0.005)
            return value

    async def ask(self, words: str, **more: Any) -> float:
        """Say something and wait for the answer; returns milliseconds from the last sample to the first frame."""
        said = await self.caller.say(words, **more)
        first = await self.first_frame(said.ended)
        return (first - said.ended) * 1000


@asynccontextmanager
async def calling(
    dsn: str,
    *,
    detection: Any = None,
    per_word_s: float = 0.06,
    change: Callable[[VoiceProfile], VoiceProfile] = lambda profile: profile,
    furnished: bool = False,
    identity: Identity = BUYER,
) -> AsyncGenerator[Call]:
    """A call that was answered; the agent's greeting is on its way. `detection` None: the model of turns."""
    async with opened(dsn, clock=RunningClock(time.time()), size=6) as house:
        if not furnished:
            await put_policy_in_force(house)
        async with _answered(house, detection, Tone(per_word_s), change, identity) as call:
            yield call


@asynccontextmanager
async def _answered(
    house: House, detection: Any, voice: Tone, change: Callable[[VoiceProfile], VoiceProfile], identity: Identity
) -> AsyncGenerator[Call]:
    world, calls = house.world, calls_of(house.world)
    version = await house.service.inbox.policy_version()
    profile = change(VoiceProfile.of(await world.policies.current(version, None, None), world.settings))
    row = await calls.open_call(identity, world.clock.now(), "test")
    await calls.claim_dispatch(row.call_id, 0)
    claimed = await calls.claim_call(row.call_id, Serving("job", "worker", "agent", profile.hash), world.clock.now())
    assert claimed
    caller, ear = Caller(), Earpiece()
    conversation = Conversation(claimed, house.service, calls, "job")
    session: AgentSession = AgentSession(
        stt=Ear(caller), tts=voice, llm=Decider(), **profile.session_options(detection)
    )
    agent = connect(conversation, session, profile)
    sync = TranscriptSynchronizer(next_in_chain_audio=ear, next_in_chain_text=None)  # pyright: ignore[reportArgumentType]
    session.input.audio = caller
    session.output.audio, session.output.transcription = sync.audio_output, sync.text_output
    await session.start(agent, record=False, session_host=False)
    assert conversation.mouth
    conversation.mouth.begin()
    clock = asyncio.create_task(CallClock(conversation, session, profile).run())
    news = asyncio.create_task(_listen(house, conversation))
    try:
        await conversation.arrive()
        yield Call(house, calls, conversation, session, caller, ear, voice, profile)
    finally:
        news.cancel()
        clock.cancel()
        await asyncio.gather(news, clock, return_exceptions=True)
        await leave(agent, session, conversation, hands_on=False)
        await sync.aclose()


async def _listen(house: House, conversation: Conversation) -> None:
    async with told(house.world) as notices:
        async for notice in notices:
            if notice.session_id == conversation.session_id:
                await (conversation.serve() if notice.waits else conversation.look())
