"""A question that got no answer several times in a row is not put a fourth time alone: the buyer is shown a way on."""

from typing import Any

from domain.acts import say
from domain.events import EventKind
from domain.turn import Turn

_PLAIN, _WAY_OUT = 3, 5  # how often the question has been put when a plain answer, then another way, is asked for
_ADD_NOTHING = frozenset({"as_said", "repeat_intro", "unreadable", "low_confidence"})


def unstick(turn: Turn) -> None:
    """Count how often the last question of the plan stood alone; from the third time on say what would help."""
    if turn.event.kind is not EventKind.WORDS or not turn.plan:
        return
    last = turn.plan[-1]
    key = last["asks"] or ("low_confidence" if last["act"] == "low_confidence" else None)
    if key is None or any(line is not last and line["act"] not in _ADD_NOTHING for line in turn.plan):
        return
    before: dict[str, Any] = turn.talk.get("stuck") or {}
    times = int(before["times"]) + 1 if before.get("key") == key else 1
    turn.talk["stuck"] = {"key": key, "times": times}
    if times >= _WAY_OUT and times % 2:
        _put_before(turn, "way_out")
    elif times == _PLAIN and last["readback"]:
        _put_before(turn, "plain_answer")


def _put_before(turn: Turn, act: str) -> None:
    say(turn, act)
    turn.plan.insert(-1, turn.plan.pop())
