"""What the runner carries from one process of a scenario to the next; everything else is in the database."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from domain.stages import Channel
from graph.scenarios.sight import Mark, Moments

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """Sessions by name, calls, what each step did, and the clock. A step gives back a new one."""

    now: datetime
    sessions: dict[str, str] = field(default_factory=dict[str, str])
    channels: dict[str, Channel] = field(default_factory=dict[str, Channel])
    calls: dict[str, int] = field(default_factory=dict[str, int])
    call_starts: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    events: dict[str, tuple[str, Json]] = field(default_factory=dict[str, tuple[str, Json]])
    marks: dict[str, dict[str, Mark]] = field(default_factory=dict[str, dict[str, Mark]])
    done: dict[str, datetime] = field(default_factory=dict[str, datetime])
    failing: dict[str, tuple[bool, ...]] = field(default_factory=dict[str, tuple[bool, ...]])
    policies: int = 0

    def with_(self, **changes: Any) -> "Record":
        return replace(self, **changes)

    def moments(self) -> Moments:
        return Moments(self.now, self.done, self.call_starts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one playing of a scenario went. `trail` is what another playing must leave again."""

    failures: tuple[str, ...]
    trail: dict[str, Any] = field(default_factory=dict[str, Any])
