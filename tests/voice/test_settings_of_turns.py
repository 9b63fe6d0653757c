"""More of what the calls rely on: how long an end of turn is waited for, what messages tell, what the ear is told."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from livekit.agents import AgentSession, LanguageCode, inference, llm, stt
from livekit.agents.types import NOT_GIVEN
from livekit.agents.voice import turn

from tests.voice.audio import Caller, Ear
from tests.voice.test_settings_meaning import PROFILE, QUESTION, Bare, bare, begun

DETECTOR_ENGLISH = 0.36  # below it the model of turns takes what was said for unfinished


class Judge:
    """A detector of turns that always gives the same probability."""

    model, provider = "judge", "test"

    def __init__(self, probability: float) -> None:
        self.probability = probability

    async def unlikely_threshold(self, language: LanguageCode | None) -> float | None:
        return DETECTOR_ENGLISH

    async def supports_language(self, language: LanguageCode | None) -> bool:
        return True

    async def predict_end_of_turn(self, chat_ctx: llm.ChatContext, *, timeout: float | None = None) -> float:
        return self.probability


async def answered_after(call: Bare) -> float:
    said = await call.caller.say("I would like to book")
    async with asyncio.timeout(6):
        while not call.agent.asked:
            await asyncio.sleep(0.01)
    return time.time() - said.ended


@pytest.mark.parametrize(
    ("probability", "least", "most"), [(0.2, 1.35, 2.4), (0.9, 0.0, 1.2)], ids=["unfinished", "over"]
)
async def test_what_sounds_unfinished_is_waited_for_up_to_max_delay(
    probability: float, least: float, most: float
) -> None:
    async with bare(turn_detection=Judge(probability), endpointing={"min_delay": 0.3, "max_delay": 1.4}) as call:
        assert least < await answered_after(call) < most


async def test_the_model_of_turns_has_its_threshold_and_delays() -> None:
    detector: Any = PROFILE.session_options()["turn_handling"]["turn_detection"]
    assert isinstance(detector, inference.TurnDetector)
    assert await detector.unlikely_threshold(LanguageCode("en")) == pytest.approx(DETECTOR_ENGLISH, abs=0.02)
    defaults: Any = turn._STREAMING_ENDPOINTING_DEFAULTS  # pyright: ignore[reportPrivateUsage]
    assert (defaults["min_delay"], defaults["max_delay"]) == (0.3, 2.5)
    ours = PROFILE.session_options()["turn_handling"]["endpointing"]
    assert {"mode", "min_delay", "max_delay"} <= set(ours)


async def test_without_resuming_a_noise_ends_the_speech() -> None:
    async with bare(interruption={"resume_false_interruption": False}) as call:
        handle = await begun(call)
        await asyncio.sleep(0.3)
        noise = await call.caller.say("Mm hmm, yes right", heard="")
        await asyncio.sleep(PROFILE.resume_s + 1.0)
        assert not call.ear.times("resumed", after=noise.began) and handle.interrupted


async def test_while_the_echo_canceller_warms_up_nobody_interrupts() -> None:
    """aec_warmup_duration None is what lets the first words of a call be talked down."""
    async with bare(aec_warmup_duration=10.0) as call:
        handle = await begun(call)
        over = await call.caller.say(QUESTION)
        await asyncio.sleep(0.3)
        assert not call.ear.times("paused", "cut", after=over.began) and not handle.interrupted
        handle.interrupt(force=True)
    assert PROFILE.session_options()["aec_warmup_duration"] is None


# ---- what messages tell
async def test_a_message_tells_when_it_was_said_and_what_it_took() -> None:
    async with bare() as call:
        items: list[llm.ChatMessage] = []
        call.session.on("conversation_item_added", lambda event: items.append(event.item))
        await call.caller.say("I would like to book")
        async with asyncio.timeout(6):
            while not [i for i in items if i.role == "assistant"]:
                await asyncio.sleep(0.02)
        asked = next(i.metrics for i in items if i.role == "user")
        assert {"started_speaking_at", "stopped_speaking_at", "transcription_delay", "end_of_turn_delay"} <= set(asked)
        answer = next(i.metrics for i in items if i.role == "assistant")
        assert {"started_speaking_at", "stopped_speaking_at", "tts_node_ttfb"} <= set(answer)


async def test_the_confidence_of_a_message_is_a_mean() -> None:
    """Why a turn is given the least of its parts' confidences, and not this one."""
    async with bare(endpointing={"min_delay": 0.9}) as call:
        items: list[llm.ChatMessage] = []
        call.session.on("conversation_item_added", lambda event: items.append(event.item))
        await call.caller.say("We have fifteen people and", confidence=0.4)
        await asyncio.sleep(0.4)
        await call.caller.say("we miss many calls every day", confidence=0.9)
        async with asyncio.timeout(6):
            while not [i for i in items if i.role == "user"]:
                await asyncio.sleep(0.02)
        (message,) = [i for i in items if i.role == "user"]
        assert message.transcript_confidence == pytest.approx(0.65, abs=0.01)


# ---- what the ear is told
class Attentive(Ear):
    """Takes key terms."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(caller)
        self._capabilities = stt.STTCapabilities(streaming=False, interim_results=False, keyterms=True)
        self.terms: list[str] = []

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self.terms = keyterms


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[AgentSession, Attentive]]:
    async with bare() as call:
        ear = Attentive(call.caller)
        session: AgentSession = AgentSession(stt=ear, **PROFILE.session_options("vad"))
        await session.start(call.agent.__class__(), record=False, session_host=False)
        try:
            yield session, ear
        finally:
            await session.aclose()


async def test_key_terms_reach_a_recogniser_in_mid_call() -> None:
    async with listening() as (session, ear):
        session.update_options(keyterms=["Throughline", "Dana Whitfield"])
        await asyncio.sleep(0.1)
        assert "Dana Whitfield" in ear.terms


def test_every_number_of_the_detector_of_voices_is_ours() -> None:
    numbers = {
        "min_speech_duration": PROFILE.vad_start_s,
        "min_silence_duration": PROFILE.vad_end_s,
        "prefix_padding_duration": PROFILE.vad_before_s,
        "activation_threshold": PROFILE.vad_threshold,
    }
    known = inspect.signature(inference.VAD.__init__).parameters
    assert set(known) - {"self", "model", "executor"} == {*numbers, "max_buffered_speech", "deactivation_threshold"}
    ours: Any = PROFILE.hearing()._opts  # pyright: ignore[reportPrivateUsage]
    assert {name: getattr(ours, name) for name in numbers} == numbers


async def test_what_is_left_out_would_be_decided_by_the_sdk() -> None:
    known = inspect.signature(AgentSession.__init__).parameters
    assert known["ivr_detection"].default is False and known["use_tts_aligned_transcript"].default is NOT_GIVEN
    assert known["vad"].default is NOT_GIVEN, "left out, a detector of the SDK's choice listens"
    async with bare() as call:
        assert call.session.options.ivr_detection is False
        assert call.session.options.use_tts_aligned_transcript is False
