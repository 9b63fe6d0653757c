"""What comes back from the person who was asked to close: an answer, none in time, or how it ended."""

from domain.acts import say
from domain.firing import fire
from domain.stages import Stage, Step
from domain.transitions import Transition, Trigger
from domain.turn import Turn


def consulted(turn: Turn) -> None:
    """The consult leg's outcome."""
    outcome = str(turn.event.data.get("outcome"))
    if outcome == "accepted":
        fire(turn, Trigger.HUMAN_ACCEPTS, records={"owner=human": {}, "stage_transferred": {}})
        return
    row = fire(
        turn,
        Trigger.RING_TIMEOUT_DECLINE_OR_VM,
        reason=f"consult_{outcome}",
        records={"transfer_failed": {"reason": f"consult_{outcome}"}},
    )
    if isinstance(row, Transition):
        turn.work["failed_now"] = True
        say(turn, "closer_busy", wait=60)


def held_too_long(turn: Turn) -> None:
    """The longest time on the line is over: the buyer gets the callback instead."""
    if turn.step is not Step.QUEUEING:
        return
    row = fire(
        turn,
        Trigger.CALLBACK_IS_BETTER_OR_HOLD_CAP_OR_BUYER_LEFT,
        reason="hold_cap",
        records={"queue_left": {"reason": "hold_cap"}},
    )
    if isinstance(row, Transition):
        turn.work["failed_now"] = True
        say(turn, "closer_busy", wait=60)


def from_human(turn: Turn) -> None:
    """The person hands the session back, or records how it ended."""
    act, data = str(turn.event.data.get("act")), turn.event.data
    if act == "hand_back":
        fire(turn, Trigger.HUMAN_RETURNS_SESSION, records={"owner=agent": {"by": data.get("by")}})
        turn.work["closing_now"] = turn.stage is Stage.CLOSE
    elif act == "record_win":
        fire(
            turn,
            Trigger.HUMAN_RECORDS_WIN,
            records={"closed_won_by_human": {"reference": data.get("contract_reference")}},
        )
    elif act == "record_loss":
        fire(turn, Trigger.HUMAN_RECORDS_LOSS, reason=str(data.get("reason", "")), records={"lost": {}})
