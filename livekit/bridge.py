"""The one agent of a call: words go from it to the session, and it says nothing but what was committed."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Any

from livekit.agents import Agent, AgentSession, ModelSettings, llm, stt
from livekit.agents.voice import ConversationItemAddedEvent, UserStateChangedEvent

from livekit import rtc
from livekit.conversation import Conversation
from livekit.mouth import Mouth
from livekit.overheard import Overheard, Utterance, murmur
from livekit.played import Played
from livekit.voice import VoiceProfile

_ONSET_S = 0.1  # how late the detector of voices tells that one has begun
_LOST_TURN_S = 2.0


class Decider(llm.LLM):
    """Stands where the SDK wants a model before it answers at all; the session decides, and this is never asked."""

    @property
    def model(self) -> str:
        return "session"

    @property
    def provider(self) -> str:
        return "throughline"

    def chat(self, **_: Any) -> llm.LLMStream:
        raise RuntimeError("llm_node is overridden")


class ChainAgent(Agent):
    """Books, transfers and closes: the roles change in the session, never here."""

    def __init__(self, conversation: Conversation, profile: VoiceProfile) -> None:
        super().__init__(instructions="")
        self._conversation, self._patience_s = conversation, profile.endpoint_max_s + _LOST_TURN_S
        self._overheard = Overheard(self._talking, lambda said: conversation.hear(said) and None)
        self._ahead: dict[str, _Ahead] = {}
        self._next = ""
        self.played = Played()
        self._spoke_at = 0.0
        self._surest = 1.0  # no more than this is believed of the words of the turn that is going on
        self._pending_since: float | None = None  # words are there, and the turn they belong to is not over yet
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def on_enter(self) -> None:
        self.session.on("user_state_changed", self._state_changed)

    # ---- in
    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent | str, None]:
        """The SDK gives no turn to words said over speech that cannot be interrupted: those are taken out here."""
        async for event in Agent.default.stt_node(self, audio, model_settings):
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
                said = event.alternatives[0]
                if said.text and self._taken(said.text, said.confidence):
                    continue
                if said.text:
                    before = 1.0 if self._pending_since is None else self._surest  # another turn begins anew
                    self._surest = min(before, said.confidence)
                    self._pending_since = time.monotonic()
                self._look()
            yield event

    def _taken(self, text: str, confidence: float) -> bool:
        mouth = self._conversation.mouth
        line = mouth.line if mouth else None
        if mouth is None or line is None:
            return False
        if mouth.firm:
            self._overheard.add(text, confidence, self._spoke_at or time.time())
            return True
        begun = self.played.began_at
        over_it = begun is not None and begun < self._spoke_at  # else they answer what was said before
        return murmur(text, confidence, line.asks is not None or not over_it or line.act.startswith("silence_"))

    async def llm_node(self, chat_ctx: llm.ChatContext, tools: Any, model_settings: ModelSettings) -> None:
        """Relays the words, and waits for the turn that they make; its lines are said by the mouth, one by one.

        A barge-in cancels the waiting, never the turn.
        """
        self._pending_since = None
        self._look()
        item = next((i for i in reversed(chat_ctx.items) if i.type == "message" and i.role == "user"), None)
        if isinstance(item, llm.ChatMessage) and (text := item.text_content):
            await asyncio.shield(self._conversation.hear(self._utterance(item, text)))

    def _utterance(self, item: llm.ChatMessage, text: str) -> Utterance:
        """As sure as its least sure part: the SDK's mean would let a clear word vouch for a doubtful one."""
        before, before_at, before_surest = self._overheard.take()
        now, metrics = time.time(), item.metrics
        parts = (item.transcript_confidence, before_surest, self._surest)
        surest = None if item.transcript_confidence is None else min(part for part in parts if part is not None)
        self._surest = 1.0
        ended = metrics.get("stopped_speaking_at") or now
        return Utterance(
            item.id,
            f"{before} {text}".strip(),
            surest,
            before_at or metrics.get("started_speaking_at") or ended,
            ended,
            _ms(metrics.get("transcription_delay")),
            _ms(metrics.get("end_of_turn_delay")),
        )

    async def last_words(self, session: AgentSession) -> None:
        """End the session; what it heard and made no turn of any more is the buyer's last word all the same."""

        def left_over(event: ConversationItemAddedEvent) -> None:
            item = event.item
            if isinstance(item, llm.ChatMessage) and item.role == "user" and (text := item.text_content):
                self._conversation.hear(self._utterance(item, text))

        session.on("conversation_item_added", left_over)
        self._overheard.end()
        await session.aclose()

    # ---- out
    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        words = "".join([part async for part in text])
        ahead = self._ahead.pop(words, None)
        self._forget()
        try:
            async for frame in ahead.frames() if ahead else Agent.default.tts_node(self, _one(words), model_settings):
                self.played.made(frame.duration)
                yield frame
        finally:
            if ahead:
                ahead.cancel()  # a line that was cut keeps no voice busy
        self.played.whole()
        if self._next:
            self._ahead[self._next] = _Ahead(Agent.default.tts_node(self, _one(self._next), ModelSettings()))

    def prepare(self, words: str) -> None:
        """Have the next line's sound ready when this one ends; empty where none is known.

        It is made when all sound of this one is: a local voice makes one sentence at a time, and the buyer waits.
        """
        self._next = words
        if not words:
            self._forget()

    def _forget(self) -> None:
        for ahead in self._ahead.values():
            ahead.cancel()
        self._ahead.clear()

    async def quiet(self) -> bool:
        """Until the buyer is silent and the session has all their words; False where that had to be waited for.

        Nothing else stops a line that cannot be interrupted, and the SDK drops the turn over which one begins.
        """
        at_once = self._quiet.is_set()
        while not self._quiet.is_set():
            try:
                async with asyncio.timeout(self._patience_s):
                    await self._quiet.wait()
            except TimeoutError:
                self._pending_since = None
                if not self._talking():
                    break
        return at_once

    # ---- the buyer's voice
    def _talking(self) -> bool:
        return self.session.user_state == "speaking"

    def _state_changed(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "speaking":
            self._spoke_at = time.time() - _ONSET_S
        self._look()

    def _look(self) -> None:
        if self._talking() or self._pending_since is not None:
            self._quiet.clear()
        else:
            self._quiet.set()


class _Ahead:
    """Sound that is made before it is asked for."""

    def __init__(self, source: AsyncGenerator[rtc.AudioFrame, None]) -> None:
        self._ready: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._fill(source))

    async def _fill(self, source: AsyncGenerator[rtc.AudioFrame, None]) -> None:
        try:
            async for frame in source:
                self._ready.put_nowait(frame)
        finally:
            self._ready.put_nowait(None)

    async def frames(self) -> AsyncIterator[rtc.AudioFrame]:
        while (frame := await self._ready.get()) is not None:
            yield frame
        await self._task  # its fault is the speech's

    def cancel(self) -> None:
        self._task.cancel()


def connect(conversation: Conversation, session: AgentSession, profile: VoiceProfile) -> ChainAgent:
    """Join the session of a call with what it says and hears."""
    agent = ChainAgent(conversation, profile)
    conversation.mouth = Mouth(session, conversation.report, agent.prepare, agent.quiet, agent.played)
    return agent


async def leave(agent: ChainAgent, session: AgentSession, conversation: Conversation, *, hands_on: bool) -> None:
    """Fall silent, hear the buyer out, and store what became of every line and word."""
    assert conversation.mouth
    await (conversation.mouth.hand_on() if hands_on else conversation.mouth.close())
    await agent.last_words(session)
    await conversation.settle()


async def _one(words: str) -> AsyncIterator[str]:
    yield words


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
