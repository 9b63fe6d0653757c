"""What the buyer says into the agent's speech: a murmur stops nothing, and nothing said over a firm line is lost."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from livekit.agents import utils

PAUSE_S = 0.6  # of quiet, after which words said over a firm line are taken for a whole
_MURMURS = frozenset(
    ("mm", "mhm", "mmhm", "mmhmm", "hm", "hmm", "mm-hmm", "mm-hm", "uh-huh", "uh", "um", "ah", "oh", "huh")
)
_ASIDES = frozenset(
    ("yeah", "yep", "yes", "okay", "ok", "right", "sure", "alright", "cool", "great", "good", "got", "it", "i", "see")
)
_MISHEARD = {"mama", "ma", "mom"}  # what a recogniser makes of a murmur where it may not answer with nothing
_DOUBTFUL = 0.7
_WORD = re.compile(r"[\w'-]+")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words as the recogniser understood them, with the wall clock's times of the voice."""

    utterance_id: str
    text: str
    confidence: float | None
    began_at: float
    ended_at: float
    recogniser_ms: int | None = None
    endpoint_ms: int | None = None


def murmur(text: str, confidence: float, asked: bool) -> bool:
    """Whether words that fall into the agent's speech only say "go on". While a question is put, a yes may be more."""
    words = [word.lower() for word in _WORD.findall(text)]
    if not words or len(words) > 3:
        return not words
    if all(word in _MURMURS for word in words):
        return True
    if confidence < _DOUBTFUL and all(word in _MURMURS | _MISHEARD for word in words):
        return True
    return not asked and all(word in _MURMURS | _ASIDES for word in words)


class Overheard:
    """Collects what is said over a firm line until there is a pause; `deliver` takes it as words of the buyer."""

    def __init__(self, talking: Callable[[], bool], deliver: Callable[[Utterance], None]) -> None:
        self._talking, self._deliver = talking, deliver
        self._texts: list[str] = []
        self._lowest: float | None = None
        self._began = self._ended = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str, confidence: float, began_at: float) -> None:
        if not self._texts:
            self._began = began_at
        self._texts.append(text)
        self._lowest = min(confidence, 1.0 if self._lowest is None else self._lowest)
        self._ended = time.time()
        self._arm()

    def take(self) -> tuple[str, float | None, float | None]:
        """What was collected, when it began and how badly it was heard, for words that go on after the line."""
        text, began, lowest = " ".join(self._texts), self._began if self._texts else None, self._lowest
        self._texts, self._lowest = [], None
        if self._timer:
            self._timer.cancel()
        return text, began, lowest

    def end(self) -> None:
        """The call is over: what was collected is the buyer's last word."""
        if self._texts:
            self._whole()

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(PAUSE_S, self._pause)

    def _pause(self) -> None:
        if not self._texts:
            return
        if self._talking():
            self._arm()
            return
        self._whole()

    def _whole(self) -> None:
        ended = self._ended
        text, began, confidence = self.take()
        self._deliver(Utterance(utils.shortuuid("over_"), text, confidence, began or ended, ended))
