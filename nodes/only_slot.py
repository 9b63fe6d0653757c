"""A plain yes to the one time that was offered takes that time."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from domain.reading import Answer
from domain.state import part
from domain.turn import Turn
from nodes.whereabouts import zone_of


def take_only_slot(turn: Turn) -> bool:
    """Whether the buyer agreed to the only slot on offer; it is then what the calendar is asked for."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    offered: list[str] = turn.deal.get("slots", [])
    agreed = answered.get("key") == "slot" and answered["answer"] == Answer.YES
    if not agreed or len(offered) != 1 or turn.reading.times or turn.deal.get("hold"):
        return False
    starts = datetime.fromisoformat(offered[0]).astimezone(ZoneInfo(zone_of(turn)))
    turn.deal["focus"] = {"days": [starts.date().isoformat()], "at_clock": f"{starts:%H:%M}"}
    return True
