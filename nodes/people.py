"""What becomes a task for people, because the agent has no further way of its own."""

from collections.abc import Mapping
from typing import Any

from domain.state import part
from domain.turn import Turn


def give_to_people(turn: Turn, reason: str, seen: Mapping[str, Any] | None = None) -> None:
    """A call back to the buyer as soon as someone is free, with its reason on the trail."""
    turn.audit("given_to_people", {"reason": reason, **(seen or {})}, actor="system")
    identity = part(turn.place, "identity")  # the first words of a buyer come before any fact about them
    number = turn.value("contact.phone") or (identity["value"] if identity.get("kind") == "phone" else "")
    payload = {"number": str(number), "at": turn.now.isoformat(), "reason": reason}
    turn.want("outbox", outbox="callback", object=None, capability_id=None, payload=payload)
