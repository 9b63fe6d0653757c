"""A voice with a memory: it says what it has said before without asking a provider."""

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any

from livekit.agents import APIConnectOptions, APIError, tokenize, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from livekit.audio_cache import AudioCache
from livekit.standing import ONCE
from livekit.steady_voice import SteadySpeech, SteadyTTS

# One rule cuts what is filled ahead and what is spoken, or nothing would ever be found again.
SENTENCES = tokenize.blingfire.SentenceTokenizer(min_sentence_len=1, retain_format=True)
_CHUNK = 4800  # bytes; a tenth of a second reaches the listener while the rest is still on its way


class CachedTTS(tts.TTS[Any]):
    """Sentences come from the cache, or from the voices behind it and go into the cache when they were said whole."""

    def __init__(self, voices: SteadyTTS, cache: AudioCache) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False), sample_rate=voices.sample_rate, num_channels=1
        )
        self.voices, self.cache = voices, cache
        voices.on("metrics_collected", self._pass_on)

    @property
    def model(self) -> str:
        return self.voices.model

    @property
    def provider(self) -> str:
        return self.voices.provider

    def _pass_on(self, metrics: Any) -> None:
        self.emit("metrics_collected", metrics)

    def prewarm(self) -> None:
        self.voices.prewarm()

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _CachedSpeech(tts=self, input_text=text, conn_options=conn_options)

    def keep(self, text: str, sound: bytes, speech: SteadySpeech) -> None:
        """Only the voice that leads is remembered: the others stand in, and are not to stand in for ever."""
        if speech.served_by is self.voices.standing.providers[0]:
            self.cache.put(text, sound)

    async def fill(self) -> int:
        """Say the fixed sentences to nobody, so that buyers find them ready. Ends early when the voice fails."""
        said = 0
        for sentence in self.cache.missing():
            speech = self.voices.synthesize(sentence, conn_options=ONCE)
            try:
                sound = b"".join([bytes(spoken.frame.data) async for spoken in speech])
            except APIError:
                break  # nobody waits for these: the next call makes the rest
            finally:
                await speech.aclose()
            self.keep(sentence, sound, speech)
            if speech.served_by is not self.voices.standing.providers[0]:
                break
            said += 1
            await asyncio.sleep(0)
        return said

    async def aclose(self) -> None:
        self.cache.forget_session()
        self.voices.off("metrics_collected", self._pass_on)
        await self.voices.aclose()


class _CachedSpeech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, CachedTTS)
        output_emitter.initialize(
            request_id=utils.shortuuid("say_"), sample_rate=voice.sample_rate, num_channels=1, mime_type="audio/pcm"
        )
        sound = voice.cache.get(self.input_text)
        if sound is not None:
            for at in range(0, len(sound), _CHUNK):
                output_emitter.push(sound[at : at + _CHUNK])
        else:
            await self._from_voice(voice, output_emitter)
        output_emitter.flush()

    async def _from_voice(self, voice: CachedTTS, output: tts.AudioEmitter) -> None:
        said: list[bytes] = []
        speech = voice.voices.synthesize(self.input_text, conn_options=ONCE)
        async with speech:
            async for spoken in speech:
                said.append(bytes(spoken.frame.data))
                output.push(said[-1])
        voice.keep(self.input_text, b"".join(said), speech)

    async def _metrics_monitor_task(self, event_aiter: Any) -> None:
        """A sentence from the cache costs nothing; what a voice said was counted by that voice."""
        async for _ in event_aiter:
            pass


def voice_key(profile_hash: str, voices: Sequence[tts.TTS[Any]]) -> str:
    """What has to be the same for a sentence to sound the same: the profile, the voice that leads, and its rate."""
    lead = voices[0]
    parts = (profile_hash, lead.label, lead.provider, lead.model, str(lead.sample_rate))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
