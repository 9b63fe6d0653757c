"""What a turn gives back to the surface that brought it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SpeechLine:
    """One line to be spoken or shown; `speech_id` is what heard and delivered events name."""

    speech_id: str
    act: str
    words: str
    asks: str | None
    uninterruptible: bool
    channel: str
    status: str


@dataclass(frozen=True, slots=True)
class TurnResult:
    """How a turn ended. `step` is STAGE.step or a terminal; `score` and `confidence` lie in 0..1."""

    turn_id: str
    session_id: str
    step: str
    overlay: str | None
    score: float
    confidence: float
    fired: tuple[str, ...]
    speech: tuple[SpeechLine, ...]
    refused: tuple[str, ...]
    ran: bool = True  # False: the event was stored and needed no turn

    @property
    def words(self) -> str:
        return " ".join(line.words for line in self.speech)


def from_values(session_id: str, values: Mapping[str, Any], turn_id: str) -> TurnResult:
    """The result of a turn that was run here, from the graph's last values."""
    speech = tuple(
        SpeechLine(p["speech_id"], p["act"], p["words"], p["asks"], p["uninterruptible"], p["channel"], "queued")
        for p in values["plan"]
    )
    refused = tuple(e["scope"] for e in values["effects"] if e["kind"] == "call" and e["outcome"] == "refused")
    return TurnResult(
        turn_id=turn_id,
        session_id=session_id,
        step=values["step"],
        overlay=values["overlay"],
        score=float(values["score"]),
        confidence=float(values["intent"]["confidence"]),
        fired=tuple(values["turn"]["fired"]),
        speech=speech,
        refused=refused,
    )
