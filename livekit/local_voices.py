"""Voices that need no key and no network: the local one, and espeak-ng as the last resort."""

import asyncio
import contextlib
import io
import re
import shutil
import wave
from typing import Any

import numpy as np
from livekit.agents import APIConnectionError, APIConnectOptions, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from domain.errors import BadInput
from livekit.local_models import OneAtATime

RATE = 24000
_ESPEAK = "espeak-ng"
_WORDS_A_MINUTE = 165
_SEED = 7  # the voice's breath is noise; with a fixed seed the same words always sound the same
_INLINE = re.compile(r"[\[\]]")  # brackets are markup for phonemes: words never are


class LocalTTS(tts.TTS[Any]):
    """A sentence is computed as a whole, in about a hundredth of the time that it takes to say."""

    def __init__(self, engine: OneAtATime, speed: float = 1.0) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)
        self._engine, self._speed = engine, speed

    @property
    def model(self) -> str:
        return f"hibari-{self._engine.model.voice}"

    @property
    def provider(self) -> str:
        return "local"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _LocalSpeech(tts=self, input_text=text, conn_options=conn_options)

    async def speak(self, output: tts.AudioEmitter, text: str) -> None:
        """Sentence by sentence, so that the first is heard while the second is computed."""
        plain = _INLINE.sub(" ", text)
        for sentence in self._engine.model.split_sentences(plain):
            output.push(pcm(await self._engine.run(self._engine.model, sentence, self._speed, _SEED)))


class _LocalSpeech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, LocalTTS)
        _begin(output_emitter)
        await voice.speak(output_emitter, self.input_text)
        output_emitter.flush()


class EspeakTTS(tts.TTS[Any]):
    """A robot's voice, where no other is to be had."""

    def __init__(self, speed: float = 1.0, program: str | None = None) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=RATE, num_channels=1)
        found = program or espeak_program()
        if found is None:
            raise BadInput(_ESPEAK, "is not on PATH", "Install it (Debian: apt-get install espeak-ng).")
        self._command = [found, "-v", "en-us", "-s", str(round(_WORDS_A_MINUTE * speed)), "--stdin", "--stdout"]

    @property
    def model(self) -> str:
        return _ESPEAK

    @property
    def provider(self) -> str:
        return "local"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _EspeakSpeech(tts=self, input_text=text, conn_options=conn_options)

    async def wave_of(self, text: str) -> bytes:
        """The words go in as input, never as an argument: a line may begin with a hyphen."""
        pipe = asyncio.subprocess.PIPE
        program = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            sound, _ = await program.communicate(text.encode())
        finally:
            if program.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    program.kill()
                await program.wait()
        if program.returncode:
            raise APIConnectionError(f"{_ESPEAK} ended with code {program.returncode}")
        return sound


class _EspeakSpeech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, EspeakTTS)
        samples, rate = read_wave(await voice.wave_of(self.input_text))
        _begin(output_emitter)
        output_emitter.push(pcm(resampled(samples, rate, RATE)))
        output_emitter.flush()


def espeak_program() -> str | None:
    return shutil.which(_ESPEAK)


def _begin(output: tts.AudioEmitter) -> None:
    output.initialize(request_id=utils.shortuuid("say_"), sample_rate=RATE, num_channels=1, mime_type="audio/pcm")


def pcm(samples: np.ndarray[Any, Any]) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def read_wave(raw: bytes) -> tuple[np.ndarray[Any, Any], int]:
    """Samples between -1 and 1, of one channel, and their rate."""
    with wave.open(io.BytesIO(raw)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        whole = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels)
    return whole.mean(axis=1).astype(np.float32) / 32768, rate


def resampled(samples: np.ndarray[Any, Any], rate: int, wanted: int) -> np.ndarray[Any, Any]:
    if rate == wanted or not len(samples):
        return samples
    places = np.linspace(0, len(samples) - 1, round(len(samples) * wanted / rate))
    return np.interp(places, np.arange(len(samples)), samples).astype(np.float32)
