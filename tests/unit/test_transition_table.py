"""The 54 rows are the agreed ones, reach everything, end nowhere, and open money in one place."""

from collections import deque
from itertools import chain

import pytest

from domain.guards.families import GUARDS, sentence
from domain.stages import COMMIT_STEPS, Overlay, Step
from domain.transitions import ANYWHERE, BY_ID, BY_TRIGGER, HISTORY, SAME, TABLE, Place, Transition, Trigger, leaves
from tests.builders import POLICY

# id | trigger | from | to | guards | grants | revokes | CRM records | compensation
# "!" marks a compensation of earlier rows that runs at once, "^" a row for which there is none.
AGREED = """
T01|outbound_attempt_due|ENTRY.new PARKED VOICEMAIL|BOOK.dialing|buyer_not_reached_yet calling_window_ok consent_ai_voice_ok not_dnc attempt_caps_ok number_not_reassigned intake_not_throttled|call.dial||call_attempt|hang_up
T02|amd_human_or_uncertain|BOOK.dialing|BOOK.greet||crm.note|call.dial|call_connected|
T03|amd_machine_vm|BOOK.dialing|VOICEMAIL|voicemail_allowed_24h|voicemail.leave|call.dial|voicemail_left|^
T04|no_answer_busy_failed|BOOK.dialing|PARKED|||call.dial|attempt_outcome|
T05|inbound_any_channel|ENTRY.new|BOOK.greet|not_spam|crm.note||interaction_opened|
T54|call_screening_prompt|BOOK.dialing|BOOK.dialing|answered_once_only name_company_ai_purpose_only|||screening_answered|
T06|disclosures_played|BOOK.greet|BOOK.identify|ai_identity_purpose_optout_played_to_end within_30s|||disclosure_log|
T07|right_party_confirmed|BOOK.identify|BOOK.consent|name_or_context_match|crm.read_own||right_party|
T08|wrong_number|BOOK.identify|INVALID|||all|phone_invalid|data_fix_by_human
T09|third_party_or_gatekeeper|BOOK.identify|PARKED|no_details_disclosed||crm.read_own|gatekeeper_note|
T10|recording_answered|BOOK.consent|BOOK.discovery|recording_on_iff_consented|crm.write_contact||consent_record|stop_recording delete_segment
T47|spam_or_robocall|ENTRY.new BOOK.greet BOOK.identify|INVALID|spam_score_ge_0.9||all|spam_flag|data_fix_by_human
T11|wants_meeting_or_transfer_not_viable|BOOK.discovery|BOOK.slots_offered|need_captured|calendar.read calendar.hold||need|release_holds
T12|slot_explicitly_accepted|BOOK.slots_offered|BOOK.booked|slot_read_back_confirmed hold_still_valid contact_confirmed tz_confirmed|calendar.write|calendar.hold|meeting stage_booked|cancel_event notify_buyer
T13|no_slot_fits_or_topic_change|BOOK.slots_offered|BOOK.discovery|||calendar.hold|preference|
T14|reschedule|BOOK.booked|BOOK.slots_offered|same_contact|calendar.hold||reschedule_requested|keep_old_event_until_new_confirmed
T48|meeting_cancelled|BOOK.booked|BOOK.discovery|meant_the_meeting_confirmed|calendar.cancel||meeting_cancelled|rebook_if_slot_free
T49|appointment_due_and_buyer_present|BOOK.booked|TRANSFER.pending|seat_reserved_for_slot rescored|call.transfer|calendar.write|meeting_attended|release_seat
T50|no_show_10min|BOOK.booked|PARKED|||all_channel_scopes|no_show|
T15|readiness_gate_open|BOOK.discovery BOOK.slots_offered BOOK.booked|TRANSFER.offered|gate_transfer_open confidence_ge_0.60 need_captured admission_not_nextday offer_cooldown_passed|||need transfer_offered|
T16|buyer_accepts_now|TRANSFER.offered|TRANSFER.pending|explicit_yes|call.transfer|calendar.write|transfer_accepted|revoke_call_transfer
T17|buyer_declines_or_ignores|TRANSFER.offered|BOOK.discovery||||transfer_declined|
T18|ai_closer_selected|TRANSFER.pending|CLOSE.scope|gate_close_open autonomy_close_ge_L1 region_allows_ai_close value_le_limit|pricing.read quote.create|call.transfer|stage_closing|swap_capabilities_back
T19|all_seats_busy_hold_is_best|TRANSFER.pending|TRANSFER.queueing|predicted_wait_le_45s|||queue_entered|leave_queue
T20|seat_reserved|TRANSFER.pending TRANSFER.queueing|TRANSFER.bridging|reservation_lease_valid context_packet_built|call.bridge||consult_started|release_seat unhold_buyer
T21|human_accepts|TRANSFER.bridging|TRANSFER.bridged|amd_human context_packet_acked buyer_still_on_line|assist.read|call.transfer call.bridge quote.create pricing.read contract.send payment.link|owner=human stage_transferred|
T22|ring_timeout_decline_or_vm|TRANSFER.bridging|TRANSFER.failed|||call.bridge|transfer_failed|
T23|callback_is_better_or_hold_cap_or_buyer_left|TRANSFER.pending TRANSFER.queueing|TRANSFER.failed|||call.transfer|queue_left|
T53|retry_other_seat|TRANSFER.failed|TRANSFER.pending|transfer_attempts_lt_2 total_hold_le_45s|call.transfer||transfer_retry|revoke_call_transfer
T24|callback_accepted|TRANSFER.failed HUMAN|CALLBACK|number_confirmed time_confirmed calling_window_ok_at_time capacity_reserved|callback.schedule|call.transfer|task_callback|cancel_task notify_buyer
T25|buyer_prefers_to_continue_with_ai|TRANSFER.failed|CLOSE.scope|gate_close_open autonomy_close_ge_L1 region_allows_ai_close value_le_limit|pricing.read quote.create|call.transfer|stage_closing|swap_capabilities_back
T26|buyer_prefers_meeting|TRANSFER.failed|BOOK.slots_offered||calendar.read calendar.hold|call.transfer|transfer_to_meeting|release_holds
T27|human_returns_session|TRANSFER.bridged|CLOSE.scope|human_wrapup_complete|pricing.read quote.create|assist.read|owner=agent|reassign_human
T51|human_records_win|TRANSFER.bridged|WON|wrapup_complete contract_reference||all|closed_won_by_human|T37
T52|human_records_loss|TRANSFER.bridged|LOST|wrapup_complete||all|lost|reopen_on_inbound
T28|scope_confirmed|CLOSE.scope|CLOSE.price|scope_read_back_confirmed quote_generated_from_scope_hash|discount.apply<=limit||scope quote|void_quote
T29|price_acknowledged|CLOSE.price|CLOSE.compliance|amount_currency_term_recurrence_said ack_refers_to_current_quote_version discount_within_limit_or_approved||discount.apply|price_ack|reopen_quote
T30|checklist_complete|CLOSE.compliance|CLOSE.commit_requested|region_checklist_true authority_confirmed refund_and_restrictions_disclosed gate_commit_open structural_ge_1.2 confidence_ge_0.80 no_open_blocking_objection value_le_limit_or_a3|contract.send payment.link|quote.create|compliance_passed|
T31|explicit_commitment|CLOSE.commit_requested|CLOSE.committed|direct_yes_to_direct_question same_speaker_as_authority idempotency_key_unused||contract.send payment.link|stage_commit|void_envelope expire_link
T32|signed_and_paid_webhook|CLOSE.committed|WON|envelope_hash_matches_quote payment_status_ok||all|closed_won|T37
T33|intent_reversed_or_reschedule|CLOSE.scope CLOSE.price CLOSE.compliance CLOSE.commit_requested CLOSE.committed|BOOK.discovery||calendar.read calendar.hold|pricing.read quote.create discount.apply contract.send payment.link|stage_reopened|!void_quote_if_reversal !void_envelope !expire_link
T34|scope_changed|CLOSE.price CLOSE.compliance CLOSE.commit_requested|CLOSE.scope||quote.create|discount.apply contract.send payment.link|scope_superseded|!void_quote
T35|link_expired_or_payment_failed|CLOSE.committed|CLOSE.commit_requested|retries_lt_2 quote_still_valid|payment.link||payment_retry|expire_link
T36|buyer_cancels_before_signature|CLOSE.committed|LOST|||all|lost|!void_envelope !expire_link
T37|cooling_off_cancellation|WON|LOST|within_cooling_off_or_approved||all|won_reversed refund_task|
T38|clear_no|*|LOST|not_a_revocation||all|lost|reopen_on_inbound
T39|revocation_language_or_keyword|*|DNC||messaging.optout_confirm|all|dnc|only_new_express_consent
T40|asks_human_or_distress_or_2_failures|*|HUMAN||assist.read|pricing.read quote.create discount.apply contract.send payment.link|takeover|human_returns_control
T41|action_needs_approval|*|SAME|proposal_hash_stored||requested_use|approval_requested|withdraw_request
T42|approval_decided_or_expired|*|SAME|revalidate_policy_facts_gate_quote|requested_use_once||approval_outcome|expire_capability void_quote
T43|silence_disconnect_or_later|*|PARKED|||all_channel_scopes|parked|
T44|buyer_returns_or_control_returned|PARKED CALLBACK VOICEMAIL HUMAN|HISTORY|identity_match rescore_decay policy_current disclose_ai_on_new_channel|stage_scopes_reminted||session_resumed|
T45|attempts_exhausted_or_dormant_30d|PARKED CALLBACK VOICEMAIL|LOST|||all|nurture|reopen_on_inbound
T46|erasure_request_verified|* WON LOST DNC INVALID|ERASED|identity_verified no_legal_hold||all|erased|^
"""  # noqa: E501 - one row, one line
CLOSING = {"pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"}
SPECIAL_WORDS = {"all", "all_channel_scopes", "requested_use", "requested_use_once", "stage_scopes_reminted"}


def in_words(row: Transition) -> str:
    """A row in the form of the agreed list."""
    undo = [*row.undo, *(f"!{name}" for name in row.compensates), *(["^"] if row.irreversible else [])]
    cells = (row.sources, (row.target,), row.guards, row.grants, row.revokes, row.crm, undo)
    return "|".join([row.id, row.trigger, *(" ".join(map(str, cell)) for cell in cells)])


PAIRS = list(zip(TABLE, AGREED.strip().split("\n"), strict=True))


@pytest.mark.parametrize(("row", "agreed"), PAIRS, ids=[row.id for row, _ in PAIRS])
def test_row_is_the_agreed_one(row: Transition, agreed: str) -> None:
    assert in_words(row) == agreed


def test_what_one_line_cannot_say() -> None:
    """A declined offer returns to a meeting that stands; an accepted callback still wants the transfer."""
    assert {row.id: row.to_if for row in TABLE if row.to_if} == {"T17": ("meeting_stands", Step.BOOKED)}
    assert {row.id: row.remembers for row in TABLE if row.remembers} == {"T24": {Step.FAILED: Step.PENDING}}


def test_every_guard_is_defined_used_and_explained() -> None:
    used = set(chain.from_iterable(row.guards for row in TABLE))
    assert used == set(GUARDS)
    assert [name for name in GUARDS if len(sentence(name).split()) < 4] == []


def test_ids_are_unique_and_each_trigger_keeps_the_order_of_the_table() -> None:
    assert len(BY_ID) == len(TABLE) == 54
    order = [row.id for row in TABLE]
    for trigger in Trigger:
        rows = [row.id for row in BY_TRIGGER[trigger]]
        assert rows and rows == sorted(rows, key=order.index)
        assert all(BY_ID[name].trigger is trigger for name in rows)


def ways() -> dict[Place, set[Place]]:
    """Where each step and overlay leads by rows of its own; the step under an overlay may be any that enters it."""
    found: dict[Place, set[Place]] = {place: set() for place in (*Step, *Overlay)}
    for row in TABLE:
        for source in row.sources:
            if source is not ANYWHERE and row.target not in (SAME, HISTORY):
                found[source] |= {row.target, *([row.to_if[1]] if row.to_if else [])}
    return found


def reachable(start: Place, graph: dict[Place, set[Place]]) -> set[Place]:
    seen, queue = {start}, deque([start])
    while queue:
        for target in graph[queue.popleft()] - seen:
            seen.add(target)
            queue.append(target)
    return seen


def test_every_step_and_overlay_can_be_reached() -> None:
    everywhere = {row.target for row in TABLE if ANYWHERE in row.sources} - {SAME}
    assert reachable(Step.NEW, ways()) | everywhere >= {*Step, *Overlay}


def test_no_step_is_a_dead_end() -> None:
    """A sale can still be won from every step, without the rows that lead out of anywhere."""
    graph = ways()
    for step in Step:
        if not step.terminal:
            assert graph[step] - {step}, step
            assert Step.WON in reachable(step, graph), step


def test_every_overlay_gives_the_step_back() -> None:
    back = BY_TRIGGER[Trigger.BUYER_RETURNS_OR_CONTROL_RETURNED]
    assert {source for row in back for source in row.sources} == set(Overlay)


def test_sending_a_contract_or_a_payment_link_opens_in_one_step_only() -> None:
    opens = {(scope, row.id) for row in TABLE for scope in row.grants if scope in ("contract.send", "payment.link")}
    assert opens == {("contract.send", "T30"), ("payment.link", "T30"), ("payment.link", "T35")}
    assert {BY_ID[name].target for _, name in opens} == {Step.COMMIT_REQUESTED}


def test_every_row_out_of_closing_takes_the_money_back() -> None:
    for row in TABLE:
        leaves_close = any(isinstance(s, Step) and s.stage and s.stage.value == "CLOSE" for s in row.sources)
        stays = isinstance(row.target, Step) and row.target.stage and row.target.stage.value == "CLOSE"
        if leaves_close and not stays:
            assert "all" in row.revokes or set(row.revokes) >= CLOSING, row.id


def test_a_row_grants_only_what_policy_allows_where_it_leads() -> None:
    for row in TABLE:
        names = [scope.removesuffix("<=limit") for scope in row.grants if scope not in SPECIAL_WORDS]
        assert all(name in POLICY.scopes for name in names), row.id
        if isinstance(row.target, Step) and not row.target.terminal:
            assert [n for n in names if not POLICY.scope_allowed(n, row.target)] == [], row.id


def test_revokes_name_scopes_or_special_words() -> None:
    words = set(chain.from_iterable(row.revokes for row in TABLE))
    assert words - SPECIAL_WORDS <= set(POLICY.scopes)


def test_every_row_into_a_terminal_takes_everything_back() -> None:
    into = [row for row in TABLE if isinstance(row.target, Step) and row.target.terminal]
    assert {row.target for row in into} == {step for step in Step if step.terminal}
    assert [row.id for row in into if row.revokes != ("all",)] == []


def test_commit_steps_are_entered_by_their_own_rows_only() -> None:
    into = {row.id: row.sources for row in TABLE if row.target in COMMIT_STEPS}
    assert into == {"T30": (Step.COMPLIANCE,), "T31": (Step.COMMIT_REQUESTED,), "T35": (Step.COMMITTED,)}


@pytest.mark.parametrize(
    ("row", "step", "overlay", "fires"),
    [
        ("T16", Step.OFFERED, None, True),
        ("T16", Step.OFFERED, Overlay.PARKED, False),
        ("T16", Step.PENDING, None, False),
        ("T38", Step.PRICE, Overlay.HUMAN, True),
        ("T38", Step.WON, None, False),
        ("T44", Step.PRICE, Overlay.PARKED, True),
        ("T44", Step.PRICE, None, False),
        ("T45", Step.PRICE, Overlay.HUMAN, False),
        ("T01", Step.GREET, Overlay.VOICEMAIL, True),
        ("T01", Step.GREET, None, False),
        ("T24", Step.PRICE, Overlay.HUMAN, True),
        ("T24", Step.FAILED, None, True),
        ("T24", Step.FAILED, Overlay.PARKED, False),
        ("T46", Step.WON, None, True),
        ("T46", Step.ERASED, None, False),
        ("T37", Step.WON, None, True),
    ],
)
def test_under_an_overlay_only_its_own_rows_and_those_from_anywhere_fire(
    row: str, step: Step, overlay: Overlay | None, fires: bool
) -> None:
    assert leaves(BY_ID[row], step, overlay) is fires
