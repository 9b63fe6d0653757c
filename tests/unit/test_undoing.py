"""A row that is taken back: its undo list in reverse, its step and authority as before; a sale that went on stays."""

from typing import Any

import pytest

from domain.events import Event, EventKind
from domain.stages import Overlay, Step
from domain.transitions import BY_ID
from domain.turn import Turn
from domain.undoing import undo
from nodes.sending import uses_of
from nodes.undoing import effect_failed
from tests.builders import NOW, a_turn, of_kind


def undone(turn: Turn, row_id: str, step: Step, scopes: list[str], overlay: Overlay | None = None) -> list[str]:
    """Take the row back to where it was fired; the names of its undo list in the order in which they ran."""
    ran: list[str] = []
    before = {"step": step.value, "overlay": overlay, "remembered": step.value if overlay else None, "open": scopes}
    turn.authority["before_row"] = {row_id: before}
    names = BY_ID[row_id].undo
    undo(turn, row_id, {name: (lambda name=name: ran.append(name)) for name in names}, {"meeting_cancelled": {}})
    assert turn.authority["before_row"] == {}, "a row is taken back once"
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
    assert undone(turn, row_id, back, [again]) == list(reversed(BY_ID[row_id].undo))
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
    assert undone(turn, "T12", Step.SLOTS_OFFERED, ["calendar.hold"]) == ["notify_buyer", "cancel_event"]
    assert (turn.step, turn.epoch, turn.authority["open"]) == (Step.PRICE, epoch, ["pricing.read", "quote.create"])
    (moved,) = of_kind(turn, "transition")
    assert moved["step_before"] == moved["step_after"] == Step.PRICE.value


def test_under_an_overlay_the_step_behind_it_goes_back_and_no_scope_opens_before_it_ends() -> None:
    turn = a_turn(Step.BOOKED)
    turn.overlay, turn.remembered = Overlay.PARKED, Step.BOOKED
    turn.authority.update(open=[], before_overlay=["calendar.write", "pricing.read"])
    undone(turn, "T12", Step.SLOTS_OFFERED, ["calendar.hold", "calendar.read"])
    assert (turn.step, turn.remembered, turn.overlay) == (Step.SLOTS_OFFERED, Step.SLOTS_OFFERED, Overlay.PARKED)
    assert turn.authority["open"] == []
    assert turn.authority["before_overlay"] == ["pricing.read", "calendar.hold"]


def test_a_call_back_that_is_taken_back_leaves_the_session_with_people() -> None:
    turn = a_turn(Step.PENDING)
    turn.overlay, turn.remembered = Overlay.CALLBACK, Step.PENDING
    assert undone(turn, "T24", Step.PENDING, [], Overlay.HUMAN) == ["notify_buyer", "cancel_task"]
    assert (turn.step, turn.overlay, turn.remembered) == (Step.PENDING, Overlay.HUMAN, Step.PENDING)


def test_a_call_back_promised_after_a_failed_transfer_goes_back_there() -> None:
    turn = a_turn(Step.PENDING)
    turn.overlay, turn.remembered = Overlay.CALLBACK, Step.PENDING
    turn.authority["open"] = ["callback.schedule"]
    undone(turn, "T24", Step.FAILED, ["call.transfer"])
    assert (turn.step, turn.overlay, turn.remembered) == (Step.FAILED, None, None)
    assert "callback.schedule" not in turn.authority["open"]


def test_a_scope_that_was_shut_before_the_row_is_not_opened_by_its_undo() -> None:
    turn = a_turn(Step.BOOKED)
    turn.authority["open"] = ["calendar.write"]
    undone(turn, "T12", Step.SLOTS_OFFERED, [])
    assert turn.authority["open"] == []


def an_alarm(kind: str, object_id: str | None) -> Event:
    """The outbox says that an effect failed for good."""
    data = {"timer": "effect_failed", "ref": "e", "effect": kind, "object": object_id}
    return Event("alarm", EventKind.TIMER, NOW, None, data)


ORDER = {"quote_hash": "h", "attempt": 1, "open": True, "contract_id": "c", "payment_id": "p"}


@pytest.mark.parametrize("state", [{"paid_amount": "2388.00"}, {"attempt": 2}], ids=["paid", "second attempt"])
def test_where_money_or_a_second_attempt_is_in_play_people_take_over_once(state: dict[str, Any]) -> None:
    order = {**ORDER, **state}
    turn = a_turn(Step.COMMITTED, event=an_alarm("contract_link", "c"), deal={"order": order, "quote": {"version": 1}})
    effect_failed(turn)
    effect_failed(turn)
    assert turn.step is Step.COMMITTED and turn.deal["order"]["open"] and not of_kind(turn, "transition")
    assert [line["act"] for line in turn.plan] == ["links_with_people"]
    assert [e["payload"]["reason"] for e in of_kind(turn, "outbox")] == ["links_failed"]
    assert not of_kind(turn, "settle_effect")  # a person may send it again


@pytest.mark.parametrize(
    ("kind", "object_id"), [("contract_link", "another"), ("contract_link", None), ("message", "m")]
)
def test_what_no_row_depends_on_changes_nothing(kind: str, object_id: str | None) -> None:
    turn = a_turn(Step.COMMITTED, event=an_alarm(kind, object_id), deal={"order": dict(ORDER)})
    effect_failed(turn)
    assert turn.step is Step.COMMITTED and turn.plan == [] and {e["kind"] for e in turn.effects} == {"audit"}


def test_a_contract_that_fails_after_its_payment_was_asked_for_anew_is_sent_again() -> None:
    turn = a_turn(Step.COMMIT_REQUESTED, event=an_alarm("contract_link", "c"), deal={"order": {**ORDER, "open": False}})
    effect_failed(turn)
    assert turn.step is Step.COMMIT_REQUESTED and turn.plan == []
    assert [e["effect_id"] for e in of_kind(turn, "settle_effect")] == ["e"]
    assert uses_of({**turn.deal["order"], "attempt": 2}) == ("contract.send", "payment.link")
