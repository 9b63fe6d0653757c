"""Who can take a buyer now, and how long it takes: capacity is a decision, not a hope."""

from domain.guards.transfer import closing_level, value_le_limit
from domain.ports import Capacity
from domain.reading import Special
from domain.turn import Turn

AI, HUMAN = "ai_closer", "human_closer"


def target_of(turn: Turn, capacity: Capacity) -> str:
    """The AI closes where autonomy, region, value and capacity allow it; a person where the buyer or a rule wants one.

    A region that is not known yet is asked for once the buyer has accepted.
    """
    wants_person = Special.ASK_HUMAN in turn.reading.specials
    excluded = turn.policy.compliance.excludes(turn.place.get("region"), "ai-close")
    ai_may = closing_level(turn) >= "L1" and not excluded and value_le_limit(turn).held and capacity.ai_free > 0
    return AI if ai_may and not wants_person else HUMAN


def admission(turn: Turn, capacity: Capacity, target: str) -> str:
    """live, line, callback or next_day."""
    if target == AI or capacity.human_free > 0:
        return "live" if target == AI or capacity.on_shift else "next_day"
    if not capacity.on_shift:
        return "next_day"
    turn.work["expected_wait_s"] = expected_wait(turn, capacity)
    return "line" if turn.work["expected_wait_s"] <= turn.policy.capacity.hold_cap_s else "callback"


def expected_wait(turn: Turn, capacity: Capacity) -> float:
    """Seconds until a seat for who joins now: sum of 1/(c*mu + i*theta) over the places ahead."""
    mu = 1.0 / float(turn.policy.capacity.mean_service_s.human_closer)
    theta = 1.0 / float(turn.policy.capacity.patience_mean_s)
    seats = max(capacity.human_total, 1)
    return sum(1.0 / (seats * mu + place * theta) for place in range(capacity.waiting + 1))
