"""A call as everybody sees it who has to do with one: who is on it, who serves it, and how its turns went."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.contact import Identity


class CallState(StrEnum):
    """`ringing` is kept for calls that we place; a call from a browser goes from new to active."""

    NEW = "new"
    RINGING = "ringing"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Call:
    """One call in one room. `dispatches` counts how often a job was asked for: a dispatcher compares and sets it."""

    call_id: str
    room: str
    state: CallState
    identity: Identity
    label: str
    session_id: str | None
    dispatches: int
    job_id: str | None
    worker: str | None
    agent_identity: str | None  # the participant that has to go when its job is dead
    profile_hash: str | None
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Serving:
    """The job that serves a call, as it introduces itself."""

    job_id: str
    worker: str
    agent_identity: str
    profile_hash: str


@dataclass(frozen=True, slots=True)
class CallTurn:
    """How one turn of a call went. Milliseconds; None where there was nothing to measure.

    `voice_ms` is what the buyer waits: from the end of the words (of a decision, for speech that nobody asked for) to
    the first frame of the answer. The others are its parts: until the words were there, until the turn was taken for
    ended, until the turn was committed, until the voice had its first sound.
    """

    call_id: str
    turn_id: str
    kind: str
    at: datetime
    words: str | None = None
    confidence: float | None = None
    began_at: datetime | None = None
    recogniser_ms: int | None = None
    endpoint_ms: int | None = None
    turn_ms: int | None = None
    tts_ms: int | None = None
    voice_ms: int | None = None
    cut: bool = False
    recogniser_s: float = 0.0
    voice_s: float = 0.0
    voice_characters: int = 0
