"""Settings choose who hears and speaks; what cannot be is refused with the remedy."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from livekit.agents import LanguageCode, inference, stt
from livekit.plugins import openai

from domain.errors import BadInput
from graph.settings import Settings, load_settings
from livekit import rtc
from livekit.compatible_ear import CompatibleSTT
from livekit.local_ear import LocalSTT
from livekit.local_models import OneAtATime
from livekit.local_voices import EspeakTTS, LocalTTS
from livekit.providers import recogniser_named, voice_named
from livekit.scripted import ScriptedSTT
from livekit.speech import build_stt, build_tts, key_terms, prewarm
from livekit.standing import ONCE
from tests.builders import CATALOGUE

SPEECHLESS = rtc.AudioFrame(bytes(3200), 16000, 1, 1600)


@dataclass
class Profile:
    voice: str = "heart"
    speed: float = 1.0
    hash: str = "p1"


class OwnSTT(stt.STT[Any]):
    """A plug-in of somebody's own."""

    def __init__(self, *, model: str = "small") -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self.size = model

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        data = stt.SpeechData(language=LanguageCode("en"), text=self.size)
        return stt.SpeechEvent(stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])


OWN = f"{__name__}.OwnSTT"


def chosen(**changes: Any) -> Settings:
    return load_settings(None).model_copy(update=changes)


def test_without_a_setting_everything_is_local(ear: OneAtATime, mouth: OneAtATime) -> None:
    settings = load_settings(None)
    prewarm(settings)
    assert isinstance(recogniser_named(settings.stt[0], settings, (), ""), LocalSTT)
    assert isinstance(voice_named(settings.tts[0], settings, "", 1.0), LocalTTS)
    assert build_stt(settings).model == "moonshine-base-en"
    assert build_tts(settings, Profile()).model == "hibari-heart"


def test_a_service_by_its_address(tmp_path: Path) -> None:
    settings = chosen(speech_base_url="http://127.0.0.1:9/v1", stt=("openai",), tts=("openai",), stt_model="whisper-1")
    heard = recogniser_named("openai", settings, ["Northwind"], "")
    assert isinstance(heard, CompatibleSTT) and heard.capabilities.keyterms and heard.provider == "127.0.0.1:9"
    voice = build_tts(settings, Profile())
    lead = voice.voice.voices.standing.first
    assert isinstance(lead, openai.TTS) and lead._opts.voice != "heart"


async def test_a_plug_in_by_its_dotted_name() -> None:
    made = recogniser_named(OWN, chosen(stt_options={"model": "large"}), (), "")
    event = await build_stt(chosen(stt=(OWN,), stt_options={"model": "large"})).recognize([SPEECHLESS])
    assert isinstance(made, OwnSTT) and event.alternatives[0].text == "large"


@pytest.mark.parametrize(
    ("stt_name", "changes", "problem"),
    [
        ("deepgram.STT", {}, "THROUGHLINE_STT: deepgram.STT is not installed. Install livekit-plugins-deepgram"),
        ("nowhere.at.all.STT", {}, "is not installed"),
        ("livekit.agents.stt.Missing", {}, "is not installed"),
        ("openai.TTS", {}, "openai.TTS is no STT"),
        (OWN, {"stt_options": {"colour": "red"}}, "THROUGHLINE_STT_OPTIONS: .* does not take them"),
        ("openai", {}, "neither key nor address"),
        ("scripted", {}, "no THROUGHLINE_STT_SCRIPT"),
        ("scripted", {"stt_script": Path("/nowhere")}, "is no folder"),
        ("local", {"speech_dir": Path("/nowhere")}, "no prepared weights.*make setup"),
    ],
)
def test_what_cannot_be_is_refused_with_the_remedy(stt_name: str, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        build_stt(chosen(stt=(stt_name,), **changes))


@pytest.mark.parametrize(
    ("value", "problem"),
    [("", "no provider is named"), ("cloud", "'cloud' is no provider"), ("local,local", "named twice")],
)
def test_a_bad_list_is_refused_when_it_is_read(monkeypatch: pytest.MonkeyPatch, value: str, problem: str) -> None:
    monkeypatch.setenv("THROUGHLINE_STT", value or ",")
    with pytest.raises(BadInput, match=problem):
        load_settings(None)


def test_a_list_is_read_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_STT", "openai, local")
    monkeypatch.setenv("THROUGHLINE_STT_OPTIONS", '{"model": "nova-3"}')
    settings = load_settings(None)
    assert settings.stt == ("openai", "local") and settings.stt_options == {"model": "nova-3"}
    assert "nova-3" not in repr(settings)


def test_one_that_streams_takes_the_others_with_it(ear: OneAtATime) -> None:
    streaming = f"{__name__}.StreamingSTT"
    settings = chosen(stt=(streaming, "local"))
    assert build_stt(settings, detection=inference.VAD()).capabilities.streaming
    with pytest.raises(ValueError, match="voice detection"):
        build_stt(settings)


class StreamingSTT(OwnSTT):
    def __init__(self) -> None:
        super().__init__()
        self._capabilities = stt.STTCapabilities(streaming=True, interim_results=True)


def test_key_terms_are_the_words_that_no_dictionary_has() -> None:
    terms = key_terms(CATALOGUE, ["Dana Whitfield", None, " ", "Starter"])
    assert terms == ["Northwind Voice", "Nora", "Starter", "Team", "Enterprise", "Dana Whitfield"]


# ---- the script
async def test_a_script_goes_on_where_the_last_process_stopped(tmp_path: Path) -> None:
    script = tmp_path / "room-1.jsonl"
    script.write_text(json.dumps({"text": "one"}) + "\n")
    settings = chosen(stt=("scripted",), stt_script=tmp_path)
    first = await build_stt(settings, call="room-1").recognize([SPEECHLESS])
    with script.open("a") as file:
        file.write(json.dumps({"text": "two", "confidence": 0.4}) + "\n")
    second = await build_stt(settings, call="room-1").recognize([SPEECHLESS])
    third = await ScriptedSTT(tmp_path, "room-1").recognize([SPEECHLESS])
    heard = [(event.alternatives[0].text, event.alternatives[0].confidence) for event in (first, second)]
    assert heard == [("one", 1.0), ("two", 0.4)] and third.alternatives[0].text == ""
    assert (await build_stt(settings, call="room-2").recognize([SPEECHLESS])).alternatives[0].text == ""


# ---- espeak
@pytest.fixture
def espeak(tmp_path: Path) -> Path:
    """Stands in for the program: it writes a wave file whose length is what it was given on its input."""
    program = tmp_path / "espeak-ng"
    program.write_text(
        "#!/usr/bin/env python3\nimport sys, wave\nwords = sys.stdin.buffer.read()\n"
        "assert '--stdin' in sys.argv and not any('rm' in a for a in sys.argv)\n"
        "out = wave.open(sys.stdout.buffer, 'wb')\nout.setparams((1, 2, 22050, 2205 * len(words), 'NONE', ''))\n"
        "out.writeframes(b'\\x00\\x10' * 2205 * len(words))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


async def test_espeak_gets_the_words_as_input(espeak: Path) -> None:
    async with EspeakTTS(program=str(espeak)).synthesize("-rm it", conn_options=ONCE) as speech:
        assert sum([audio.frame.duration async for audio in speech]) == pytest.approx(0.6, abs=0.02)


async def test_espeak_is_left_out_where_it_is_missing_and_another_voice_speaks(
    mouth: OneAtATime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, voices in (("/nowhere", 1), (None, 2)):
        monkeypatch.setattr("livekit.speech.espeak_program", lambda path=path: None if path else "espeak-ng")
        monkeypatch.setattr("livekit.local_voices.espeak_program", lambda: "espeak-ng")
        built = build_tts(chosen(tts=("local", "espeak")), Profile())
        assert len(built.voice.voices.standing.providers) == voices
    monkeypatch.setattr("livekit.local_voices.espeak_program", lambda: None)
    monkeypatch.setattr("livekit.speech.espeak_program", lambda: None)
    with pytest.raises(BadInput, match="apt-get install espeak-ng"):
        build_tts(chosen(tts=("espeak",)), Profile())


async def test_the_local_recogniser_gives_confidence_and_what_else_it_may_be(ear: OneAtATime) -> None:
    noise = (np.random.default_rng(3).normal(size=16000) * 300).astype(np.int16)
    frame = rtc.AudioFrame(np.repeat(noise, 2).tobytes(), 16000, 2, 16000)
    event = await LocalSTT(ear).recognize([frame])
    heard = event.alternatives[0]
    assert heard.metadata and set(heard.metadata) == {"alternatives", "weakest", "complete"}
    assert 0 < heard.confidence <= 1
