"""What recognisers are measured with: sentences, what a telephone and noise do to them, how words are compared."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from livekit.local_voices import read_wave, resampled
from livekit.recogniser import RATE, Heard

Samples = np.ndarray[Any, Any]
SENTENCES = (
    "Hi, my name is Dana and I saw your website.",
    "We keep losing calls when the front desk is busy.",
    "There are about twelve of us answering the phones.",
    "What would that cost us in a month?",
    "Honestly, that sounds rather expensive.",
    "Could you do fifteen percent less?",
    "No, not fifty, I said fifteen.",
    "I would have to ask my business partner first.",
    "The decision is mine, I run the company.",
    "We have set aside twenty thousand dollars for this year.",
    "It should be running by the middle of March.",
    "Can we talk on Wednesday afternoon instead?",
    "Thursday at half past nine would work.",
    "Neither of those, do you have something later?",
    "Yes, that is right.",
    "No, that is not what I ordered.",
    "Please send the contract to my email address.",
    "Does it work with the calendar that we already use?",
    "Who am I talking to, is this a real person?",
    "I want to speak with a human being.",
    "Please do not call me again.",
    "Remove my number from your list.",
    "Where did you get my number from?",
    "Hold on, there is somebody at the door.",
    "Sorry, can you say that once more?",
    "We are located in Portland, Oregon.",
    "I am not interested, thank you.",
    "Let me think about it over the weekend.",
    "Another company has made us a better offer.",
    "What happens if I want to cancel after three months?",
    "That sounds good, let us go ahead.",
    "You can reach me in the morning before eleven.",
    "How long does it take to set everything up?",
    "Make it fourteen seats, not four.",
    "I already told your colleague all of this.",
    "Is my data safe with you?",
    "Move the meeting to next Monday, please.",
    "Call me back in about an hour.",
    "We only need it for the summer season.",
    "Thanks a lot, talk to you soon.",
)
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SAME = (("e-mail", "email"), ("okay", "ok"), ("half-past", "half past"), ("let's", "let us"), ("what's", "what is"))


def in_words(number: int) -> str:
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number % size
            return f"{in_words(number // size)} {name}" + (f" {in_words(rest)}" if rest else "")
    if number < 20:
        return _SMALL[number]
    return _TENS[number // 10 - 2] + (f" {_SMALL[number % 10]}" if number % 10 else "")


def words_of(text: str) -> list[str]:
    """The words as they are said, however they are written."""
    text = text.lower()
    for one, other in _SAME:
        text = text.replace(one, other)
    text = re.sub(r"\$\s?([\d,]+)", r"\1 dollars", text).replace("%", " percent")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    text = re.sub(r"(\d+):(\d\d)", lambda m: f"{m[1]} {m[2]}" if m[2] != "00" else m[1], text)
    text = re.sub(r"\d+", lambda m: f" {in_words(int(m[0]))} " if len(m[0]) < 6 else m[0], text)
    return re.sub(r"[^a-z' ]", " ", text).split()


def mistakes(said: list[str], heard: list[str]) -> int:
    """Words that were added, lost or changed."""
    row = list(range(len(heard) + 1))
    for at, word in enumerate(said, 1):
        new = [at]
        for other, found in enumerate(heard, 1):
            new.append(min(row[other] + 1, new[-1] + 1, row[other - 1] + (word != found)))
        row = new
    return row[-1]


def telephone(samples: Samples) -> Samples:
    """300 to 3400 Hz at 8 kHz, in 8-bit mu-law, and back to 16 kHz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    narrow = np.clip(np.fft.irfft(spectrum, len(samples))[::2], -1, 1)
    code = np.round(np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log1p(255) * 127) / 127
    return resampled(np.sign(code) * np.expm1(np.abs(code) * np.log1p(255)) / 255, RATE // 2, RATE)


def noisy(samples: Samples, noise: Samples, decibel: float) -> Samples:
    """The level of speech counts where there is speech."""
    long = np.resize(noise, len(samples))
    power = np.mean(samples[np.abs(samples) > 0.01] ** 2)
    return samples + long * np.sqrt(power / (np.mean(long**2) + 1e-12) / 10 ** (decibel / 10))


def babble(length: int, seed: int = 0) -> Samples:
    """Noise with the colour of a busy room, for where no recording is at hand."""
    made = np.random.default_rng(seed)
    spectrum = np.fft.rfft(made.normal(size=length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE), 50)
    return np.fft.irfft(spectrum / np.sqrt(hertz), length)


def spoken(voice: Any, text: str, seed: int = 0, speed: float = 1.0) -> Samples:
    """A sentence by the local voice at 16 kHz, at half of full loudness, with some quiet around."""
    sound = resampled(voice(text, speed, seed), voice.sample_rate, RATE)
    quiet = np.zeros(RATE // 5, np.float32)
    return np.concatenate([quiet, 0.5 * sound / max(1e-6, np.abs(sound).max()), quiet])


def recording(path: Path) -> Samples:
    return resampled(*read_wave(path.read_bytes()), RATE)


@dataclass(frozen=True, slots=True)
class Score:
    """Of one recogniser under one condition."""

    words: int
    wrong: int
    exact: int
    heard: tuple[Heard, ...]

    @property
    def rate(self) -> float:
        return self.wrong / max(1, self.words)


def score(hear: Callable[[Samples], Heard], said: list[tuple[str, Samples]]) -> Score:
    words = wrong = exact = 0
    all_heard: list[Heard] = []
    for text, sound in said:
        heard = hear(sound.astype(np.float32))
        missed = mistakes(words_of(text), words_of(heard.text))
        words, wrong, exact = words + len(words_of(text)), wrong + missed, exact + (missed == 0)
        all_heard.append(heard)
    return Score(words, wrong, exact, tuple(all_heard))
