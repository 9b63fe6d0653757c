"""Makes a recogniser or a voice from its name in the settings, or says what is missing for it."""

import importlib
from collections.abc import Sequence
from typing import Any

from livekit.agents import stt, tts
from livekit.agents.types import NOT_GIVEN

from domain.errors import BadInput
from graph.settings import Settings

_PLUGINS = "livekit.plugins"
_NO_KEY = "none"  # a server of one's own asks for none, its client does


def recogniser_named(name: str, settings: Settings, words: Sequence[str], call: str) -> stt.STT[Any]:
    if name == "local":
        from livekit import local_models
        from livekit.local_ear import LocalSTT

        return LocalSTT(local_models.recogniser(settings.speech_dir), words)
    if name == "openai":
        from livekit.compatible_ear import CompatibleSTT

        key, url = _speech_service(settings, "THROUGHLINE_STT")
        return CompatibleSTT(settings.stt_model, key, url, settings.locale[:2], words)
    if name == "scripted":
        from livekit.scripted import ScriptedSTT

        if settings.stt_script is None:
            remedy = "It is for tests; choose local."
            raise BadInput("THROUGHLINE_STT", "the scripted recogniser has no THROUGHLINE_STT_SCRIPT", remedy)
        return ScriptedSTT(settings.stt_script, call)
    return _plugin("THROUGHLINE_STT", name, stt.STT, settings.stt_options)


def voice_named(name: str, settings: Settings, voice: str, speed: float) -> tts.TTS[Any]:
    """`voice` is a name that this provider knows, or empty for its own choice."""
    if name == "local":
        from livekit import local_models
        from livekit.local_voices import LocalTTS

        return LocalTTS(local_models.voice(voice), speed)
    if name == "espeak":
        from livekit.local_voices import EspeakTTS

        return EspeakTTS(speed)
    if name == "openai":
        from livekit.plugins.openai import TTS

        key, url = _speech_service(settings, "THROUGHLINE_TTS")
        chosen: dict[str, Any] = {"voice": voice} if voice else {}
        # A wave file says its own rate; servers differ in what they take raw samples to be.
        return TTS(
            model=settings.tts_model,
            speed=speed,
            api_key=key,
            base_url=url or NOT_GIVEN,
            response_format="wav",
            **chosen,
        )
    return _plugin("THROUGHLINE_TTS", name, tts.TTS, settings.tts_options)


def _speech_service(settings: Settings, field: str) -> tuple[str, str | None]:
    url = settings.speech_base_url or settings.openai_base_url
    key = settings.speech_key or settings.openai_key
    if key is None and url is None:
        raise BadInput(field, "openai has neither key nor address", "Set THROUGHLINE_SPEECH_KEY, or choose local.")
    return key.get_secret_value() if key else _NO_KEY, url


def _plugin(field: str, name: str, kind: type, options: dict[str, Any]) -> Any:
    """A class of an installed plug-in: `deepgram.STT` is looked for among LiveKit's own, and as it stands."""
    module_name, _, class_name = name.rpartition(".")
    made = None
    for candidate in (f"{_PLUGINS}.{module_name}", module_name):
        try:
            made = getattr(importlib.import_module(candidate), class_name, None)
        except ModuleNotFoundError as error:
            if not candidate.startswith(str(error.name)):
                missing = f"{candidate} needs {error.name}, which is not installed"
                raise BadInput(field, missing, "Install what the plug-in needs.") from None
            continue
        break
    if made is None:
        package = f"livekit-plugins-{module_name.split('.')[0].replace('_', '-')}"
        raise BadInput(field, f"{name} is not installed", f"Install {package}, or choose another provider.")
    if not (isinstance(made, type) and issubclass(made, kind)):
        raise BadInput(field, f"{name} is no {kind.__name__}", "Name the class of a LiveKit plug-in.")
    try:
        return made(**options)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{field}_OPTIONS", f"{name} does not take them: {error}", "See the plug-in's manual.") from None
