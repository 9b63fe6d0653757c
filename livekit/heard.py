"""What the buyer really heard of every line, from how its speech ended: the fact that guards and consents stand on."""

import re
import time
from dataclasses import dataclass
from typing import Any, Literal

from livekit.agents import llm
from livekit.agents.voice import SpeechHandle

from domain.results import SpeechLine

Status = Literal["heard", "partly", "unheard"]
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Receipt:
    """`at` is the wall clock's time at which the line was over; `words` are what was played of a line that was cut."""

    speech_id: str
    status: Status
    at: float
    words: str = ""
    began_at: float | None = None  # first frame; None where no frame went out
    tts_ms: int | None = None

    @property
    def data(self) -> dict[str, Any]:
        """As the event's data."""
        played = {"words": self.words} if self.status == "partly" else {}
        return {"speech_id": self.speech_id, "status": self.status, **played}


def unheard(line: SpeechLine) -> Receipt:
    """Of a line that was never begun."""
    return Receipt(line.speech_id, "unheard", time.time())


def receipt_of(line: SpeechLine, handle: SpeechHandle, played: str) -> Receipt:
    """Of a line whose speech is over; `played` are its words that were. A speech that was cut before its first frame
    leaves no item behind."""
    items = [i for i in handle.chat_items if isinstance(i, llm.ChatMessage) and i.role == "assistant"]
    cut = handle.interrupted or handle.exception() is not None
    if not items or (cut and not played):
        return unheard(line)
    metrics = items[-1].metrics
    return Receipt(
        line.speech_id,
        _status(line.words, played, cut),
        metrics.get("stopped_speaking_at") or time.time(),
        played,
        metrics.get("started_speaking_at"),
        _ms(metrics.get("tts_node_ttfb")),
    )


def _status(line: str, played: str, cut: bool) -> Status:
    """A line that was cut after its last word was heard all the same."""
    return "heard" if not cut or _WORD.findall(played) == _WORD.findall(line) else "partly"


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
