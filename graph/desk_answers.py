"""What the desk answers people with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.policy import Policy
from domain.pricing import Quote
from graph.review import Preview

ALIVE_S = 20  # a runner beats every few seconds; this long without one and it counts as gone
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """The open requests, most urgent first; `beyond` holds those that an approver may not decide yet."""

    items: list[Json]
    decided: list[Json]
    beyond: frozenset[str]
    most: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """One request with everything a decision needs; `seen` is the price as it stands or as it was edited."""

    row: Json
    policy: Policy
    seen: Preview
    before: Quote | None
    draft: Quote | None
    editable: bool
    four_eyes: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """What the sidebar says: the database answered, who runs turns, and what has been left lying."""

    runner_s: int | None  # seconds since the last sign of life of a turn runner; None: never seen
    jobs_s: int | None
    waiting_events: int
    dead_events: int
    failed_effects: int
    open_proposals: int
    policy_version: str
    policy_label: str

    @property
    def runner_up(self) -> bool:
        return any(age is not None and age <= ALIVE_S for age in (self.runner_s, self.jobs_s))
