"""Both ends of a line in process: a caller who speaks in real time, an earpiece with a clock, a voice and an ear."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from livekit.agents import APIConnectOptions, LanguageCode, stt, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer
from livekit.agents.voice import io

from livekit import rtc

RATE = 16_000
_FRAME = RATE // 50
_VOICE_RATE = 24_000
VAD_END_S = 0.25


@lru_cache(maxsize=1)
def _speaker() -> Any:
    from hibari import Hibari  # pyright: ignore[reportMissingTypeStubs]

    return Hibari()


@lru_cache(maxsize=64)
def spoken(words: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Real speech, without the silence around it, so that its end is known to the sample."""
    wave = np.asarray(_speaker()(words, seed=1), np.float32)
    count = int(len(wave) * RATE / _VOICE_RATE)
    wave = np.interp(np.linspace(0, len(wave) - 1, count), np.arange(len(wave)), wave)
    sound = (np.clip(wave / max(1e-6, float(np.abs(wave).max())), -1, 1) * 20_000).astype(np.int16)
    loud = np.flatnonzero(np.abs(sound) > 400)
    return sound[loud[0] : loud[-1] + 1]


@dataclass(slots=True)
class Said:
    """What the caller says: what the recogniser makes of it, and when it is on the line."""

    heard: str
    confidence: float
    began: float = 0.0
    ended: float = 0.0
    told: int = 0  # words that the recogniser has given


class Caller(io.AudioInput):
    """The caller's microphone: 20 ms frames in real time, silence unless something is said."""

    def __init__(self) -> None:
        super().__init__(label="Caller")
        self.said: list[Said] = []
        self._sound = np.zeros(0, np.int16)
        self._started: float | None = None
        self._frames = 0
        self._over = asyncio.Event()

    async def say(self, words: str, *, heard: str | None = None, confidence: float = 0.95) -> Said:
        """Returns when the last sample is on the line."""
        item = await self.begin(words, heard=heard, confidence=confidence)
        await self._over.wait()
        return item

    async def begin(self, words: str, *, heard: str | None = None, confidence: float = 0.95) -> Said:
        sound = await asyncio.to_thread(spoken, words)
        item = Said(words if heard is None else heard, confidence)
        self._over.clear()
        self._sound = sound
        item.began = time.time()
        item.ended = item.began + len(sound) / RATE
        self.said.append(item)
        return item

    async def finish(self) -> None:
        await self._over.wait()

    async def __anext__(self) -> rtc.AudioFrame:
        if self._started is None:
            self._started = time.perf_counter()
        wait = self._started + self._frames * 0.02 - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        self._frames += 1
        part, self._sound = self._sound[:_FRAME], self._sound[_FRAME:]
        if len(part) and not len(self._sound):
            self.said[-1].ended = time.time()
            self._over.set()
        whole = np.concatenate([part, np.zeros(_FRAME - len(part), np.int16)]) if len(part) < _FRAME else part
        return rtc.AudioFrame(whole.tobytes(), RATE, 1, _FRAME)

    def __aiter__(self) -> AsyncIterator[rtc.AudioFrame]:
        return self


class Ear(stt.STT[Any]):
    """A recogniser that knows what the caller says, and gives of it what was said when it is asked."""

    def __init__(self, caller: Caller) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._caller = caller

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        now = time.time() - VAD_END_S
        text, confidence = [], 1.0
        for item in self._caller.said:
            words = item.heard.split()
            part = 1.0 if now >= item.ended - 0.15 else max(0.0, (now - item.began) / (item.ended - item.began))
            upto = round(len(words) * part)
            text += words[item.told : upto]
            if upto > item.told:
                confidence = min(confidence, item.confidence)
            item.told = max(item.told, upto)
        data = stt.SpeechData(language=LanguageCode("en"), text=" ".join(text), confidence=confidence)
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])


class Tone(tts.TTS[Any]):
    """A voice that hums as long as a person would speak, without delay; or stays silent where it is told to fail."""

    def __init__(self, per_word_s: float = 0.12) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=_VOICE_RATE, num_channels=1)
        self.per_word_s = per_word_s
        self.asked: list[str] = []

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        self.asked.append(text)
        return _Hum(tts=self, input_text=text, conn_options=conn_options)


class _Hum(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, Tone)
        output_emitter.initialize(
            request_id=utils.shortuuid("hum_"), sample_rate=_VOICE_RATE, num_channels=1, mime_type="audio/pcm"
        )
        samples = int(_VOICE_RATE * voice.per_word_s * max(1, len(self.input_text.split())))
        wave = 8000 * np.sin(np.arange(samples) * 2 * math.pi * 220 / _VOICE_RATE)
        output_emitter.push(wave.astype(np.int16).tobytes())
        output_emitter.flush()


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that happened at the caller's ear: first, paused, resumed, cut or finished."""

    what: str
    at: float


class Earpiece(io.AudioOutput):
    """What the caller hears, played in real time; every segment is reported finished exactly once."""

    def __init__(self) -> None:
        super().__init__(label="Earpiece", capabilities=io.AudioOutputCapabilities(pause=True), sample_rate=_VOICE_RATE)
        self.log: list[Heard] = []
        self._timer: asyncio.TimerHandle | None = None
        self._reset()

    def _reset(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._pushed = self._lost = 0.0
        self._flushed = False
        self._began: float | None = None
        self._stopped: float | None = None

    def _note(self, what: str) -> float:
        self.log.append(Heard(what, time.time()))
        return self.log[-1].at

    @property
    def played(self) -> float:
        if self._began is None:
            return 0.0
        until = self._stopped or time.time()
        return max(0.0, min(until - self._began - self._lost, self._pushed))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self._pushed += frame.duration
        self._start()

    def _start(self) -> None:
        if self._began is None and self._stopped is None and self._pushed:
            self._began = self._note("first")
            self.on_playback_started(created_at=self._began)

    def flush(self) -> None:
        super().flush()
        if self._pushed:
            self._flushed = True
            self._arm()

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._stopped is None and self._flushed:
            left = max(0.0, self._pushed - self.played)
            self._timer = asyncio.get_running_loop().call_later(left, self._finish, False)

    def _finish(self, cut: bool) -> None:
        position = self.played if cut else self._pushed
        self._note("cut" if cut else "finished")
        self._reset()
        self.on_playback_finished(playback_position=position, interrupted=cut)

    def clear_buffer(self) -> None:
        if self._pushed:
            self._finish(True)

    def pause(self) -> None:
        super().pause()
        if self._stopped is None:
            self._stopped = self._note("paused")
        if self._timer:
            self._timer.cancel()

    def resume(self) -> None:
        super().resume()
        if self._stopped is not None:
            if self._began is not None:
                self._lost += time.time() - self._stopped
            self._stopped = None
            self._note("resumed")
        self._start()
        self._arm()

    def times(self, *what: str, after: float = 0.0) -> list[float]:
        return [heard.at for heard in self.log if heard.what in what and heard.at > after]
