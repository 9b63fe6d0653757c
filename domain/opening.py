"""How a session's state starts: one place for the first values of every channel."""

from typing import Any

from domain.stages import Step
from domain.state import Json


def first_state(session_id: str) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "step": Step.NEW.value,
        "overlay": None,
        "remembered": None,
        "epoch": 0,
        "score": 0.0,
        "place": {"recording": "off", "owner": "agent", "line": "none", "channel": None, "opened": False},
        "facts": {},
        "intent": {"state": None, "gates": {}, "confidence": 0.0, "structural": 0.0, "sums": {}},
        "talk": {"asked": None, "counts": {}, "disclosed": {}, "watch": {}, "recent": [], "buyer_turns": 0},
        "deal": {},
        "authority": {"open": [], "capabilities": {}, "approved": {}},
        "messages": [],
    }


def blank_work() -> Json:
    """The record of one turn before anything was decided."""
    return {
        "fired": [],
        "refused": [],
        "delivered": [],
        "answer_to": None,
        "explicit": False,
        "reversal": False,
        "row": 0,
    }
