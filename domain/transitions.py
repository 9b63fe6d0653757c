"""The table of the 54 transitions: the sales process, as rows that are read, drawn and obeyed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from domain.stages import Overlay, Step


class Trigger(StrEnum):
    OUTBOUND_ATTEMPT_DUE = "outbound_attempt_due"
    AMD_HUMAN_OR_UNCERTAIN = "amd_human_or_uncertain"
    AMD_MACHINE_VM = "amd_machine_vm"
    NO_ANSWER_BUSY_FAILED = "no_answer_busy_failed"
    INBOUND_ANY_CHANNEL = "inbound_any_channel"
    CALL_SCREENING_PROMPT = "call_screening_prompt"
    DISCLOSURES_PLAYED = "disclosures_played"
    RIGHT_PARTY_CONFIRMED = "right_party_confirmed"
    WRONG_NUMBER = "wrong_number"
    THIRD_PARTY_OR_GATEKEEPER = "third_party_or_gatekeeper"
    RECORDING_ANSWERED = "recording_answered"
    SPAM_OR_ROBOCALL = "spam_or_robocall"
    WANTS_MEETING_OR_TRANSFER_NOT_VIABLE = "wants_meeting_or_transfer_not_viable"
    SLOT_EXPLICITLY_ACCEPTED = "slot_explicitly_accepted"
    NO_SLOT_FITS_OR_TOPIC_CHANGE = "no_slot_fits_or_topic_change"
    RESCHEDULE = "reschedule"
    MEETING_CANCELLED = "meeting_cancelled"
    APPOINTMENT_DUE_AND_BUYER_PRESENT = "appointment_due_and_buyer_present"
    NO_SHOW_10MIN = "no_show_10min"
    READINESS_GATE_OPEN = "readiness_gate_open"
    BUYER_ACCEPTS_NOW = "buyer_accepts_now"
    BUYER_DECLINES_OR_IGNORES = "buyer_declines_or_ignores"
    AI_CLOSER_SELECTED = "ai_closer_selected"
    ALL_SEATS_BUSY_HOLD_IS_BEST = "all_seats_busy_hold_is_best"
    SEAT_RESERVED = "seat_reserved"
    HUMAN_ACCEPTS = "human_accepts"
    RING_TIMEOUT_DECLINE_OR_VM = "ring_timeout_decline_or_vm"
    CALLBACK_IS_BETTER_OR_HOLD_CAP_OR_BUYER_LEFT = "callback_is_better_or_hold_cap_or_buyer_left"
    RETRY_OTHER_SEAT = "retry_other_seat"
    CALLBACK_ACCEPTED = "callback_accepted"
    BUYER_PREFERS_TO_CONTINUE_WITH_AI = "buyer_prefers_to_continue_with_ai"
    BUYER_PREFERS_MEETING = "buyer_prefers_meeting"
    HUMAN_RETURNS_SESSION = "human_returns_session"
    HUMAN_RECORDS_WIN = "human_records_win"
    HUMAN_RECORDS_LOSS = "human_records_loss"
    SCOPE_CONFIRMED = "scope_confirmed"
    PRICE_ACKNOWLEDGED = "price_acknowledged"
    CHECKLIST_COMPLETE = "checklist_complete"
    EXPLICIT_COMMITMENT = "explicit_commitment"
    SIGNED_AND_PAID_WEBHOOK = "signed_and_paid_webhook"
    INTENT_REVERSED_OR_RESCHEDULE = "intent_reversed_or_reschedule"
    SCOPE_CHANGED = "scope_changed"
    LINK_EXPIRED_OR_PAYMENT_FAILED = "link_expired_or_payment_failed"
    BUYER_CANCELS_BEFORE_SIGNATURE = "buyer_cancels_before_signature"
    COOLING_OFF_CANCELLATION = "cooling_off_cancellation"
    CLEAR_NO = "clear_no"
    REVOCATION_LANGUAGE_OR_KEYWORD = "revocation_language_or_keyword"
    ASKS_HUMAN_OR_DISTRESS_OR_2_FAILURES = "asks_human_or_distress_or_2_failures"
    ACTION_NEEDS_APPROVAL = "action_needs_approval"
    APPROVAL_DECIDED_OR_EXPIRED = "approval_decided_or_expired"
    SILENCE_DISCONNECT_OR_LATER = "silence_disconnect_or_later"
    BUYER_RETURNS_OR_CONTROL_RETURNED = "buyer_returns_or_control_returned"
    ATTEMPTS_EXHAUSTED_OR_DORMANT_30D = "attempts_exhausted_or_dormant_30d"
    ERASURE_REQUEST_VERIFIED = "erasure_request_verified"


class Relative(StrEnum):
    """Places that are not one step."""

    ANYWHERE = "*"  # every step that is not terminal, with or without an overlay
    SAME = "SAME"  # step and overlay stay
    HISTORY = "HISTORY"  # the remembered step, re-validated


ANYWHERE, SAME, HISTORY = Relative.ANYWHERE, Relative.SAME, Relative.HISTORY
Place = Step | Overlay | Relative


@dataclass(frozen=True, slots=True)
class Transition:
    """One row. `crm` names records, `grants` and `revokes` name scopes or a special word of the table."""

    id: str
    sources: tuple[Place, ...]
    target: Place
    trigger: Trigger
    guards: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    revokes: tuple[str, ...] = ()
    crm: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    compensates: tuple[str, ...] = ()
    irreversible: bool = False
    to_if: tuple[str, Step] | None = None
    remembers: Mapping[Step, Step] = field(default_factory=dict[Step, Step])


# fmt: off
TABLE: tuple[Transition, ...] = (
    # ---- reaching the buyer ----
    Transition("T01", (Step.NEW, Overlay.PARKED, Overlay.VOICEMAIL), Step.DIALING, Trigger.OUTBOUND_ATTEMPT_DUE,
               guards=("buyer_not_reached_yet", "calling_window_ok", "consent_ai_voice_ok", "not_dnc", "attempt_caps_ok", "number_not_reassigned", "intake_not_throttled"), grants=("call.dial",), crm=("call_attempt",), undo=("hang_up",)),
    Transition("T02", (Step.DIALING,), Step.GREET, Trigger.AMD_HUMAN_OR_UNCERTAIN,
               grants=("crm.note",), revokes=("call.dial",), crm=("call_connected",)),
    Transition("T03", (Step.DIALING,), Overlay.VOICEMAIL, Trigger.AMD_MACHINE_VM,
               guards=("voicemail_allowed_24h",), grants=("voicemail.leave",), revokes=("call.dial",), crm=("voicemail_left",), irreversible=True),
    Transition("T04", (Step.DIALING,), Overlay.PARKED, Trigger.NO_ANSWER_BUSY_FAILED,
               revokes=("call.dial",), crm=("attempt_outcome",)),
    Transition("T05", (Step.NEW,), Step.GREET, Trigger.INBOUND_ANY_CHANNEL,
               guards=("not_spam",), grants=("crm.note",), crm=("interaction_opened",)),
    Transition("T54", (Step.DIALING,), Step.DIALING, Trigger.CALL_SCREENING_PROMPT,
               guards=("answered_once_only", "name_company_ai_purpose_only"), crm=("screening_answered",)),
    # ---- opening ----
    Transition("T06", (Step.GREET,), Step.IDENTIFY, Trigger.DISCLOSURES_PLAYED,
               guards=("ai_identity_purpose_optout_played_to_end", "within_30s"), crm=("disclosure_log",)),
    Transition("T07", (Step.IDENTIFY,), Step.CONSENT, Trigger.RIGHT_PARTY_CONFIRMED,
               guards=("name_or_context_match",), grants=("crm.read_own",), crm=("right_party",)),
    Transition("T08", (Step.IDENTIFY,), Step.INVALID, Trigger.WRONG_NUMBER,
               revokes=("all",), crm=("phone_invalid",), undo=("data_fix_by_human",)),
    Transition("T09", (Step.IDENTIFY,), Overlay.PARKED, Trigger.THIRD_PARTY_OR_GATEKEEPER,
               guards=("no_details_disclosed",), revokes=("crm.read_own",), crm=("gatekeeper_note",)),
    Transition("T10", (Step.CONSENT,), Step.DISCOVERY, Trigger.RECORDING_ANSWERED,
               guards=("recording_on_iff_consented",), grants=("crm.write_contact",), crm=("consent_record",), undo=("stop_recording", "delete_segment")),
    Transition("T47", (Step.NEW, Step.GREET, Step.IDENTIFY), Step.INVALID, Trigger.SPAM_OR_ROBOCALL,
               guards=("spam_score_ge_0.9",), revokes=("all",), crm=("spam_flag",), undo=("data_fix_by_human",)),
    # ---- booking ----
    Transition("T11", (Step.DISCOVERY,), Step.SLOTS_OFFERED, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE,
               guards=("need_captured",), grants=("calendar.read", "calendar.hold"), crm=("need",), undo=("release_holds",)),
    Transition("T12", (Step.SLOTS_OFFERED,), Step.BOOKED, Trigger.SLOT_EXPLICITLY_ACCEPTED,
               guards=("slot_read_back_confirmed", "hold_still_valid", "contact_confirmed", "tz_confirmed"), grants=("calendar.write",), revokes=("calendar.hold",), crm=("meeting", "stage_booked"), undo=("cancel_event", "notify_buyer")),
    Transition("T13", (Step.SLOTS_OFFERED,), Step.DISCOVERY, Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE,
               revokes=("calendar.hold",), crm=("preference",)),
    Transition("T14", (Step.BOOKED,), Step.SLOTS_OFFERED, Trigger.RESCHEDULE,
               guards=("same_contact",), grants=("calendar.hold",), crm=("reschedule_requested",), undo=("keep_old_event_until_new_confirmed",)),
    Transition("T48", (Step.BOOKED,), Step.DISCOVERY, Trigger.MEETING_CANCELLED,
               guards=("meant_the_meeting_confirmed",), grants=("calendar.cancel",), crm=("meeting_cancelled",), undo=("rebook_if_slot_free",)),
    Transition("T49", (Step.BOOKED,), Step.PENDING, Trigger.APPOINTMENT_DUE_AND_BUYER_PRESENT,
               guards=("seat_reserved_for_slot", "rescored"), grants=("call.transfer",), revokes=("calendar.write",), crm=("meeting_attended",), undo=("release_seat",)),
    Transition("T50", (Step.BOOKED,), Overlay.PARKED, Trigger.NO_SHOW_10MIN,
               revokes=("all_channel_scopes",), crm=("no_show",)),
    # ---- transfer ----
    Transition("T15", (Step.DISCOVERY, Step.SLOTS_OFFERED, Step.BOOKED), Step.OFFERED, Trigger.READINESS_GATE_OPEN,
               guards=("gate_transfer_open", "confidence_ge_0.60", "need_captured", "admission_not_nextday", "offer_cooldown_passed"), crm=("need", "transfer_offered")),
    Transition("T16", (Step.OFFERED,), Step.PENDING, Trigger.BUYER_ACCEPTS_NOW,
               guards=("explicit_yes",), grants=("call.transfer",), revokes=("calendar.write",), crm=("transfer_accepted",), undo=("revoke_call_transfer",)),
    Transition("T17", (Step.OFFERED,), Step.DISCOVERY, Trigger.BUYER_DECLINES_OR_IGNORES,
               crm=("transfer_declined",), to_if=("meeting_stands", Step.BOOKED)),
    Transition("T18", (Step.PENDING,), Step.SCOPE, Trigger.AI_CLOSER_SELECTED,
               guards=("gate_close_open", "autonomy_close_ge_L1", "region_allows_ai_close", "value_le_limit"), grants=("pricing.read", "quote.create"), revokes=("call.transfer",), crm=("stage_closing",), undo=("swap_capabilities_back",)),
    Transition("T19", (Step.PENDING,), Step.QUEUEING, Trigger.ALL_SEATS_BUSY_HOLD_IS_BEST,
               guards=("predicted_wait_le_45s",), crm=("queue_entered",), undo=("leave_queue",)),
    Transition("T20", (Step.PENDING, Step.QUEUEING), Step.BRIDGING, Trigger.SEAT_RESERVED,
               guards=("reservation_lease_valid", "context_packet_built"), grants=("call.bridge",), crm=("consult_started",), undo=("release_seat", "unhold_buyer")),
    Transition("T21", (Step.BRIDGING,), Step.BRIDGED, Trigger.HUMAN_ACCEPTS,
               guards=("amd_human", "context_packet_acked", "buyer_still_on_line"), grants=("assist.read",), revokes=("call.transfer", "call.bridge", "quote.create", "pricing.read", "contract.send", "payment.link"), crm=("owner=human", "stage_transferred")),
    Transition("T22", (Step.BRIDGING,), Step.FAILED, Trigger.RING_TIMEOUT_DECLINE_OR_VM,
               revokes=("call.bridge",), crm=("transfer_failed",)),
    Transition("T23", (Step.PENDING, Step.QUEUEING), Step.FAILED, Trigger.CALLBACK_IS_BETTER_OR_HOLD_CAP_OR_BUYER_LEFT,
               revokes=("call.transfer",), crm=("queue_left",)),
    Transition("T53", (Step.FAILED,), Step.PENDING, Trigger.RETRY_OTHER_SEAT,
               guards=("transfer_attempts_lt_2", "total_hold_le_45s"), grants=("call.transfer",), crm=("transfer_retry",), undo=("revoke_call_transfer",)),
    Transition("T24", (Step.FAILED, Overlay.HUMAN), Overlay.CALLBACK, Trigger.CALLBACK_ACCEPTED,
               guards=("number_confirmed", "time_confirmed", "calling_window_ok_at_time", "capacity_reserved"), grants=("callback.schedule",), revokes=("call.transfer",), crm=("task_callback",), undo=("cancel_task", "notify_buyer"), remembers={Step.FAILED: Step.PENDING}),
    Transition("T25", (Step.FAILED,), Step.SCOPE, Trigger.BUYER_PREFERS_TO_CONTINUE_WITH_AI,
               guards=("gate_close_open", "autonomy_close_ge_L1", "region_allows_ai_close", "value_le_limit"), grants=("pricing.read", "quote.create"), revokes=("call.transfer",), crm=("stage_closing",), undo=("swap_capabilities_back",)),
    Transition("T26", (Step.FAILED,), Step.SLOTS_OFFERED, Trigger.BUYER_PREFERS_MEETING,
               grants=("calendar.read", "calendar.hold"), revokes=("call.transfer",), crm=("transfer_to_meeting",), undo=("release_holds",)),
    Transition("T27", (Step.BRIDGED,), Step.SCOPE, Trigger.HUMAN_RETURNS_SESSION,
               guards=("human_wrapup_complete",), grants=("pricing.read", "quote.create"), revokes=("assist.read",), crm=("owner=agent",), undo=("reassign_human",)),
    Transition("T51", (Step.BRIDGED,), Step.WON, Trigger.HUMAN_RECORDS_WIN,
               guards=("wrapup_complete", "contract_reference"), revokes=("all",), crm=("closed_won_by_human",), undo=("T37",)),
    Transition("T52", (Step.BRIDGED,), Step.LOST, Trigger.HUMAN_RECORDS_LOSS,
               guards=("wrapup_complete",), revokes=("all",), crm=("lost",), undo=("reopen_on_inbound",)),
    # ---- closing ----
    Transition("T28", (Step.SCOPE,), Step.PRICE, Trigger.SCOPE_CONFIRMED,
               guards=("scope_read_back_confirmed", "quote_generated_from_scope_hash"), grants=("discount.apply<=limit",), crm=("scope", "quote"), undo=("void_quote",)),
    Transition("T29", (Step.PRICE,), Step.COMPLIANCE, Trigger.PRICE_ACKNOWLEDGED,
               guards=("amount_currency_term_recurrence_said", "ack_refers_to_current_quote_version", "discount_within_limit_or_approved"), revokes=("discount.apply",), crm=("price_ack",), undo=("reopen_quote",)),
    Transition("T30", (Step.COMPLIANCE,), Step.COMMIT_REQUESTED, Trigger.CHECKLIST_COMPLETE,
               guards=("region_checklist_true", "authority_confirmed", "refund_and_restrictions_disclosed", "gate_commit_open", "structural_ge_1.2", "confidence_ge_0.80", "no_open_blocking_objection", "value_le_limit_or_a3"), grants=("contract.send", "payment.link"), revokes=("quote.create",), crm=("compliance_passed",)),
    Transition("T31", (Step.COMMIT_REQUESTED,), Step.COMMITTED, Trigger.EXPLICIT_COMMITMENT,
               guards=("direct_yes_to_direct_question", "same_speaker_as_authority", "idempotency_key_unused"), revokes=("contract.send", "payment.link"), crm=("stage_commit",), undo=("void_envelope", "expire_link")),
    Transition("T32", (Step.COMMITTED,), Step.WON, Trigger.SIGNED_AND_PAID_WEBHOOK,
               guards=("envelope_hash_matches_quote", "payment_status_ok"), revokes=("all",), crm=("closed_won",), undo=("T37",)),
    Transition("T33", (Step.SCOPE, Step.PRICE, Step.COMPLIANCE, Step.COMMIT_REQUESTED, Step.COMMITTED), Step.DISCOVERY, Trigger.INTENT_REVERSED_OR_RESCHEDULE,
               grants=("calendar.read", "calendar.hold"), revokes=("pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"), crm=("stage_reopened",), compensates=("void_quote_if_reversal", "void_envelope", "expire_link")),
    Transition("T34", (Step.PRICE, Step.COMPLIANCE, Step.COMMIT_REQUESTED), Step.SCOPE, Trigger.SCOPE_CHANGED,
               grants=("quote.create",), revokes=("discount.apply", "contract.send", "payment.link"), crm=("scope_superseded",), compensates=("void_quote",)),
    Transition("T35", (Step.COMMITTED,), Step.COMMIT_REQUESTED, Trigger.LINK_EXPIRED_OR_PAYMENT_FAILED,
               guards=("retries_lt_2", "quote_still_valid"), grants=("payment.link",), crm=("payment_retry",), undo=("expire_link",)),
    Transition("T36", (Step.COMMITTED,), Step.LOST, Trigger.BUYER_CANCELS_BEFORE_SIGNATURE,
               revokes=("all",), crm=("lost",), compensates=("void_envelope", "expire_link")),
    Transition("T37", (Step.WON,), Step.LOST, Trigger.COOLING_OFF_CANCELLATION,
               guards=("within_cooling_off_or_approved",), revokes=("all",), crm=("won_reversed", "refund_task")),
    # ---- from anywhere ----
    Transition("T38", (ANYWHERE,), Step.LOST, Trigger.CLEAR_NO,
               guards=("not_a_revocation",), revokes=("all",), crm=("lost",), undo=("reopen_on_inbound",)),
    Transition("T39", (ANYWHERE,), Step.DNC, Trigger.REVOCATION_LANGUAGE_OR_KEYWORD,
               grants=("messaging.optout_confirm",), revokes=("all",), crm=("dnc",), undo=("only_new_express_consent",)),
    Transition("T40", (ANYWHERE,), Overlay.HUMAN, Trigger.ASKS_HUMAN_OR_DISTRESS_OR_2_FAILURES,
               grants=("assist.read",), revokes=("pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"), crm=("takeover",), undo=("human_returns_control",)),
    Transition("T41", (ANYWHERE,), SAME, Trigger.ACTION_NEEDS_APPROVAL,
               guards=("proposal_hash_stored",), revokes=("requested_use",), crm=("approval_requested",), undo=("withdraw_request",)),
    Transition("T42", (ANYWHERE,), SAME, Trigger.APPROVAL_DECIDED_OR_EXPIRED,
               guards=("revalidate_policy_facts_gate_quote",), grants=("requested_use_once",), crm=("approval_outcome",), undo=("expire_capability", "void_quote")),
    Transition("T43", (ANYWHERE,), Overlay.PARKED, Trigger.SILENCE_DISCONNECT_OR_LATER,
               revokes=("all_channel_scopes",), crm=("parked",)),
    Transition("T44", (Overlay.PARKED, Overlay.CALLBACK, Overlay.VOICEMAIL, Overlay.HUMAN), HISTORY, Trigger.BUYER_RETURNS_OR_CONTROL_RETURNED,
               guards=("identity_match", "rescore_decay", "policy_current", "disclose_ai_on_new_channel"), grants=("stage_scopes_reminted",), crm=("session_resumed",)),
    Transition("T45", (Overlay.PARKED, Overlay.CALLBACK, Overlay.VOICEMAIL), Step.LOST, Trigger.ATTEMPTS_EXHAUSTED_OR_DORMANT_30D,
               revokes=("all",), crm=("nurture",), undo=("reopen_on_inbound",)),
    Transition("T46", (ANYWHERE, Step.WON, Step.LOST, Step.DNC, Step.INVALID), Step.ERASED, Trigger.ERASURE_REQUEST_VERIFIED,
               guards=("identity_verified", "no_legal_hold"), revokes=("all",), crm=("erased",), irreversible=True),
)
# fmt: on

BY_ID: Mapping[str, Transition] = {row.id: row for row in TABLE}
TAKEN_BACK = frozenset({"T12", "T24", "T31"})  # what leaves by the outbox and has an undo list
UNDO = "undo "  # before a row's id in the journal: the row was taken back
BY_TRIGGER: Mapping[Trigger, tuple[Transition, ...]] = {
    trigger: tuple(row for row in TABLE if row.trigger is trigger) for trigger in Trigger
}


def leaves(row: Transition, step: Step, overlay: Overlay | None) -> bool:
    """Whether the row may fire here. Under an overlay only rows from the overlay or from anywhere do."""
    if overlay is not None and overlay in row.sources:
        return True
    if ANYWHERE in row.sources and not step.terminal:
        return True
    return overlay is None and step in row.sources
