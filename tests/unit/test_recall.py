"""What stops an effect between its commit and its delivery, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.refusal import Refused
from tools.declare import BY_OUTBOX
from tools.recall import Quietly, Standing, Wait, recall

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
LIVE = {"calendar_event": "booked", "contract_link": "sent", "payment_link": "open"}


def standing(kind: str) -> Standing:
    return Standing(kind=kind, transition=None, queued_at=NOW, object_state=LIVE.get(kind))


def guard(verdict: object) -> str:
    assert isinstance(verdict, Refused), verdict
    return verdict.guard


@pytest.mark.parametrize("kind", sorted(BY_OUTBOX))
def test_nothing_has_changed_and_it_goes(kind: str) -> None:
    assert recall(standing(kind), NOW) is None


@pytest.mark.parametrize("kind", sorted(set(BY_OUTBOX) - {"crm_record"}))
def test_an_opt_out_stops_everything_that_reaches_the_buyer(kind: str) -> None:
    assert guard(recall(replace(standing(kind), opted_out=True), NOW)) == "not_dnc"


def test_an_opt_out_does_not_stop_the_crm_nor_its_own_confirmation() -> None:
    assert recall(replace(standing("crm_record"), opted_out=True), NOW) is None
    confirmation = replace(standing("message"), opted_out=True, confirms_opt_out=True)
    assert recall(confirmation, NOW + timedelta(minutes=5)) is None
    assert guard(recall(confirmation, NOW + timedelta(minutes=5, seconds=1))) == "within_5min"


def test_a_cancellation_is_mirrored_after_an_opt_out_without_a_word_to_the_buyer() -> None:
    cancelled = replace(standing("calendar_event"), takes_back=True, object_state="cancelled")
    assert recall(cancelled, NOW) is None
    assert isinstance(recall(replace(cancelled, opted_out=True), NOW), Quietly)
    assert isinstance(recall(replace(cancelled, erased=True), NOW), Quietly)


def test_after_an_erasure_only_its_own_record_leaves() -> None:
    assert guard(recall(replace(standing("crm_record"), erased=True), NOW)) == "not_erased"
    assert guard(recall(replace(standing("message"), erased=True), NOW)) == "not_erased"
    assert recall(replace(standing("crm_record"), erased=True, transition="T46"), NOW) is None


@pytest.mark.parametrize("kind", sorted(BY_OUTBOX))
def test_the_kill_switch_holds_back_and_does_not_lose(kind: str) -> None:
    verdict = recall(replace(standing(kind), stopped=True), NOW)
    assert isinstance(verdict, Wait)
    assert verdict.until > NOW


@pytest.mark.parametrize(
    ("kind", "state"), [("calendar_event", "cancelled"), ("contract_link", "void"), ("payment_link", "expired")]
)
def test_an_object_that_is_void_is_not_delivered(kind: str, state: str) -> None:
    assert guard(recall(replace(standing(kind), object_state=state), NOW)) == "object_live"
    assert guard(recall(replace(standing(kind), object_state=None), NOW)) == "object_live"


def test_policy_in_an_emergency_pauses_open_offers_only() -> None:
    for kind in BY_OUTBOX:
        verdict = recall(replace(standing(kind), emergency=True), NOW)
        assert isinstance(verdict, Wait) == (kind in ("contract_link", "payment_link"))


def test_what_is_not_due_waits_until_it_is() -> None:
    due = NOW + timedelta(hours=1)
    assert recall(replace(standing("callback"), not_before=due), NOW) == Wait(due, "not due yet")
    assert recall(replace(standing("callback"), not_before=due), due) is None


def test_a_promised_call_waits_for_its_window() -> None:
    opens = NOW + timedelta(hours=9)
    verdict = recall(replace(standing("callback"), window_opens=opens), NOW)
    assert isinstance(verdict, Wait)
    assert verdict.until == opens
    assert recall(replace(standing("callback"), window_opens=opens), opens) is None


def test_marketing_stops_with_its_consent() -> None:
    assert guard(recall(replace(standing("message"), consent_revoked=True), NOW)) == "consent"
