"""Several voices as one: when the first fails in mid-call, the next says the sentence, whole."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from livekit.agents import APIConnectionError, APIConnectOptions, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from livekit import rtc
from livekit.standing import ONCE, REST, Standing

PATIENCE = 3.0  # seconds until the first sound, and between two of them


class SteadyTTS(tts.TTS[Any]):
    """Says whole sentences; the rate is that of the first voice, and the others are brought to it."""

    def __init__(self, voices: Sequence[tts.TTS[Any]], *, patience: float = PATIENCE, rest: float = REST) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False), sample_rate=voices[0].sample_rate, num_channels=1
        )
        self.standing = Standing(voices, rest)
        self._patience = patience
        for voice in voices:
            voice.on("metrics_collected", self._pass_on)

    @property
    def model(self) -> str:
        return self.standing.first.model

    @property
    def provider(self) -> str:
        return self.standing.first.provider

    def _pass_on(self, metrics: Any) -> None:
        self.emit("metrics_collected", metrics)

    def prewarm(self) -> None:
        self.standing.first.prewarm()

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> "SteadySpeech":
        return SteadySpeech(tts=self, input_text=text, conn_options=conn_options)

    async def frames(self, voice: tts.TTS[Any], text: str) -> AsyncIterator[rtc.AudioFrame]:
        """What one voice makes of the text; TimeoutError where it keeps the listener waiting."""
        resampler = None
        if voice.sample_rate != self.sample_rate:
            resampler = rtc.AudioResampler(voice.sample_rate, self.sample_rate)
        async with voice.synthesize(text, conn_options=ONCE) as speech:
            while True:
                try:
                    async with asyncio.timeout(self._patience):
                        spoken = await anext(speech)
                except StopAsyncIteration:
                    break
                for frame in resampler.push(spoken.frame) if resampler else [spoken.frame]:
                    yield frame
        for frame in resampler.flush() if resampler else []:
            yield frame

    async def aclose(self) -> None:
        for voice in self.standing.providers:
            voice.off("metrics_collected", self._pass_on)
            await voice.aclose()


class SteadySpeech(tts.ChunkedStream):
    """Knows afterwards which voice spoke, or that it took more than one."""

    served_by: tts.TTS[Any] | None = None

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        steady = self._tts
        assert isinstance(steady, SteadyTTS)
        output_emitter.initialize(
            request_id=utils.shortuuid("say_"),
            sample_rate=steady.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
        )
        for voice in steady.standing.in_order():
            began = False
            try:
                async for frame in steady.frames(voice, self.input_text):
                    began = True
                    output_emitter.push(bytes(frame.data))
            except Exception as error:  # noqa: BLE001 - a stranger's plug-in may raise anything; the next voice is there for it
                # What was begun is said again by the next voice: half a disclosure is none.
                steady.standing.failed(voice, voice.label, error)
                continue
            if began:
                steady.standing.served(voice)
                self.served_by = voice
                output_emitter.flush()
                return
        raise APIConnectionError("no voice answered")

    async def _metrics_monitor_task(self, event_aiter: Any) -> None:
        """The voice that spoke gives the figures."""
        async for _ in event_aiter:
            pass
