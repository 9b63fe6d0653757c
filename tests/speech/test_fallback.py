"""A provider that dies in mid-call costs no word and no half sentence: the next one hears and says the same."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from livekit.agents import APIConnectionError, LanguageCode, inference, stt, tts

from bench.hearing import spoken
from graph.settings import Settings, load_settings
from livekit import rtc
from livekit.compatible_ear import CompatibleSTT
from livekit.local_ear import LocalSTT
from livekit.local_models import OneAtATime
from livekit.local_voices import LocalTTS
from livekit.providers import voice_named
from livekit.recogniser import RATE
from livekit.standing import ONCE
from livekit.steady_ear import SteadySTT
from livekit.steady_voice import SteadySpeech, SteadyTTS
from tests.speech.speech_server import SpeechServer, speech_server

LINE = "This call is transcribed by a machine. May I record it too?"
SPOKEN = ["Yes, that is right.", "There are about twelve of us answering the phones.", "Please do not call me again."]


@pytest.fixture
async def service() -> AsyncIterator[SpeechServer]:
    async with speech_server() as server:
        yield server


def settings_for(service: SpeechServer, tmp_path: Path, **changes: Any) -> Settings:
    return load_settings(None).model_copy(update={"speech_base_url": service.url, "data_dir": tmp_path, **changes})


def cloud(service: SpeechServer, model: str = "whisper-1") -> CompatibleSTT:
    return CompatibleSTT(model, "key", service.url, "en", ["Northwind"])


def frames(sound: np.ndarray[Any, Any]) -> list[rtc.AudioFrame]:
    pcm = (sound * 32767).astype(np.int16)
    return [rtc.AudioFrame(pcm[at : at + 320].tobytes(), RATE, 1, 320) for at in range(0, len(pcm) - 319, 320)]


class Streaming(stt.STT[Any]):
    """A recogniser that streams: it hears "n words" for every second of sound, and dies at a frame of its choice."""

    def __init__(self, dies_at: int | None) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.dies_at = dies_at

    async def _recognize_impl(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def stream(self, **given: Any) -> stt.RecognizeStream:
        return _Stream(stt=self, conn_options=given["conn_options"])


class _Stream(stt.RecognizeStream):
    async def _run(self) -> None:
        assert isinstance(self._stt, Streaming)
        seen = 0
        async for item in self._input_ch:
            if not isinstance(item, rtc.AudioFrame):
                continue
            seen += 1
            if seen == self._stt.dies_at:
                raise APIConnectionError("gone")
            if seen % 50 == 0:
                data = stt.SpeechData(language=LanguageCode("en"), text=f"second {seen // 50}", confidence=0.9)
                self._event_ch.send_nowait(stt.SpeechEvent(stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data]))


# ---- hearing
async def test_a_service_that_dies_in_mid_call_costs_no_word(
    service: SpeechServer, ear: OneAtATime, mouth: OneAtATime
) -> None:
    """A call of three utterances, cut by the real voice detection; the service is gone while the second is spoken."""
    steady = SteadySTT([cloud(service), LocalSTT(ear)])
    assert not steady.capabilities.streaming
    adapter = stt.StreamAdapter(stt=steady, vad=inference.VAD())
    heard: list[tuple[str, float]] = []
    quiet = [rtc.AudioFrame(bytes(640), RATE, 1, 320)] * 40
    async with adapter.stream() as stream:

        async def listen() -> None:
            async for event in stream:
                for words in event.alternatives:
                    heard.append((words.text, words.confidence))  # noqa: PERF401 - others wait for each

        listening = asyncio.create_task(listen())
        for number, sentence in enumerate(SPOKEN):
            sound = frames(spoken(mouth.model, sentence, 1))
            for at, frame in enumerate(sound):
                if number == 1 and at == len(sound) // 2:
                    await service.stop()
                stream.push_frame(frame)
            for frame in quiet:
                stream.push_frame(frame)
            async with asyncio.timeout(15):
                while len(heard) <= number:
                    await asyncio.sleep(0.01)
        stream.end_input()
        await listening
    texts = [text.lower().strip(".") for text, _ in heard]
    assert texts[0] == "from the service" and len(texts) == 3
    assert "12 of us" in texts[1] or "twelve of us" in texts[1]
    assert texts[2] == "please do not call me again" and all(c > 0.65 for _, c in heard)
    await steady.aclose()


@pytest.mark.parametrize("mode", ["broken", "stuck"])
async def test_a_service_that_fails_is_left_within_its_patience(
    service: SpeechServer, ear: OneAtATime, mouth: OneAtATime, mode: str
) -> None:
    service.mode = mode
    steady = SteadySTT([cloud(service), LocalSTT(ear)], patience=0.3)
    sound = frames(spoken(mouth.model, SPOKEN[0], 1))
    began = time.monotonic()
    event = await steady.recognize(sound)
    assert event.alternatives[0].text.startswith("Yes")
    first = time.monotonic() - began
    assert first < 3
    assert len(service.asked) == 1
    await steady.recognize(sound)
    assert len(service.asked) == 1, "a provider that failed rests"
    await steady.aclose()


async def test_a_service_that_has_recovered_is_asked_again_and_nobody_waits_for_its_trial(
    service: SpeechServer, ear: OneAtATime, mouth: OneAtATime
) -> None:
    service.mode = "broken"
    steady = SteadySTT([cloud(service), LocalSTT(ear)], rest=0.05)
    sound = frames(spoken(mouth.model, SPOKEN[0], 1))
    await steady.recognize(sound)
    service.mode = "well"
    await asyncio.sleep(0.1)
    assert (await steady.recognize(sound)).alternatives[0].text.startswith("Yes")
    async with asyncio.timeout(5):
        while steady.model != "whisper-1":
            await asyncio.sleep(0.01)
    assert (await steady.recognize(sound)).alternatives[0].text == "from the service"
    await steady.aclose()


async def test_where_nobody_hears_the_session_is_told(service: SpeechServer) -> None:
    service.mode = "broken"
    steady = SteadySTT([cloud(service)])
    with pytest.raises(APIConnectionError):
        await steady.recognize(frames(np.zeros(RATE)), conn_options=ONCE)
    await steady.aclose()


async def test_a_stream_that_dies_hands_what_was_not_answered_to_the_next() -> None:
    """It dies after 1.5 of 4 seconds: the second that was answered is not heard again, the half second is."""
    steady = SteadySTT([Streaming(dies_at=75), Streaming(dies_at=None)])
    assert steady.capabilities.streaming
    heard: list[str] = []
    async with steady.stream() as stream:
        for frame in frames(np.zeros(4 * RATE)):
            stream.push_frame(frame)
            await asyncio.sleep(0)
        stream.end_input()
        heard = [event.alternatives[0].text async for event in stream]
    assert heard == ["second 1", "second 1", "second 2", "second 3"]


@pytest.mark.parametrize("model", ["whisper-1", "gpt-4o-transcribe"])
async def test_a_service_tells_its_confidence_and_is_told_key_terms(service: SpeechServer, model: str) -> None:
    service.logprob = -0.7
    recogniser = cloud(service, model)
    recogniser._update_session_keyterms(["Karen Whitfield"])
    event = await recogniser.recognize(frames(np.zeros(RATE)))
    await recogniser.aclose()
    assert event.alternatives[0].confidence == pytest.approx(0.4966, abs=1e-3)
    assert service.asked[0]["prompt"] == ["Northwind, Karen Whitfield"]


async def test_words_without_a_confidence_are_taken_at_their_word(service: SpeechServer) -> None:
    steady = SteadySTT([cloud(service, "gpt-transcribe")])
    event = await steady.recognize(frames(np.zeros(RATE)))
    assert event.alternatives[0].confidence == 1.0
    assert service.asked[0]["keywords[]"] == ["Northwind"]
    await steady.aclose()


async def test_key_terms_reach_the_local_recogniser_behind_a_service(service: SpeechServer, ear: OneAtATime) -> None:
    local = LocalSTT(ear)
    steady = SteadySTT([cloud(service), local])
    steady._update_session_keyterms(["Rajesh Patel"])
    assert local._hot == ear.model.hot_words(["Rajesh Patel"])
    await steady.aclose()


# ---- speaking
async def sound_of(voice: tts.TTS[Any], text: str) -> tuple[float, SteadySpeech]:
    speech = voice.synthesize(text, conn_options=ONCE)
    assert isinstance(speech, SteadySpeech)
    async with speech:
        return sum([spoken_.frame.duration async for spoken_ in speech]), speech


@pytest.mark.parametrize("mode", ["well", "broken", "stuck", "half", "gone"])
async def test_a_sentence_is_said_whole_whatever_the_service_does(
    service: SpeechServer, mouth: OneAtATime, tmp_path: Path, mode: str
) -> None:
    service.mode = mode
    if mode == "gone":
        await service.stop()
    first = voice_named("openai", settings_for(service, tmp_path), "", 1.0)
    local = LocalTTS(mouth)
    alone, _ = await sound_of(SteadyTTS([LocalTTS(mouth)]), LINE)
    steady = SteadyTTS([first, local], patience=0.5)
    seconds, speech = await sound_of(steady, LINE)
    await steady.aclose()
    if mode == "well":
        assert speech.served_by is first and seconds == pytest.approx(0.5, abs=0.05)
    else:
        assert speech.served_by is local and seconds >= alone - 0.05


async def test_where_no_voice_answers_the_session_is_told(service: SpeechServer, tmp_path: Path) -> None:
    service.mode = "broken"
    voice = SteadyTTS([voice_named("openai", settings_for(service, tmp_path), "", 1.0)])
    with pytest.raises(APIConnectionError):
        await sound_of(voice, LINE)
    await voice.aclose()
