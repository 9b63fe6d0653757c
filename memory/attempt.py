"""A use of authority from outside of a turn, as the trail keeps it when it was refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Attempt:
    """A use of authority from outside of a turn that was refused."""

    turn_id: str
    scope: str
    guard: str
    policy_version: str
    at: datetime
    capability_id: str | None = None
    object_id: str | None = None

    @property
    def payload(self) -> dict[str, Any]:
        """What the trail says about it."""
        return {
            "scope": self.scope,
            "guard": self.guard,
            "object": self.object_id,
            "capability": self.capability_id,
        }
