"""An overlay covers a step and gives it back, with no more authority than the step may hold."""

from typing import Any

import pytest

from domain.events import EventKind
from domain.firing import fire
from domain.stages import Overlay, Step
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.presence import leave, remembered_step
from tests.builders import a_turn, next_turn

CLOSING = ["pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"]


def opens(turn: Turn) -> list[str]:
    return turn.authority["open"]


def parked(step: Step = Step.PRICE, scopes: tuple[str, ...] = ("quote.create", "discount.apply")) -> Turn:
    turn = a_turn(
        step,
        authority={"open": [*scopes, "call.dial"]},
        place={"identity": {"verified": True}},
        talk={"disclosed": {"voice": {"speech_id": "s1", "heard": True}}},
    )
    assert isinstance(fire(turn, Trigger.SILENCE_DISCONNECT_OR_LATER, reason="line_lost"), Transition)
    return turn


def back(turn: Turn, history: Step | None = None) -> Turn:
    returned = next_turn(turn, "t2")
    returned.work["scored_at"] = returned.now.isoformat()
    assert isinstance(fire(returned, Trigger.BUYER_RETURNS_OR_CONTROL_RETURNED, history=history), Transition)
    return returned


def test_an_overlay_covers_its_step_and_gives_it_back_with_its_scopes() -> None:
    turn = parked()
    assert (turn.step, turn.overlay, turn.remembered) == (Step.PRICE, Overlay.PARKED, Step.PRICE)
    assert "call.dial" not in opens(turn), "parking takes the channels"
    returned = back(turn)
    assert (returned.step, returned.overlay, returned.remembered) == (Step.PRICE, None, None)
    assert sorted(opens(returned)) == ["call.dial", "discount.apply", "quote.create"]


def test_an_overlay_over_an_overlay_keeps_the_step_and_the_scopes_of_the_first() -> None:
    turn = parked()
    second = next_turn(turn, "t2")
    assert isinstance(fire(second, Trigger.ASKS_HUMAN_OR_DISTRESS_OR_2_FAILURES), Transition)
    assert (second.step, second.overlay, second.remembered) == (Step.PRICE, Overlay.HUMAN, Step.PRICE)
    assert set(opens(second)).isdisjoint(CLOSING), "a person sells now"
    assert {"quote.create", "discount.apply"} <= set(opens(back(second)))


def test_history_lowered_by_the_score_opens_only_what_its_step_may_hold() -> None:
    """The node says where the score allows to go back to; firing leaves the money behind."""
    committing = ("contract.send", "payment.link", "pricing.read")
    assert set(opens(back(parked(Step.COMMIT_REQUESTED, committing)))) == {*committing, "call.dial"}
    lower = back(parked(Step.COMMIT_REQUESTED, committing), Step.COMPLIANCE)
    assert lower.step is Step.COMPLIANCE and set(opens(lower)) == {"pricing.read", "call.dial"}
    out = back(parked(Step.COMMIT_REQUESTED, committing), Step.DISCOVERY)
    assert out.step is Step.DISCOVERY and opens(out) == ["call.dial"]
    assert out.epoch > lower.epoch, "leaving the stage begins an epoch"


def test_an_accepted_callback_remembers_that_the_transfer_is_wanted() -> None:
    promised = {"number_confirmed": True, "time_confirmed": True, "window_open": True, "rank": 1}
    turn = a_turn(Step.FAILED, deal={"callback": promised}, authority={"open": ["call.transfer"]})
    assert isinstance(fire(turn, Trigger.CALLBACK_ACCEPTED), Transition)
    assert (turn.overlay, turn.remembered, turn.step) == (Overlay.CALLBACK, Step.PENDING, Step.PENDING)
    asked = a_turn(Step.PRICE, Overlay.HUMAN, deal={"callback": promised})
    assert isinstance(fire(asked, Trigger.CALLBACK_ACCEPTED), Transition)
    assert (asked.overlay, asked.remembered) == (Overlay.CALLBACK, Step.PRICE)


@pytest.mark.parametrize(("deal", "step"), [({"appointment": {"starts": "x"}}, Step.BOOKED), ({}, Step.DISCOVERY)])
def test_a_declined_offer_goes_back_to_a_meeting_that_stands(deal: dict[str, Any], step: Step) -> None:
    turn = a_turn(Step.OFFERED, deal=deal)
    assert isinstance(fire(turn, Trigger.BUYER_DECLINES_OR_IGNORES), Transition)
    assert turn.step is step


def test_a_row_to_the_same_place_moves_neither_step_nor_overlay() -> None:
    turn = a_turn(Step.PRICE, Overlay.PARKED)
    assert isinstance(fire(turn, Trigger.APPROVAL_DECIDED_OR_EXPIRED), Transition)
    assert (turn.step, turn.overlay, turn.remembered) == (Step.PRICE, Overlay.PARKED, Step.PRICE)


@pytest.mark.parametrize(
    ("step", "score", "back_to"),
    [
        (Step.COMMITTED, 0.70, Step.COMMITTED),
        (Step.COMMITTED, 0.69, Step.COMPLIANCE),
        (Step.COMMIT_REQUESTED, 0.69, Step.COMPLIANCE),
        (Step.COMMIT_REQUESTED, 0.59, Step.OFFERED),
        (Step.COMMIT_REQUESTED, 0.49, Step.DISCOVERY),
        (Step.PRICE, 0.60, Step.PRICE),
        (Step.PRICE, 0.59, Step.OFFERED),
        (Step.SCOPE, 0.49, Step.DISCOVERY),
        (Step.PENDING, 0.50, Step.PENDING),
        (Step.PENDING, 0.49, Step.DISCOVERY),
        (Step.BOOKED, 0.01, Step.BOOKED),
        (Step.CONSENT, 0.01, Step.CONSENT),
        (Step.IDENTIFY, 0.99, Step.GREET),
        (Step.GREET, 0.99, Step.GREET),
        (Step.DIALING, 0.99, Step.GREET),
        (Step.NEW, 0.99, Step.GREET),
    ],
)
def test_the_way_back_is_one_stage_lower_while_the_score_is_below_its_exit(
    step: Step, score: float, back_to: Step
) -> None:
    assert remembered_step(a_turn(step, Overlay.PARKED, score=score)) is back_to


def timed(turn: Turn, ref: str) -> Turn:
    later = next_turn(turn, f"cap-{ref}", kind=EventKind.TIMER, timer="call_cap", ref=ref)
    leave(later)
    return later


def test_a_call_that_is_too_long_is_offered_a_time_and_then_parked() -> None:
    turn = a_turn(Step.DISCOVERY, place={"line": "up"})
    warned = timed(turn, "soon")
    assert [line["act"] for line in warned.plan] == ["time_is_up"] and warned.overlay is None
    ended = timed(turn, "over")
    assert [line["act"] for line in ended.plan] == ["later_ok"] and ended.overlay is Overlay.PARKED


@pytest.mark.parametrize(("step", "line"), [(Step.BRIDGED, "up"), (Step.WON, "up"), (Step.DISCOVERY, "down")])
def test_nobody_is_hurried_where_there_is_no_call_of_ours(step: Step, line: str) -> None:
    assert timed(a_turn(step, place={"line": line}), "over").plan == []


def test_who_waits_for_an_approval_may_be_silent() -> None:
    proposal = {"status": "open", "roles": ["sales_manager"], "rules": ["A1"]}
    for level, acts in ((1, []), (2, ["approval_pending"]), (3, ["approval_pending"])):
        turn = next_turn(a_turn(Step.PRICE), f"s{level}", kind=EventKind.SILENCE, level=level)
        turn.situation["proposals"] = [proposal]
        leave(turn)
        assert [line["act"] for line in turn.plan] == acts and turn.overlay is None
