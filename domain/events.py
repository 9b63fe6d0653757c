"""What can happen to a session: each event is one inbox row and, where it needs a decision, one turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from domain.stages import Channel


class EventKind(StrEnum):
    """The `data` keys of each kind stand beside its name; a key in brackets may be missing."""

    ARRIVED = "arrived"  # a buyer is there without words yet (call answered by us, chat opened): [call_id]
    # text, [speaker=buyer], [confidence], [began_at], [answers=speech_id], [seen_through=speech_id], [call_id]
    WORDS = "words"
    HEARD = "heard"  # speech_id, status=heard|partly|unheard, [words]
    DELIVERED = "delivered"  # speech_ids: a text channel's receipt
    LINE = "line"  # state=down|up, [call_id]
    SILENCE = "silence"  # level=1|2|3
    TIMER = "timer"  # timer (kind), timer_id, [ref]; of an effect that failed for good: effect (kind), object
    DECISION = "decision"  # proposal_id, approval_id
    WEBHOOK = "webhook"  # source=contract|payment, status, and the ids of the object
    DIAL = "dial"  # answer=human|uncertain|voicemail|no_answer|busy|failed|ivr|screening, or due=true
    CONSULT = "consult"  # outcome=accepted|declined|timeout|voicemail, [seat], [packet_hash]
    OPERATOR = "operator"  # act=takeover|hand_back|record_win|record_loss|erase, by, reason, [...]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `turn_id` comes from its source (message id, call turn id, webhook id, approval id)."""

    turn_id: str
    kind: EventKind
    at: datetime
    channel: Channel | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self) -> dict[str, Any]:
        return {
            "turn_id": self.turn_id,
            "kind": self.kind.value,
            "at": self.at.isoformat(),
            "channel": self.channel.value if self.channel else None,
            "data": dict(self.data),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        return cls(
            turn_id=raw["turn_id"],
            kind=EventKind(raw["kind"]),
            at=datetime.fromisoformat(raw["at"]),
            channel=Channel(raw["channel"]) if raw.get("channel") else None,
            data=raw.get("data") or {},
        )
