"""The rules of law and telephone practice that no policy may relax."""

from collections.abc import Iterator

from domain.checked_file import Problem
from domain.policy_operating import Capacity, Compliance, Telephony

FIVE_YEARS_DAYS = 1825
TEN_DAYS_S = 10 * 86_400
LEAST_RING_S = 15
MOST_FIRST_AUDIO_S = 2.0
MOST_ATTEMPTS_24H = 3
MOST_AMD_S = 30.0


def compliance_problems(compliance: Compliance) -> Iterator[Problem]:
    disclose = compliance.disclose
    if disclose.ai != "always":
        yield Problem("compliance.disclose.ai", disclose.ai, "the AI disclosure is always given", "Write always.")
    for name in ("company", "purpose", "optout"):
        if getattr(disclose, name) == "never":
            yield Problem(f"compliance.disclose.{name}", "never", "a caller must be told this", "Write always.")
    if disclose.within_s > 30:
        yield Problem(
            "compliance.disclose.within_s",
            str(disclose.within_s),
            "some states want it within 30 s",
            "Write 30 or less.",
        )
    recording = compliance.recording
    if recording.operators_listen_if_declined:
        yield Problem(
            "compliance.recording.operators_listen_if_declined",
            "true",
            "operators may not listen where recording was declined",
            "Write false.",
        )
    if compliance.revocation.honour_within_s > TEN_DAYS_S:
        yield Problem(
            "compliance.revocation.honour_within_s",
            str(compliance.revocation.honour_within_s),
            "a revocation must be honoured within 10 days",
            f"Write {TEN_DAYS_S} or less; 60 is the default.",
        )
    kept = compliance.retention_days.consent_and_call_records
    if kept != "forever" and kept < FIVE_YEARS_DAYS:
        yield Problem(
            "compliance.retention_days.consent_and_call_records",
            str(kept),
            "records of consent and calls are kept for five years (16 CFR 310.5)",
            f"Write {FIVE_YEARS_DAYS} or more.",
        )


def telephony_problems(telephony: Telephony) -> Iterator[Problem]:
    ring = telephony.ring_timeout_s.outbound
    if ring < LEAST_RING_S:
        yield Problem(
            "telephony.ring_timeout_s.outbound",
            str(ring),
            f"a telephone rings for {LEAST_RING_S} s or four times at least (16 CFR 310.4(b)(4)(ii))",
            f"Write {LEAST_RING_S} or more.",
        )
    if telephony.first_audio_s > MOST_FIRST_AUDIO_S:
        yield Problem(
            "telephony.first_audio_s",
            f"{telephony.first_audio_s:g}",
            "a call without a voice 2 s after the greeting counts as abandoned",
            "Write 2.0 or less.",
        )
    if telephony.amd.timeout_s > MOST_AMD_S:
        yield Problem(
            "telephony.amd.timeout_s", f"{telephony.amd.timeout_s:g}", "carriers allow 30 s", "Write 30 or less."
        )
    if not telephony.caller_id.owned_number_only:
        yield Problem(
            "telephony.caller_id.owned_number_only", "false", "a caller id must be an own number", "Write true."
        )
    if not telephony.caller_id.callback_answered:
        yield Problem("telephony.caller_id.callback_answered", "false", "a call back must be answered", "Write true.")
    if list(telephony.silence_s) != sorted(set(telephony.silence_s)):
        yield Problem(
            "telephony.silence_s", _listed(telephony.silence_s), "the three times must rise", "Write [7, 15, 25]."
        )
    if telephony.endpointing_s.min >= telephony.endpointing_s.max:
        yield Problem(
            "telephony.endpointing_s.min", f"{telephony.endpointing_s.min:g}", "min must be below max", "Swap them."
        )
    missing = {"disclosure", "price_readback"} - set(telephony.barge_in.uninterruptible)
    if missing:
        yield Problem(
            "telephony.barge_in.uninterruptible",
            ", ".join(telephony.barge_in.uninterruptible),
            f"what must be heard to its end is missing: {', '.join(sorted(missing))}",
            "Add it.",
        )
    yield from _attempt_problems(telephony)


def _attempt_problems(telephony: Telephony) -> Iterator[Problem]:
    attempts, voicemail = telephony.attempts, telephony.voicemail
    if attempts.per_24h > MOST_ATTEMPTS_24H:
        yield Problem(
            "telephony.attempts.per_24h",
            str(attempts.per_24h),
            "Florida, Oklahoma and Maryland allow three attempts in 24 h",
            f"Write {MOST_ATTEMPTS_24H} or less.",
        )
    if len(attempts.spacing_h) != attempts.max_total - 1:
        yield Problem(
            "telephony.attempts.spacing_h",
            _listed(attempts.spacing_h),
            f"{attempts.max_total} attempts have {attempts.max_total - 1} gaps between them",
            f"Write {attempts.max_total - 1} numbers.",
        )
    elif sum(attempts.spacing_h) > attempts.campaign_days * 24:
        yield Problem(
            "telephony.attempts.campaign_days", str(attempts.campaign_days), "the gaps do not fit", "Raise it."
        )
    late = [number for number in voicemail.on_attempts if number > attempts.max_total]
    if late:
        yield Problem(
            "telephony.voicemail.on_attempts",
            _listed(voicemail.on_attempts),
            f"there is no attempt {late[0]}",
            f"Write numbers from 1 to {attempts.max_total}.",
        )


def capacity_problems(capacity: Capacity) -> Iterator[Problem]:
    reach = capacity.callback
    if reach.reach_floor > reach.reach0:
        yield Problem(
            "capacity.callback.reach_floor",
            f"{reach.reach_floor:g}",
            "an old callback cannot reach more buyers than a fresh one",
            f"Write {reach.reach0:g} or less.",
        )


def _listed(numbers: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{number:g}" for number in numbers) + "]"
