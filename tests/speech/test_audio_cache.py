"""The audio cache: what it may keep, for how long and how much; and that a kept line asks no voice."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from livekit.agents import tts

from domain.acts import ACTS
from domain.errors import BadInput
from graph.bootstrap import POLICY
from graph.settings import load_settings
from livekit.audio_cache import LOOKED_UP, AudioCache
from livekit.cached_voice import CachedTTS, voice_key
from livekit.local_models import OneAtATime
from livekit.local_voices import LocalTTS
from livekit.speech import SpokenTTS, build_tts, fixed_sentences
from livekit.standing import ONCE
from livekit.steady_voice import SteadyTTS
from nodes.speaking.lines import load_lines
from tests.builders import CATALOGUE

FIXED = ("May I record this call?", "One moment please.")
PERSONAL = "Thanks, Dana Whitfield."
SECOND = 48000


@dataclass
class Profile:
    voice: str = "heart"
    speed: float = 1.0
    hash: str = "p1"


class Slow(tts.TTS[Any]):
    """A voice that takes a while, counts what it was asked for, and can be told to fail."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=24000, num_channels=1)
        self.seconds, self.said, self.fails = seconds, list[str](), False

    def synthesize(self, text: str, **given: Any) -> tts.ChunkedStream:
        return _SlowSpeech(tts=self, input_text=text, conn_options=given.get("conn_options", ONCE))


class _SlowSpeech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, Slow)
        self._tts.said.append(self.input_text)
        if self._tts.fails:
            raise RuntimeError("no voice")
        await asyncio.sleep(self._tts.seconds)
        output_emitter.initialize(request_id="r", sample_rate=24000, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(b"\x01\x10" * 12000)
        output_emitter.flush()


def counted(result: str) -> float:
    return LOOKED_UP.labels(result)._value.get()


async def spoken(voice: SpokenTTS, line: str) -> tuple[float, float]:
    """Seconds to the first sound, and seconds of sound."""
    began, first, length = time.perf_counter(), 0.0, 0.0
    async with voice.stream(conn_options=ONCE) as stream:
        stream.push_text(line)
        stream.end_input()
        async for audio in stream:
            first = first or time.perf_counter() - began
            length += audio.frame.duration
    return first, length


def cache(folder: Path, **bounds: int) -> AudioCache:
    return AudioCache(folder, "voice-1", FIXED, **bounds)


# ---- what is kept
def test_fixed_sentences_are_kept_for_all_calls_and_personal_ones_never(tmp_path: Path) -> None:
    first = cache(tmp_path)
    for text in (*FIXED, PERSONAL):
        first.put(text, b"ab" * 10)
    assert first.get(PERSONAL) and first.get(FIXED[0])
    first.forget_session()
    assert first.get(PERSONAL) is None and first.get(FIXED[0])
    assert cache(tmp_path).get(PERSONAL) is None and cache(tmp_path).get("May  I record\nthis call?")
    kept = b"".join(path.read_bytes() + path.name.encode() for path in tmp_path.rglob("*.pcm"))
    assert len(list(tmp_path.rglob("*.pcm"))) == 2 and b"Dana" not in kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_another_voice_or_profile_finds_nothing(tmp_path: Path) -> None:
    cache(tmp_path).put(FIXED[0], b"ab")
    assert AudioCache(tmp_path, "voice-2", FIXED).get(FIXED[0]) is None
    voice = Slow()
    keys = {voice_key(profile, [voice]) for profile in ("p1", "p2")}
    assert len(keys) == 2 and voice_key("p1", [voice, Slow()]) in keys


def test_the_shelf_on_disk_is_bounded_over_all_voices_and_the_oldest_goes_first(tmp_path: Path) -> None:
    names = [f"Sentence number {n}." for n in range(6)]
    for number, text in enumerate(names):
        AudioCache(tmp_path, f"voice-{number % 2}", names, shared_bytes=3 * SECOND).put(text, b"x" * SECOND)
        time.sleep(0.02)
    left = [text for n, text in enumerate(names) if AudioCache(tmp_path, f"voice-{n % 2}", names).get(text)]
    assert left == names[3:]
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.pcm")) <= 3 * SECOND


def test_the_shelf_of_a_call_is_bounded(tmp_path: Path) -> None:
    small = cache(tmp_path, session_bytes=2 * SECOND)
    for n in range(4):
        small.put(f"Personal {n}", b"x" * SECOND)
    small.put("too long", b"x" * 3 * SECOND)
    small.put("Personal 3", b"y" * SECOND)
    assert [n for n in range(4) if small.get(f"Personal {n}")] == [2, 3] and small.get("too long") is None


def test_a_disk_that_cannot_be_written_costs_no_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    blocked = AudioCache(tmp_path / "file", "voice-1", FIXED)
    blocked.put(FIXED[0], b"ab")
    assert blocked.get(FIXED[0]) is None


def test_without_a_shelf_nothing_is_written(tmp_path: Path) -> None:
    none = cache(tmp_path, shared_bytes=0)
    none.put(FIXED[0], b"ab")
    assert none.get(FIXED[0]) is None and none.missing() == [] and not list(tmp_path.iterdir())


# ---- speaking
async def test_a_kept_line_starts_at_once_and_asks_no_voice(tmp_path: Path) -> None:
    slow = Slow(0.4)
    voice = SpokenTTS(CachedTTS(SteadyTTS([slow]), cache(tmp_path)))
    hits, misses = counted("shared"), counted("miss")
    line = " ".join(FIXED)
    first, length = await spoken(voice, line)
    assert first >= 0.4 and length == pytest.approx(1.0, abs=0.1) and slow.said == list(FIXED)
    again, length = await spoken(voice, line)
    assert again < 0.1 and length == pytest.approx(1.0, abs=0.1) and slow.said == list(FIXED)
    assert (counted("shared") - hits, counted("miss") - misses) == (2, 2)
    await voice.aclose()


async def test_a_kept_line_costs_nothing(tmp_path: Path) -> None:
    voice = SpokenTTS(CachedTTS(SteadyTTS([Slow()]), cache(tmp_path)))
    charged: list[int] = []
    voice.on("metrics_collected", lambda metrics: charged.append(metrics.characters_count))
    for _ in range(3):
        await spoken(voice, FIXED[0])
    assert charged == [len(FIXED[0])]
    await voice.aclose()


async def test_what_is_filled_ahead_is_found_when_it_is_spoken(tmp_path: Path) -> None:
    slow = Slow()
    voice = SpokenTTS(CachedTTS(SteadyTTS([slow]), cache(tmp_path)))
    assert await voice.fill() == 2 and await voice.fill() == 0
    await spoken(voice, f"{FIXED[1]} {FIXED[0]}")
    assert sorted(slow.said) == sorted(FIXED)
    await voice.aclose()


async def test_a_voice_that_stands_in_is_not_remembered(tmp_path: Path) -> None:
    lead, stand_in = Slow(), Slow()
    lead.fails = True
    kept = cache(tmp_path)
    voice = SpokenTTS(CachedTTS(SteadyTTS([lead, stand_in]), kept))
    await spoken(voice, FIXED[0])
    assert kept.missing() == list(FIXED) and await voice.fill() == 0
    await voice.aclose()


async def test_a_sentence_that_was_cut_short_is_not_remembered(tmp_path: Path) -> None:
    kept = cache(tmp_path)
    voice = CachedTTS(SteadyTTS([Slow(0.2)]), kept)
    speech = voice.synthesize(FIXED[0])
    await asyncio.sleep(0.05)
    await speech.aclose()
    assert kept.missing() == list(FIXED)


# ---- which sentences
def test_every_disclosure_and_no_slot_of_a_buyer_is_fixed() -> None:
    products = {product.key: product.name for product in CATALOGUE.products}
    lines = load_lines((POLICY / "lines" / "en.yaml").read_text("utf-8"), "en.yaml", products)
    fixed = fixed_sentences(lines, CATALOGUE, ["It is stored encrypted. Nobody else sees it."])
    assert fixed[-2:] == ["It is stored encrypted.", "Nobody else sees it."]
    company = CATALOGUE.company
    opening = {"agent": company.agent_name, "company": company.name, "purpose": company.purpose}
    for act in ("disclose_ai", "disclose_ai_again"):
        assert _sentences(lines.render(act, {**opening, "optout": company.optout}, 0)) <= set(fixed)
    assert _sentences(lines.render("ask_recording", {}, 0)) <= set(fixed)
    dana = {"name": "Dana"}
    assert not _sentences(lines.render("greet_name", dana, 0)) & set(fixed)
    assert not [text for text in fixed if "{" in text or not text]
    told = {slot for spec in ACTS.values() for slot in spec.slots} - {*opening, "optout", "refund", "restrictions"}
    assert {"name", "contact", "amount", "when"} <= told


def _sentences(text: str) -> set[str]:
    from livekit.cached_voice import SENTENCES

    return {sentence.strip() for sentence in SENTENCES.tokenize(text)}


async def test_with_the_local_voice_a_disclosure_comes_from_the_shelf(mouth: OneAtATime, tmp_path: Path) -> None:
    settings = load_settings(None).model_copy(update={"data_dir": tmp_path, "tts": ("local",)})
    voice = build_tts(settings, Profile(), FIXED)
    assert await voice.fill() == 2
    first, length = await spoken(voice, FIXED[0])
    assert first < 0.05 and length > 1.0
    await voice.aclose()


async def test_buyers_text_is_no_markup_for_the_local_voice(mouth: OneAtATime) -> None:
    async def seconds(text: str) -> float:
        async with LocalTTS(mouth).synthesize(text, conn_options=ONCE) as speech:
            return sum([audio.frame.duration async for audio in speech])

    assert await seconds("Thanks, [Dana](/dˈAnədˈAnədˈAnədˈAnə/).") != pytest.approx(
        await seconds("Thanks, Danadanadanadana."), abs=0.01
    )


async def test_a_voice_that_is_not_here_is_refused(tmp_path: Path) -> None:
    settings = load_settings(None).model_copy(update={"data_dir": tmp_path, "tts": ("local",)})
    with pytest.raises(BadInput, match="has no 'nobody'"):
        build_tts(settings, Profile(voice="nobody"), FIXED)
