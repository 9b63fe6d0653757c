"""The local recogniser as a LiveKit plug-in: words come with their confidence and, where low, with alternatives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from livekit.agents import APIConnectOptions, LanguageCode, stt, utils
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer

from livekit import rtc
from livekit.local_models import OneAtATime
from livekit.recogniser import RATE, Heard, Recogniser, Samples

UNSURE = 0.65  # below it, alternatives are worth their time
ALTERNATIVES = 2


class LocalSTT(stt.STT[Any]):
    """It hears whole utterances: the session cuts them by its voice detection."""

    def __init__(self, engine: OneAtATime, words: Sequence[str] = ()) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False, keyterms=True))
        self._engine = engine
        self._own = list(words)
        self._hot = self._recogniser.hot_words(self._own)

    @property
    def _recogniser(self) -> Recogniser:
        return self._engine.model

    @property
    def model(self) -> str:
        return "moonshine-base-en"

    @property
    def provider(self) -> str:
        return "local"

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self._hot = self._recogniser.hot_words([*self._own, *keyterms])

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        heard = await self._engine.run(self._hear, samples_of(buffer))
        data = stt.SpeechData(
            language=LanguageCode("en"),
            text=heard.text,
            confidence=heard.confidence,
            metadata={
                "alternatives": list(heard.alternatives),
                "weakest": round(heard.weakest, 3),
                "complete": heard.complete,
            },
        )
        final = stt.SpeechEventType.FINAL_TRANSCRIPT
        return stt.SpeechEvent(type=final, request_id=utils.shortuuid("ear_"), alternatives=[data])

    def _hear(self, samples: Samples) -> Heard:
        return self._recogniser.hear(samples, self._hot, ALTERNATIVES, below=UNSURE)


def samples_of(buffer: AudioBuffer) -> Samples:
    """Frames of any rate and number of channels as the recogniser wants them."""
    frame = rtc.combine_audio_frames(buffer)
    if frame.sample_rate != RATE:
        resampler = rtc.AudioResampler(frame.sample_rate, RATE, num_channels=frame.num_channels)
        frame = rtc.combine_audio_frames([*resampler.push(frame), *resampler.flush()])
    whole = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
    return (whole.mean(axis=1) / 32768).astype(np.float32)
