"""The recogniser and the voice of this process: loaded once, each used by one thread of its own, off the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from domain.errors import BadInput
from livekit.prepared import checked

T = TypeVar("T")
_VOICE = "heart"
# A number, an amount, a time and a name that no lexicon knows: whatever is read for the first time is read now.
_WARM_UP = "Good morning, Dr. Zybrax: that is $2,388 for you at 10:30."


class OneAtATime:
    """A model and the one thread that may use it. It lets go of the interpreter while it computes."""

    def __init__(self, model: Any, name: str) -> None:
        self.model = model
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)


@lru_cache(maxsize=1)
def recogniser(folder: Path, threads: int = 1) -> OneAtATime:
    """Raises BadInput where the weights are not prepared, or are not those that were prepared."""
    from livekit.recogniser import RATE, Recogniser

    model = Recogniser(checked(folder), threads)
    model.hear(np.zeros(2 * RATE, np.float32))
    return OneAtATime(model, "recogniser")


def voice(name: str = "") -> OneAtATime:
    """The voice of that name, or the one that lies in the package."""
    return _voice(name or _VOICE)


@lru_cache(maxsize=2)
def _voice(wanted: str) -> OneAtATime:
    """Raises BadInput for a voice that is not on this machine: nothing is fetched while calls are taken."""
    try:
        from hibari import Hibari
        from hibari.voices import VOICES, voice_path
    except ImportError:
        remedy = "Install the extra 'speech', or set THROUGHLINE_TTS."
        raise BadInput("hibari-tts", "is not installed", remedy) from None
    if wanted not in VOICES:
        raise BadInput("voice", f"the local voice has no {wanted!r}", f"Choose one of {', '.join(VOICES)}.")
    try:
        path = voice_path(wanted, download_missing=False)
    except FileNotFoundError:
        remedy = f"Choose {_VOICE}, or fetch it once with: hibari --voice {wanted}"
        raise BadInput("voice", f"{wanted!r} is not on this machine", remedy) from None
    model = Hibari(voice=wanted, model=path)
    model(_WARM_UP)
    return OneAtATime(model, "voice")
