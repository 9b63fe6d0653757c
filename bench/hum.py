"""A voice that costs nothing: what a call takes without it is told apart from what speech takes."""

from typing import Any

import numpy as np
from livekit.agents import APIConnectOptions, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

_RATE = 24_000
_PER_WORD_S = 0.3


class Hum(tts.TTS[Any]):
    """Hums as long as a person would speak."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=_RATE, num_channels=1)

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Hummed(tts=self, input_text=text, conn_options=conn_options)


class _Hummed(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid("hum_"), sample_rate=_RATE, num_channels=1, mime_type="audio/pcm"
        )
        samples = int(_RATE * _PER_WORD_S * max(1, len(self.input_text.split())))
        wave = 8000 * np.sin(np.arange(samples) * 2 * np.pi * 220 / _RATE)
        output_emitter.push(wave.astype("<i2").tobytes())
        output_emitter.flush()
