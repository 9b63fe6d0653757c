"""One session to look at: its thread, its score and the silence between, and what held at any of its turns."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.evidence import EvidenceClass
from domain.policy import Policy
from graph import as_of, session_view
from memory.inspection import Trail

Json = dict[str, Any]
DRAWN = 24  # points along a silence


class SessionView:
    """Reads only. `upto` is a turn to look back from; None is now."""

    def __init__(self, trail: Trail, policy: Policy, now: datetime) -> None:
        self._trail, self._policy, self.now = trail, policy, now
        self.head: Json = trail.head

    @property
    def last_turn(self) -> int:
        return int(self._trail.turns[-1]["turn"]) if self._trail.turns else 0

    @property
    def first_turn(self) -> int:
        return int(self._trail.turns[0]["turn"]) if self._trail.turns else 0

    @property
    def waiting(self) -> list[Json]:
        """Events that no runner has taken up yet, or that failed."""
        return self._trail.waiting

    @property
    def undelivered(self) -> list[Json]:
        """Deliveries that failed for good and wait for a person."""
        return self._trail.undelivered

    @property
    def open_proposals(self) -> list[Json]:
        return [row for row in self._trail.proposals if row["status"] == "open"]

    @property
    def unshown(self) -> list[str]:
        """Text lines that no client has acknowledged yet, in order."""
        return [
            row["speech_id"] for row in self._trail.speech if row["status"] == "queued" and row["channel"] != "voice"
        ]

    @property
    def last_line(self) -> str | None:
        """The newest line of the agent: what the buyer has before them."""
        return str(self._trail.speech[-1]["speech_id"]) if self._trail.speech else None

    def thread(self, upto: int | None = None) -> list[Json]:
        return session_view.thread(self._trail, upto)

    def ribbon(self, upto: int | None = None) -> list[Json]:
        """The last stage of a session that goes on lasts until now."""
        parts = session_view.ribbon(self._trail, upto)
        if parts and upto is None and self.head["ended_at"] is None:
            parts[-1]["seconds"] = (self.now - parts[-1]["since"]).total_seconds()
        return parts

    def points(self, upto: int | None = None) -> list[Json]:
        return session_view.points(self._trail, upto)

    def facts(self, upto: int | None = None) -> list[Json]:
        return as_of.facts(self._moment(upto))

    def scopes(self, upto: int | None = None) -> list[str]:
        return as_of.scopes(self._moment(upto))

    def capabilities(self, upto: int | None = None) -> list[Json]:
        return as_of.capabilities(self._moment(upto))

    def calls(self, upto: int | None = None) -> list[Json]:
        return as_of.calls(self._moment(upto))

    def guards(self, upto: int | None = None) -> list[Json]:
        return as_of.guards(self._moment(upto))

    def _moment(self, upto: int | None) -> as_of.Moment:
        return as_of.Moment(self._trail, upto)

    # ---- the score
    def gates(self) -> dict[str, tuple[float, float]]:
        """Where each gate opens and closes, under the policy of now."""
        return {name: self._policy.gate(name) for name in ("transfer", "close", "commit")}

    def fading(self, point: Mapping[str, Any], seconds: float) -> list[tuple[float, float]]:
        """How the score sinks in silence: (seconds, score), from the class sums of the point's turn."""
        return [(seconds * i / DRAWN, self._after(point, seconds * i / DRAWN)) for i in range(DRAWN + 1)]

    def _after(self, point: Mapping[str, Any], seconds: float) -> float:
        sums: Mapping[str, float] = point["sums"]
        if not sums:
            return float(point["score"])
        intent = self._policy.intent
        raw = intent.b0 + sum(
            float(value) * 2.0 ** (-seconds / intent.half_life_s[EvidenceClass(name)]) for name, value in sums.items()
        )
        faded = 1 / (1 + math.exp(-max(-5.0, min(5.0, raw))))
        return min(float(point["score"]), faded)  # a ceiling after a reversal stays one, and silence lifts nothing

    def limit_of(self, scope: str) -> str:
        """A scope as it is held now: with the agent's limit where policy sets one."""
        if scope == "discount.apply":
            return f"{scope} ≤ {self._policy.pricing.discount.agent_max_pct:f} %"
        return scope
