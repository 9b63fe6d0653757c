"""A row that is taken back: its undo list in reverse, its step and authority as before; a sale that went on stays."""

import pytest

from domain.stages import Overlay, Step
from domain.transitions import BY_ID
from domain.turn import Turn
from domain.undoing import undo
from tests.builders import a_turn, of_kind


def undone(turn: Turn, row_id: str, back: Step | Overlay) -> list[str]:
    """Take the row back; the names of its undo list in the order in which they ran."""
    ran: list[str] = []
    names = BY_ID[row_id].undo
    undo(turn, row_id, {name: (lambda name=name: ran.append(name)) for name in names}, back, {"meeting_cancelled": {}})
    return ran


@pytest.mark.parametrize(
    ("row_id", "at", "back", "gone", "again"),
    [
        ("T12", Step.BOOKED, Step.SLOTS_OFFERED, "calendar.write", "calendar.hold"),
        ("T31", Step.COMMITTED, Step.COMMIT_REQUESTED, None, "contract.send"),
    ],
)
def test_the_undo_list_runs_backwards_and_authority_is_as_before(
    row_id: str, at: Step, back: Step, gone: str | None, again: str
) -> None:
    turn = a_turn(at)
    turn.authority["open"] = [gone] if gone else []
    epoch = turn.epoch
    assert undone(turn, row_id, back) == list(reversed(BY_ID[row_id].undo))
    assert turn.step is back and turn.epoch == epoch + 1
    assert again in turn.authority["open"] and gone not in turn.authority["open"]
    (moved,) = of_kind(turn, "transition")
    assert (moved["transition"], moved["step_before"], moved["step_after"]) == (f"undo {row_id}", at.value, back.value)
    assert [e["reason"] for e in (each["fields"] for each in of_kind(turn, "crm"))] == ["effect_failed"]
    assert not turn.fired, "a row that is taken back does not count as one that fired"


def test_a_sale_that_has_gone_on_stays_where_it_is_with_the_authority_it_has() -> None:
    turn = a_turn(Step.PRICE)
    turn.authority["open"] = ["pricing.read", "quote.create"]
    epoch = turn.epoch
    assert undone(turn, "T12", Step.SLOTS_OFFERED) == ["notify_buyer", "cancel_event"]
    assert (turn.step, turn.epoch, turn.authority["open"]) == (Step.PRICE, epoch, ["pricing.read", "quote.create"])
    (moved,) = of_kind(turn, "transition")
    assert moved["step_before"] == moved["step_after"] == Step.PRICE.value


def test_under_an_overlay_the_step_behind_it_goes_back_and_no_scope_opens_before_it_ends() -> None:
    turn = a_turn(Step.BOOKED)
    turn.overlay, turn.remembered = Overlay.PARKED, Step.BOOKED
    turn.authority.update(open=[], before_overlay=["calendar.write", "pricing.read"])
    undone(turn, "T12", Step.SLOTS_OFFERED)
    assert (turn.step, turn.remembered, turn.overlay) == (Step.SLOTS_OFFERED, Step.SLOTS_OFFERED, Overlay.PARKED)
    assert turn.authority["open"] == []
    assert turn.authority["before_overlay"] == ["pricing.read", "calendar.hold"]


def test_a_call_back_that_is_taken_back_leaves_the_session_with_people() -> None:
    turn = a_turn(Step.PENDING)
    turn.overlay, turn.remembered = Overlay.CALLBACK, Step.PENDING
    assert undone(turn, "T24", Overlay.HUMAN) == ["notify_buyer", "cancel_task"]
    assert (turn.step, turn.overlay, turn.remembered) == (Step.PENDING, Overlay.HUMAN, Step.PENDING)
