"""Hearing and speaking, as the settings want it: the seam between a call and whoever recognises and speaks."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from livekit.agents import stt, tts, vad

from domain.acts import ACTS
from domain.catalogue import Catalogue
from domain.ports import Lines
from graph.settings import Settings
from livekit import local_models
from livekit.audio_cache import AudioCache
from livekit.cached_voice import SENTENCES, CachedTTS, voice_key
from livekit.local_voices import espeak_program
from livekit.providers import recogniser_named, voice_named
from livekit.steady_ear import SteadySTT
from livekit.steady_voice import SteadyTTS

LOCAL_VOICE = "heart"  # what a profile says that chose no voice


class VoiceProfile(Protocol):
    """What of the call's profile the voice needs; `voice` is a name of the first provider, or empty for its own."""

    @property
    def voice(self) -> str: ...
    @property
    def speed(self) -> float: ...
    @property
    def hash(self) -> str: ...


def prewarm(settings: Settings) -> None:
    """Load the local models that these settings ask for, once per process. Raises BadInput where one is missing."""
    if "local" in settings.stt:
        local_models.recogniser(settings.speech_dir)
    if "local" in settings.tts:
        local_models.voice()


def build_stt(
    settings: Settings, words: Sequence[str] = (), *, call: str = "", detection: vad.VAD | None = None
) -> stt.STT[Any]:
    """The recognisers of the settings as one. `words` are likely in this call; `call` names it for a scripted one."""
    return SteadySTT([recogniser_named(name, settings, words, call) for name in settings.stt], detection)


def build_tts(settings: Settings, profile: VoiceProfile, fixed: Iterable[str] = ()) -> "SpokenTTS":
    """The voices of the settings as one, with the sound of the `fixed` sentences kept for all calls."""
    names = _usable(settings.tts)
    voices = [voice_named(name, settings, _voice_for(name, names, profile.voice), profile.speed) for name in names]
    cache = AudioCache(
        settings.audio_cache_dir,
        voice_key(profile.hash, voices),
        fixed,
        shared_bytes=settings.audio_cache_mb * 2**20,
    )
    return SpokenTTS(CachedTTS(SteadyTTS(voices), cache))


class SpokenTTS(tts.StreamAdapter):
    """Lines as the session gives them, cut into the sentences that the cache knows."""

    def __init__(self, voice: CachedTTS) -> None:
        super().__init__(tts=voice, sentence_tokenizer=SENTENCES)
        self.voice = voice

    async def fill(self) -> int:
        """Make the fixed sentences ready; returns how many were said."""
        return await self.voice.fill()

    async def aclose(self) -> None:
        await super().aclose()
        await self.voice.aclose()


def key_terms(catalogue: Catalogue, buyer: Iterable[str | None] = ()) -> list[str]:
    """The words of this call that no dictionary has: who sells, what is sold, and who is called."""
    company = catalogue.company
    known = [company.name, company.agent_name, *(product.name for product in catalogue.products), *buyer]
    return list(dict.fromkeys(word.strip() for word in known if word and word.strip()))


def fixed_sentences(lines: Lines, catalogue: Catalogue, articles: Iterable[str] = ()) -> list[str]:
    """The sentences that are the same for everybody: of acts without a slot, or with what the company is; of articles.

    Those that are said in most calls come first: the cache is filled in their order.
    """
    company = catalogue.company
    same = {
        "agent": company.agent_name,
        "company": company.name,
        "purpose": company.purpose,
        "optout": company.optout,
        "refund": company.refund_terms,
        "restrictions": company.restrictions,
    }
    found: dict[str, None] = {}
    for act, spec in ACTS.items():
        if not set(spec.slots) <= set(same):
            continue
        slots = {name: same[name] for name in spec.slots}
        for number in range(lines.phrasings(act)):
            found.update(dict.fromkeys(s.strip() for s in SENTENCES.tokenize(lines.render(act, slots, number))))
    for answer in articles:
        found.update(dict.fromkeys(s.strip() for s in SENTENCES.tokenize(answer)))
    return [sentence for sentence in found if sentence]


def _voice_for(name: str, names: list[str], wanted: str) -> str:
    """A profile's voice is the leading provider's; the local one's own name means nothing to another."""
    return wanted if name == names[0] and (name == "local" or wanted != LOCAL_VOICE) else ""


def _usable(names: tuple[str, ...]) -> list[str]:
    """espeak is the last resort where it is there, and missing it is no fault where another voice speaks."""
    if espeak_program() is None and len(names) > 1:
        return [name for name in names if name != "espeak"]
    return list(names)
