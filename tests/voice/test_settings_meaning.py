"""What the settings of the SDK mean that the calls rely on: an upgrade that changes one of them fails here, by name."""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import Agent, AgentServer, AgentSession, inference, llm, room_io
from livekit.agents.voice import SpeechHandle, agent_session, turn
from livekit.agents.voice.transcription import TranscriptSynchronizer

from domain.policy import load_policy
from domain.results import SpeechLine
from graph.settings import Settings
from livekit.bridge import Decider
from livekit.call_job import room_options
from livekit.heard import receipt_of
from livekit.voice import VoiceProfile
from tests.voice.audio import Caller, Ear, Earpiece, Tone

LONG = "This is a line of twenty words that goes on and on so that there is time to say something now."
QUESTION = "Hold on, what does it cost for a team of ten people?"
POLICY = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default.yaml")
PROFILE = VoiceProfile.of(POLICY, Settings(_env_file=None))  # pyright: ignore[reportCallIssue]


def line_of(words: str) -> SpeechLine:
    return SpeechLine("s1", "terms", words, None, False, "voice", "queued")


def text_of(handle: SpeechHandle) -> str:
    """What the SDK takes for said."""
    items = [item for item in handle.chat_items if isinstance(item, llm.ChatMessage) and item.role == "assistant"]
    return " ".join(item.text_content or "" for item in items)


class Answering(Agent):
    """Notes what it is asked, and answers with one line."""

    def __init__(self, answer: str = "All right.") -> None:
        super().__init__(instructions="")
        self.asked: list[str] = []
        self.answer = answer

    async def llm_node(self, chat_ctx: llm.ChatContext, tools: Any, model_settings: Any) -> AsyncGenerator[str, None]:
        item = next(i for i in reversed(chat_ctx.items) if i.type == "message" and i.role == "user")
        self.asked.append(item.text_content or "")
        yield self.answer


@dataclass(frozen=True, slots=True)
class Bare:
    """A session without the chain."""

    session: AgentSession
    agent: Answering
    caller: Caller
    ear: Earpiece
    voice: Tone


@asynccontextmanager
async def bare(*, synchronised: bool = True, **changes: Any) -> AsyncIterator[Bare]:
    options = PROFILE.session_options("vad")
    handling = options["turn_handling"]
    for name, value in changes.items():
        if name in handling:
            handling[name] = {**handling[name], **value} if isinstance(handling[name], dict) else value
        else:
            options[name] = value
    caller, ear, voice, agent = Caller(), Earpiece(), Tone(0.3), Answering()
    session: AgentSession = AgentSession(stt=Ear(caller), tts=voice, llm=Decider(), **options)
    session.input.audio = caller
    sync = TranscriptSynchronizer(next_in_chain_audio=ear, next_in_chain_text=None)  # pyright: ignore[reportArgumentType]
    if synchronised:
        session.output.audio, session.output.transcription = sync.audio_output, sync.text_output
    else:
        session.output.audio = ear
    await session.start(agent, record=False, session_host=False)
    try:
        yield Bare(session, agent, caller, ear, voice)
    finally:
        await session.aclose()
        await sync.aclose()


async def begun(call: Bare, words: str = LONG, **options: Any) -> SpeechHandle:
    """A speech of which the first frame is out."""
    since = time.time()
    handle = call.session.say(words, **options)
    async with asyncio.timeout(5):
        while not call.ear.times("first", after=since):
            await asyncio.sleep(0.01)
    return handle


# ---- what is said over speech
async def test_min_duration_is_what_a_barge_in_takes() -> None:
    async with bare() as call:
        await begun(call)
        await asyncio.sleep(0.5)
        over = await call.caller.begin(QUESTION)
        async with asyncio.timeout(3):
            while not call.ear.times("paused", after=over.began):
                await asyncio.sleep(0.005)
        took = call.ear.times("paused", after=over.began)[0] - over.began
        assert PROFILE.barge_in_s < took < PROFILE.barge_in_s + 0.3
        await call.caller.finish()


async def test_a_longer_min_duration_takes_longer() -> None:
    async with bare(interruption={"min_duration": 0.8}) as call:
        await begun(call)
        await asyncio.sleep(0.5)
        over = await call.caller.say(QUESTION)
        await asyncio.sleep(0.6)
        assert call.ear.times("paused", "cut", after=over.began)[0] - over.began > 0.75


async def test_without_words_the_speech_goes_on_after_the_timeout() -> None:
    async with bare() as call:
        handle = await begun(call)
        await asyncio.sleep(0.3)
        noise = await call.caller.say("Mm hmm, yes right", heard="")
        async with asyncio.timeout(4):
            while not call.ear.times("resumed", after=noise.ended):
                await asyncio.sleep(0.01)
        took = call.ear.times("resumed", after=noise.ended)[0] - noise.ended
        assert PROFILE.resume_s < took < PROFILE.resume_s + 2 * PROFILE.vad_end_s + 0.2
        await handle
        assert not handle.interrupted and receipt_of(line_of(LONG), handle, text_of(handle)).status == "heard"


async def test_an_uninterruptible_speech_hears_only_where_its_audio_is_not_discarded() -> None:
    heard: dict[bool, int] = {}
    for discard in (False, True):
        async with bare(interruption={"discard_audio_if_uninterruptible": discard}) as call:
            said: list[str] = []
            call.session.on(
                "user_input_transcribed", lambda e, said=said: said.append(e.transcript) if e.is_final else 0
            )
            await begun(call, allow_interruptions=False)
            await call.caller.say("Please stop calling me.")
            await asyncio.sleep(0.8)
            heard[discard] = len(said)
            assert not call.ear.times("paused", "cut")
    assert heard[False] > 0
    assert turn._INTERRUPTION_DEFAULTS.get("discard_audio_if_uninterruptible") is True  # pyright: ignore[reportPrivateUsage]


async def test_words_over_an_uninterruptible_speech_get_no_turn_from_the_sdk() -> None:
    """Why the agent takes them out of the recogniser's stream: should this change, they would be served twice."""
    async with bare() as call:
        handle = await begun(call, allow_interruptions=False)
        await call.caller.say("Please stop calling me.")
        await asyncio.sleep(1.0)
        assert call.agent.asked == []
        handle.interrupt(force=True)


async def test_an_interruptible_speech_is_interrupted_by_words_and_tells_what_was_played() -> None:
    async with bare() as call:
        handle = await begun(call)
        await asyncio.sleep(1.5)
        await call.caller.say(QUESTION)
        await handle
        receipt = receipt_of(line_of(LONG), handle, text_of(handle))
        assert receipt.status == "partly" and LONG.startswith(receipt.words.rstrip(".")[:10])
        assert 0 < len(receipt.words.split()) < len(LONG.split())


async def test_the_transcript_runs_on_while_the_voice_pauses() -> None:
    """Why what was heard is worked out from the sound: should this change, the SDK's words would do."""
    async with bare() as call:
        handle = await begun(call)
        await asyncio.sleep(0.6)
        over = await call.caller.say(QUESTION)
        await handle
        played = call.ear.times("paused", "cut", after=over.began)[0] - call.ear.times("first")[0]
        assert len(text_of(handle).split()) > played / 0.3 + 1


async def test_without_the_synchroniser_the_whole_line_is_claimed() -> None:
    """Why the transcription of the room stays in step with its sound: otherwise what was heard would be a lie."""
    async with bare(synchronised=False) as call:
        handle = await begun(call)
        await asyncio.sleep(1.0)
        handle.interrupt()
        await handle
        assert receipt_of(line_of(LONG), handle, text_of(handle)).words == LONG
    text = room_options().text_output
    assert isinstance(text, room_io.TextOutputOptions) and text.sync_transcription is True


async def test_a_speech_cut_before_its_first_frame_leaves_no_item() -> None:
    async with bare() as call:
        added: list[Any] = []
        call.session.on("conversation_item_added", lambda e: added.append(e.item))
        first = await begun(call)
        second = call.session.say("Never begun.")
        second.interrupt()
        await second
        assert second.interrupted and second.chat_items == [] and added == []
        assert receipt_of(line_of("Never begun."), second, text_of(second)).status == "unheard"
        first.interrupt()
        await first


async def test_a_speech_waits_for_a_silent_buyer_only_where_it_can_be_interrupted() -> None:
    async with bare() as call:
        began = await call.caller.begin("I would like to know what it costs and how long it takes to set it up for us.")
        await asyncio.sleep(0.8)
        polite = call.session.say("After you.")
        await asyncio.sleep(0.6)
        assert not call.ear.times("first", after=began.began)
        firm = call.session.say("Regardless.", allow_interruptions=False)
        await call.caller.finish()
        await asyncio.sleep(1.5)
        assert polite.done() or polite.interrupted
        firm.interrupt(force=True)


# ---- turns
async def test_preemptive_generation_is_on_by_default_and_off_for_us() -> None:
    assert turn._PREEMPTIVE_GENERATION_DEFAULTS.get("enabled") is True  # pyright: ignore[reportPrivateUsage]
    async with bare() as call:
        assert call.session.options.preemptive_generation.get("enabled") is False
        await call.caller.say("I would like to book")
        await asyncio.sleep(1.0)
        assert call.agent.asked == ["I would like to book"]


async def test_min_delay_is_the_least_that_an_end_takes() -> None:
    async with bare(endpointing={"min_delay": 0.9}) as call:
        said = await call.caller.say("I would like to book")
        await asyncio.sleep(0.6)
        assert call.agent.asked == []
        await asyncio.sleep(0.8)
        assert call.agent.asked and call.ear.times("first", after=said.ended)[0] - said.ended > 0.85


async def test_a_session_without_a_model_answers_nothing() -> None:
    """Why a placeholder stands where a model would."""
    caller, agent = Caller(), Answering()
    session: AgentSession = AgentSession(stt=Ear(caller), tts=Tone(), **PROFILE.session_options("vad"))
    session.input.audio, session.output.audio = caller, Earpiece()
    await session.start(agent, record=False, session_host=False)
    await caller.say("I would like to book")
    await asyncio.sleep(1.0)
    assert agent.asked == []
    await session.aclose()


def test_the_turn_detector_is_the_local_one_whatever_the_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livekit.agents.utils.is_dev_mode", lambda: True)
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "secret")
    assert inference.TurnDetector().model == "turn-detector-v1", "left alone, it would send the buyer's voice away"
    ours = PROFILE.session_options()["turn_handling"]["turn_detection"]
    assert ours.model == "turn-detector-v1-mini"


async def test_no_cloud_judges_interruptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livekit.agents.utils.is_dev_mode", lambda: True)
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "secret")
    async with bare() as call:
        activity = call.session._activity  # pyright: ignore[reportPrivateUsage]
        assert activity and activity._resolve_interruption_detection() is None  # pyright: ignore[reportPrivateUsage]


async def test_the_first_speech_can_be_interrupted_at_once() -> None:
    """aec_warmup_duration: its default would be deaf to interruptions for three seconds."""
    signature = inspect.signature(AgentSession.__init__).parameters
    assert "aec_warmup_duration" in signature
    async with bare() as call:
        await begun(call)
        over = await call.caller.say(QUESTION)
        await asyncio.sleep(0.5)
        assert call.ear.times("paused", "cut", after=over.began)


async def test_away_is_ours_to_tell() -> None:
    async with bare() as call:
        assert call.session._opts.user_away_timeout is None  # pyright: ignore[reportPrivateUsage]


# ---- recording, rooms, workers
async def test_nothing_is_recorded_unless_it_is_said() -> None:
    """record=False has to be said: what is not said follows the job."""
    source = inspect.getsource(agent_session.AgentSession.start)
    assert "job_ctx.job.enable_recording" in source
    async with bare() as call:
        assert not any(call.session._opts.recording_options.values())  # pyright: ignore[reportPrivateUsage]
        assert call.session._session_host is None  # pyright: ignore[reportPrivateUsage]  # nobody drives us from the room


def test_a_room_lends_an_ear_and_a_voice_and_nothing_else() -> None:
    options = room_options()
    assert options.get_text_input_options() is None and options.get_video_input_options() is None
    assert options.close_on_disconnect is False and options.delete_room_on_close is False
    assert room_io.RoomOptions().close_on_disconnect is True, "a buyer who hangs up would end the session"


def test_a_worker_takes_what_we_set() -> None:
    names = set(inspect.signature(AgentServer.__init__).parameters)
    assert {
        "setup_fnc", "load_fnc", "load_threshold", "num_idle_processes", "drain_timeout", "shutdown_process_timeout",
        "session_end_timeout", "host", "port", "prometheus_port", "job_memory_limit_mb", "multiprocessing_context",
        "permissions", "initialize_process_timeout", "preload_modules",
    } <= names  # fmt: skip


async def test_the_playback_of_a_segment_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    """A second report wedges nothing, but is told: our earpiece must not need that."""
    async with bare() as call:
        with caplog.at_level(logging.WARNING, "livekit.agents"):
            for words in ("One line.", "And one more."):
                await call.session.say(words)
        assert "playback_finished called more times" not in caplog.text
        assert len(call.ear.times("finished")) == 2


def test_the_profile_is_what_was_measured() -> None:
    assert replace(PROFILE, voice="x").hash != PROFILE.hash
    assert PROFILE.detector == "v1-mini" and PROFILE.interruption == "vad"
