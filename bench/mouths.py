"""How the callers of a benchmark sound: whose voice it is, what the line does to it, and what is heard behind it."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from bench.hearing import RATE, Samples, babble, recording, telephone, words_of
from bench.line import RATE as LINE_RATE
from bench.line import Sound, spoken, trimmed
from domain.errors import BadInput
from livekit.caller import loud
from livekit.local_voices import EspeakTTS, espeak_program, read_wave, resampled

Voice = Callable[[str], Sound]
_NOISE_S = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """What the line does to what a caller says. `decibel`: how much louder the caller is than the room."""

    name: str
    narrow: bool = False
    decibel: float | None = None

    def on_the_line(self, sound: Sound) -> Sound:
        if not self.narrow:
            return sound
        return whole(resampled(telephone(plain(sound)), RATE, LINE_RATE))

    def background(self, voice: Voice, noise: Path | None) -> Sound | None:
        """All the time, also while nobody speaks."""
        if self.decibel is None:
            return None
        sample = plain(self.on_the_line(voice("There are about twelve of us answering the phones.")))
        power = np.mean(sample[np.abs(sample) > 0.01] ** 2)
        room = recording(noise) if noise else babble(_NOISE_S * RATE)
        room = telephone(room) if self.narrow else room
        room = room * np.sqrt(power / np.mean(room**2) / 10 ** (self.decibel / 10))
        return whole(resampled(room, RATE, LINE_RATE))


CONDITIONS = (
    Condition("clean"),
    Condition("telephone", narrow=True),
    Condition("noise 15 dB", decibel=15),
    Condition("telephone, noise 15 dB", narrow=True, decibel=15),
)


def plain(sound: Sound) -> Samples:
    return resampled(sound.astype(np.float32) / 32768, LINE_RATE, RATE)


def whole(samples: Samples) -> Sound:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def voices(piper: Path | None, recordings: Path | None) -> dict[str, Voice]:
    """Everyone who can be had here; the local voice is the recogniser's twin, the others are not."""
    found: dict[str, Voice] = {"local voice": spoken}
    if espeak_program():
        found["espeak"] = _espeak
    if piper:
        found["piper"] = _piper(piper)
    if recordings:
        found["recordings"] = _recorded(recordings, found.get("piper", spoken))
    return found


def _espeak(text: str) -> Sound:
    return trimmed(loud(*read_wave(asyncio.run(EspeakTTS().wave_of(text)))))


def _piper(model: Path) -> Voice:
    """Not one of our packages: whoever measures with it has installed it."""
    from piper import PiperVoice  # pyright: ignore[reportMissingImports]

    voice: Any = PiperVoice.load(str(model))

    @lru_cache(maxsize=256)
    def say(text: str) -> Sound:
        parts = [chunk.audio_float_array for chunk in voice.synthesize(text)]
        return trimmed(loud(np.concatenate(parts), voice.config.sample_rate))

    return say


def _recorded(folder: Path, otherwise: Voice) -> Voice:
    """People, as far as they were recorded: a reply that begins with words of a recording begins with it."""
    known = {tuple(words_of(re.sub(r"[_-]+", " ", path.stem))): path for path in sorted(folder.glob("*.wav"))}
    if not known:
        raise BadInput("--recordings", f"{folder} holds no WAV file", "Name the folder in which they are.")

    def say(text: str) -> Sound:
        words = tuple(words_of(text))
        for size in range(min(len(words), 4), 0, -1):
            if path := known.get(words[:size]):
                person = trimmed(loud(recording(path), RATE))
                rest = text.split(maxsplit=size)[size:]
                pause = np.zeros(LINE_RATE // 10, np.int16)
                return np.concatenate([person, pause, otherwise(rest[0])]) if rest else person
        return otherwise(text)

    return say
