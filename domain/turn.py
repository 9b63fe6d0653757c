"""The working copy of a session while one turn is decided: nodes read and change it, the commit writes it."""

import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.catalogue import Catalogue
from domain.events import Event
from domain.policy import Policy
from domain.reading import Reading
from domain.stages import Channel, Overlay, Stage, Step
from domain.state import ChainState, Json

MOST_ROWS = 4  # transitions that may fire in one turn


def copied(value: Any) -> Any:
    """A copy of JSON-like data; the state is large enough that a walk through it in Python would cost every turn."""
    return marshal.loads(marshal.dumps(value))  # noqa: S302 - what is read was written in the same line


@dataclass(slots=True)
class Turn:
    """Mutable on purpose: it lives for one turn, in one run of the graph, and is written back as a state update."""

    session_id: str
    event: Event
    now: datetime
    policy: Policy
    catalogue: Catalogue
    reading: Reading
    situation: Json
    step: Step
    overlay: Overlay | None
    remembered: Step | None
    epoch: int
    score: float
    place: Json
    facts: Json
    intent: Json
    talk: Json
    deal: Json
    authority: Json
    work: Json  # fired, refused, heard, gate base ... of this turn; becomes the channel `turn`
    plan: list[Json] = field(default_factory=list[Json])
    effects: list[Json] = field(default_factory=list[Json])

    # ---- places
    @property
    def stage(self) -> Stage | None:
        return self.step.stage

    @property
    def channel(self) -> Channel:
        """The channel on which the buyer is reached in this turn."""
        return Channel(self.event.channel or self.place.get("channel") or Channel.CHAT)

    @property
    def fired(self) -> list[str]:
        return self.work["fired"]

    @property
    def words(self) -> str:
        return str(self.event.data.get("text") or "")

    @property
    def present(self) -> bool:
        """Whether the buyer can be told something now: a text channel always, a call while the line is up."""
        return self.overlay is None and (self.channel.text or self.place.get("line") != "down")

    # ---- facts
    def fact(self, key: str) -> Json | None:
        return self.facts.get(key)

    def value(self, key: str, default: Any = None) -> Any:
        fact = self.facts.get(key)
        return default if fact is None else fact["value"]

    # ---- effects
    def want(self, kind: str, **fields: Any) -> None:
        """Ask for an effect; the commit applies it or refuses the whole turn."""
        self.effects.append({"kind": kind, **fields})

    def audit(self, action: str, payload: Mapping[str, Any], actor: str = "agent") -> None:
        self.want("audit", action=action, actor=actor, payload=dict(payload))

    # ---- speech heard
    def heard(self, speech_id: str | None) -> bool:
        """Whether a speech row was heard to its end (in text: delivered), by the table and by this turn's own reply."""
        if speech_id is None:
            return False
        row = self.situation.get("speech", {}).get(speech_id)
        return (row is not None and row["status"] == "heard") or speech_id in self.work["delivered"]

    def heard_at(self, speech_id: str) -> datetime | None:
        row = self.situation.get("speech", {}).get(speech_id)
        if row is not None and row.get("heard_at"):
            return datetime.fromisoformat(row["heard_at"])
        return self.event.at if speech_id in self.work["delivered"] else None  # when it came, not when it is served

    # ---- counting, so that nothing is said the same way for ever
    def counted(self, name: str) -> int:
        return int(self.talk["counts"].get(name, 0))

    def count(self, name: str) -> int:
        self.talk["counts"][name] = self.counted(name) + 1
        return self.talk["counts"][name]

    def plan_answers(self) -> bool:
        """Whether the plan already holds an answer to a question."""
        return any(line["act"].startswith("answer_") for line in self.plan)

    # ---- state
    def update(self) -> ChainState:
        """What the graph stores of this turn so far."""
        return {
            "session_id": self.session_id,
            "step": self.step.value,
            "overlay": self.overlay.value if self.overlay else None,
            "remembered": self.remembered.value if self.remembered else None,
            "epoch": self.epoch,
            "score": self.score,
            "place": self.place,
            "facts": self.facts,
            "intent": self.intent,
            "talk": self.talk,
            "deal": self.deal,
            "authority": self.authority,
            "turn": self.work,
            "situation": self.situation,
            "plan": self.plan,
            "effects": self.effects,
        }
