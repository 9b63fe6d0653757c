"""A row fires whole: guards, grants, effects, revokes, records; and a refusal names the guard that said no."""

from collections.abc import Callable
from typing import Any

import pytest

from domain import firing
from domain.authority import use
from domain.firing import fire
from domain.refusal import Refused
from domain.stages import Step
from domain.transitions import Transition, Trigger
from domain.turn import MOST_ROWS, Turn
from tests.builders import OPEN, a_fact, a_quote, a_turn, an_answer, next_turn, of_kind

CLOSING = ["pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"]


def opens(turn: Turn) -> list[str]:
    return turn.authority["open"]


# ---- which row, how many
def test_the_first_row_in_table_order_whose_guards_hold_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    """No trigger of the table has two rows today; the rule holds for the day when one has."""
    trigger = Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE
    rows = (
        Transition("X1", (Step.BOOKED,), Step.DISCOVERY, trigger),
        Transition("X2", (Step.SLOTS_OFFERED,), Step.DISCOVERY, trigger, guards=("need_captured",)),
        Transition("X3", (Step.SLOTS_OFFERED,), Step.BOOKED, trigger),
        Transition("X4", (Step.SLOTS_OFFERED,), Step.OFFERED, trigger),
    )
    monkeypatch.setattr(firing, "BY_TRIGGER", {trigger: rows})
    without_need, with_need = a_turn(Step.SLOTS_OFFERED), a_turn(Step.SLOTS_OFFERED, facts=a_fact("need", "calls"))
    assert fire(without_need, trigger) is rows[2]
    assert fire(with_need, trigger) is rows[1]
    assert without_need.fired == ["X3"] and with_need.fired == ["X2"]


def test_at_most_four_rows_fire_in_a_turn() -> None:
    turn = a_turn(Step.SCOPE)
    for _ in range(MOST_ROWS):
        assert isinstance(fire(turn, Trigger.SILENCE_DISCONNECT_OR_LATER), Transition)
    before = list(turn.effects)
    refused = fire(turn, Trigger.REVOCATION_LANGUAGE_OR_KEYWORD)
    assert isinstance(refused, Refused) and refused.guard == "four_rows_a_turn"
    assert turn.fired == ["T43"] * 4 and turn.effects == before and turn.step is Step.SCOPE


def test_a_row_that_does_not_leave_here_is_refused_and_changes_nothing() -> None:
    turn = a_turn(Step.DISCOVERY)
    refused = fire(turn, Trigger.EXPLICIT_COMMITMENT)
    assert isinstance(refused, Refused) and refused.guard == "row_leaves_here"
    assert turn.effects == [] and turn.fired == [] and turn.step is Step.DISCOVERY and turn.epoch == 3


def test_a_refusal_names_the_first_guard_that_failed_and_all_guards_are_on_record() -> None:
    turn = a_turn(intent={"gates": {"transfer": OPEN}, "confidence": 0.5}, work={"admission": "live"})
    refused = fire(turn, Trigger.READINESS_GATE_OPEN)
    assert refused == Refused("confidence_ge_0.60", "0.50 of 0.60")
    seen = [(e["transition"], e["guard"], e["held"]) for e in of_kind(turn, "guard_result")]
    assert seen == [
        ("T15", "gate_transfer_open", True),
        ("T15", "confidence_ge_0.60", False),
        ("T15", "need_captured", False),
        ("T15", "admission_not_nextday", True),
        ("T15", "offer_cooldown_passed", True),
    ]
    assert turn.work["refused"] == [
        {"trigger": "readiness_gate_open", "guard": "confidence_ge_0.60", "why": "0.50 of 0.60"}
    ]


# ---- order of what a row does
def test_grants_come_before_effects_and_effects_before_revokes() -> None:
    """T12 uses calendar.write, which it grants itself; T31 uses what it revokes itself."""
    seen: dict[str, Any] = {}

    def book() -> None:
        seen["permit"] = use(turn, "calendar.write", "booking-1")
        seen["hold still open"] = "calendar.hold" in opens(turn)

    facts = {**a_fact("contact.name", "Sam"), **a_fact("contact.phone", "+15125550101"), **a_fact("zone", "UTC")}
    turn = a_turn(
        Step.SLOTS_OFFERED,
        facts=facts,
        deal={"hold": {"until": "2026-11-24T15:10:00+00:00"}},
        work=an_answer("slot_readback"),
        authority={"open": ["calendar.read", "calendar.hold"]},
    )
    assert isinstance(fire(turn, Trigger.SLOT_EXPLICITLY_ACCEPTED, act=book), Transition)
    assert not isinstance(seen["permit"], Refused) and seen["hold still open"]
    assert opens(turn) == ["calendar.read", "calendar.write"]
    order = [e["kind"] for e in turn.effects if e["kind"] in ("mint", "call", "revoke", "transition", "crm")]
    assert order == ["mint", "call", "revoke", "transition", "mint", "call", "crm", "mint", "call", "crm"]
    assert of_kind(turn, "revoke") == [{"kind": "revoke", "scopes": ["calendar.hold"], "everything": False, "epoch": 3}]
    assert [e["epoch"] for e in of_kind(turn, "mint")] == [3, 4, 4]


# ---- epoch
@pytest.mark.parametrize(
    ("make", "trigger", "rises", "why"),
    [
        (lambda: a_turn(Step.SLOTS_OFFERED), Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE, 1, "a row with revokes"),
        (lambda: a_turn(Step.OFFERED), Trigger.BUYER_DECLINES_OR_IGNORES, 1, "a change of stage"),
        (lambda: a_turn(Step.NEW), Trigger.INBOUND_ANY_CHANNEL, 1, "ENTRY to BOOK is a change of stage"),
        (lambda: a_turn(Step.DISCOVERY, facts=a_fact("need", "x")), Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE, 0,
         "neither"),
        (lambda: a_turn(Step.PENDING, work={"expected_wait_s": 9}), Trigger.ALL_SEATS_BUSY_HOLD_IS_BEST, 0, "neither"),
        (lambda: a_turn(Step.FAILED), Trigger.BUYER_PREFERS_MEETING, 1, "both count once"),
        (lambda: a_turn(Step.BOOKED, work={"proposal": {"proposal_hash": "h", "roles": ["r"]}}),
         Trigger.ACTION_NEEDS_APPROVAL, 1, "a use that is taken back"),
        (lambda: a_turn(Step.BOOKED), Trigger.APPROVAL_DECIDED_OR_EXPIRED, 0, "an outcome alone"),
    ],
)  # fmt: skip
def test_the_epoch_rises_with_revokes_and_with_a_change_of_stage_only(
    make: Callable[[], Turn], trigger: Trigger, rises: int, why: str
) -> None:
    turn = make()
    assert isinstance(fire(turn, trigger), Transition)
    assert turn.epoch == 3 + rises, why
    assert of_kind(turn, "transition")[0]["epoch"] == turn.epoch


# ---- terminals
def waiting(*uses: str) -> dict[str, Any]:
    return {"proposals": [{"proposal_id": "p1", "uses": list(uses), "status": "open"},
                          {"proposal_id": "p0", "uses": list(uses), "status": "denied"}]}  # fmt: skip


def test_a_terminal_closes_everything_and_withdraws_what_waits() -> None:
    turn = a_turn(
        Step.PRICE,
        authority={"open": [*CLOSING], "capabilities": {"contract.send": {}, "gone.scope": {}}},
        situation=waiting("contract.send"),
    )
    assert isinstance(fire(turn, Trigger.CLEAR_NO, reason="competitor"), Transition)
    assert opens(turn) == [] and turn.authority["capabilities"] == {}
    assert of_kind(turn, "revoke")[0]["everything"]
    assert of_kind(turn, "withdraw_proposal") == [{"kind": "withdraw_proposal", "proposal_id": "p1"}]
    assert of_kind(turn, "close_session") == [{"kind": "close_session", "outcome": "LOST", "void": True}]
    assert turn.place["ended_at"] == turn.now.isoformat()


def test_a_sale_that_is_won_keeps_its_papers_and_is_closed_once() -> None:
    quote = a_quote()
    order = {"signed": True, "signed_quote_hash": quote["quote_hash"], "paid_amount": quote["amount"]}
    won = a_turn(Step.COMMITTED, deal={"quote": quote, "order": order})
    assert isinstance(fire(won, Trigger.SIGNED_AND_PAID_WEBHOOK), Transition)
    assert of_kind(won, "close_session")[0]["void"] is False
    erased = next_turn(won, "t2")
    erased.place["identity"] = {"verified": True}
    assert isinstance(fire(erased, Trigger.ERASURE_REQUEST_VERIFIED), Transition)
    assert erased.step is Step.ERASED and of_kind(erased, "close_session") == []


@pytest.mark.parametrize(
    ("uses", "trigger", "withdrawn"),
    [
        (["discount.apply"], Trigger.ASKS_HUMAN_OR_DISTRESS_OR_2_FAILURES, True),
        (["discount.apply"], Trigger.SILENCE_DISCONNECT_OR_LATER, False),
        (["contract.send", "payment.link"], Trigger.SCOPE_CHANGED, True),
        (["calendar.write"], Trigger.SCOPE_CHANGED, False),
    ],
)
def test_a_row_withdraws_a_proposal_whose_use_it_takes_back(uses: list[str], trigger: Trigger, withdrawn: bool) -> None:
    turn = a_turn(Step.PRICE, situation=waiting(*uses))
    assert isinstance(fire(turn, trigger), Transition)
    assert bool(of_kind(turn, "withdraw_proposal")) is withdrawn
    assert turn.situation["proposals"][0]["status"] == ("withdrawn" if withdrawn else "open")


# ---- records
def names(turn: Turn) -> list[str]:
    return [e["name"] for e in of_kind(turn, "crm")]


def test_a_need_is_recorded_once_by_whichever_row_comes_first() -> None:
    turn = a_turn(facts=a_fact("need", "missed calls"))
    fire(turn, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE)
    fire(turn, Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE)
    fire(turn, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE)
    assert names(turn) == ["need", "preference"]
    later = next_turn(turn, "t2")
    later.intent.update(gates={"transfer": OPEN}, confidence=0.9)
    later.work["admission"] = "live"
    assert isinstance(fire(later, Trigger.READINESS_GATE_OPEN), Transition)
    assert names(later) == ["transfer_offered"]


def test_another_need_is_another_record() -> None:
    turn = a_turn(facts=a_fact("need", "missed calls"))
    fire(turn, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE)
    fire(turn, Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE)
    turn.facts["need"]["value"] = "missed calls; a second line"
    fire(turn, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE)
    assert names(turn) == ["need", "preference", "need"]


def test_records_are_numbered_carry_their_fields_and_spend_a_use_each() -> None:
    turn = a_turn(Step.OFFERED, place={"crm_seq": 7})
    fire(
        turn, Trigger.BUYER_DECLINES_OR_IGNORES, reason="later", records={"transfer_declined": {"target": "ai_closer"}}
    )
    record = of_kind(turn, "crm")[0]
    assert (record["seq"], record["transition"]) == (8, "T17")
    assert record["fields"] == {"target": "ai_closer", "reason": "later"}
    (minted,), (call,) = of_kind(turn, "mint"), of_kind(turn, "call")
    assert call["capability_id"] == minted["capability_id"] and call["scope"] == "crm.stage"
    assert call["object"] == record["record_key"]


def test_a_row_is_on_the_journal_and_on_the_trail() -> None:
    turn = a_turn(Step.PRICE)
    fire(turn, Trigger.SILENCE_DISCONNECT_OR_LATER, reason="silence")
    assert of_kind(turn, "transition") == [
        {
            "kind": "transition", "transition": "T43", "trigger": "silence_disconnect_or_later", "epoch": 4,
            "step_before": "CLOSE.price", "step_after": "CLOSE.price", "overlay_before": None,
            "overlay_after": "PARKED", "reason": "silence",
        }
    ]  # fmt: skip
    trail = [e for e in of_kind(turn, "audit") if e["action"] == "transition"]
    assert trail[0]["payload"] == {
        "row": "T43", "from": "CLOSE.price", "to": "CLOSE.price", "overlay": "PARKED", "reason": "silence",
    }  # fmt: skip


def test_the_time_in_a_stage_starts_when_the_stage_changes() -> None:
    turn = a_turn(Step.FAILED, place={"entered_at": "before"})
    fire(turn, Trigger.CALLBACK_ACCEPTED)
    assert turn.place["entered_at"] == "before"
    fire(turn, Trigger.BUYER_PREFERS_MEETING)
    assert turn.place["entered_at"] == turn.now.isoformat()
