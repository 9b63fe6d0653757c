"""Several recognisers as one: when the first fails in mid-call, the next hears the same words, and none is lost."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from livekit.agents import APIConnectionError, APIConnectOptions, stt, vad
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer, aio

from livekit import rtc
from livekit.standing import ONCE, REST, Standing

PATIENCE = 3.0  # seconds that a recogniser may take beyond half of the time that the words took
HELD = 30.0  # seconds of unanswered speech that the next recogniser is given
BELIEVED = 1.0  # what a provider's words count that gives no confidence: LiveKit's 0.0 means "not given"


class SteadySTT(stt.STT[Any]):
    """Hears whole utterances where every provider does; streams where one of them does."""

    def __init__(
        self,
        providers: Sequence[stt.STT[Any]],
        detection: vad.VAD | None = None,
        *,
        patience: float = PATIENCE,
        rest: float = REST,
    ) -> None:
        streaming = any(p.capabilities.streaming for p in providers)
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=streaming,
                interim_results=any(p.capabilities.interim_results for p in providers),
                keyterms=any(p.capabilities.keyterms for p in providers),
            )
        )
        if streaming:
            providers = [_streamed(provider, detection) for provider in providers]
        self._standing = Standing(providers, rest)
        self._patience = patience
        self._probes: set[asyncio.Task[None]] = set()
        self._recognize_metrics_needed = False  # the one that served gives them
        for provider in providers:
            provider.on("metrics_collected", self._pass_on)

    @property
    def model(self) -> str:
        return self._standing.first.model

    @property
    def provider(self) -> str:
        return self._standing.first.provider

    def _pass_on(self, metrics: Any) -> None:
        self.emit("metrics_collected", metrics)

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        for provider in self._standing.providers:
            if provider.capabilities.keyterms:
                provider._update_session_keyterms(keyterms)

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        for provider in self._standing.in_order():
            if event := await self._hear(provider, buffer, language):
                self._ask_rested(buffer, language)
                return event
        raise APIConnectionError("no recogniser answered")

    async def _hear(
        self, provider: stt.STT[Any], buffer: AudioBuffer, language: NotGivenOr[str]
    ) -> stt.SpeechEvent | None:
        try:
            async with asyncio.timeout(self._patience + _seconds(buffer) / 2):
                event = await provider.recognize(buffer, language=language, conn_options=ONCE)
        except Exception as error:  # noqa: BLE001 - a stranger's plug-in may raise anything; the next one is there for it
            self._standing.failed(provider, provider.label, error)
            return None
        self._standing.served(provider)
        return believed(event)

    def _ask_rested(self, buffer: AudioBuffer, language: NotGivenOr[str]) -> None:
        """Whoever failed earlier hears this utterance too, in the background: nobody waits for a provider on trial."""
        for provider in self._standing.rested():
            trial = asyncio.create_task(self._try_again(provider, buffer, language))
            self._probes.add(trial)
            trial.add_done_callback(self._probes.discard)

    async def _try_again(self, provider: stt.STT[Any], buffer: AudioBuffer, language: NotGivenOr[str]) -> None:
        await self._hear(provider, buffer, language)

    def stream(
        self,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
    ) -> stt.RecognizeStream:
        return _SteadyStream(self, self._standing, language, conn_options)

    async def aclose(self) -> None:
        await aio.cancel_and_wait(*self._probes)
        for provider in self._standing.providers:
            provider.off("metrics_collected", self._pass_on)
            await provider.aclose()


class _SteadyStream(stt.RecognizeStream):
    """Holds what no words have come for yet, and gives it to the next recogniser when one fails."""

    def __init__(
        self,
        ear: SteadySTT,
        standing: Standing[stt.STT[Any]],
        language: NotGivenOr[str],
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(stt=ear, conn_options=conn_options)
        self._standing, self._language = standing, language
        self._held: deque[rtc.AudioFrame] = deque()
        self._held_s = 0.0

    async def _run(self) -> None:
        for provider in self._standing.in_order():
            try:
                await self._through(provider)
            except Exception as error:  # noqa: BLE001 - as above: whatever it was, the next recogniser goes on
                self._standing.failed(provider, provider.label, error)
                continue
            return
        raise APIConnectionError("no recogniser answered")

    async def _through(self, provider: stt.STT[Any]) -> None:
        async with provider.stream(language=self._language, conn_options=ONCE) as inner:
            feeding = asyncio.create_task(self._feed(inner))
            try:
                async for event in inner:
                    if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                        self._held.clear()
                        self._held_s = 0.0
                        self._standing.served(provider)
                    self._event_ch.send_nowait(believed(event))
            finally:
                await aio.cancel_and_wait(feeding)

    async def _feed(self, inner: stt.RecognizeStream) -> None:
        for frame in tuple(self._held):
            inner.push_frame(frame)
        async for item in self._input_ch:
            if isinstance(item, rtc.AudioFrame):
                self._hold(item)
                inner.push_frame(item)
            else:
                inner.flush()
        inner.end_input()

    def _hold(self, frame: rtc.AudioFrame) -> None:
        self._held.append(frame)
        self._held_s += frame.duration
        while self._held_s > HELD:
            self._held_s -= self._held.popleft().duration

    async def _metrics_monitor_task(self, event_aiter: Any) -> None:
        """The stream that served gives the figures."""
        async for _ in event_aiter:
            pass


def believed(event: stt.SpeechEvent) -> stt.SpeechEvent:
    """Words without a confidence are taken at their word, or no such provider could ever be answered."""
    for heard in event.alternatives:
        if heard.text and not heard.confidence:
            heard.confidence = BELIEVED
    return event


def _streamed(provider: stt.STT[Any], detection: vad.VAD | None) -> stt.STT[Any]:
    if provider.capabilities.streaming:
        return provider
    if detection is None:
        raise ValueError("a recogniser of whole utterances needs a voice detection beside one that streams")
    return stt.StreamAdapter(stt=provider, vad=detection)


def _seconds(buffer: AudioBuffer) -> float:
    frames = buffer if isinstance(buffer, list) else [buffer]
    return sum(frame.duration for frame in frames)
