"""Guards of the rows that reach a buyer: hours, consent, caps, as the dial desk measured them for this attempt."""

from datetime import datetime

from domain.guards.check import Check, guard
from domain.stages import Step
from domain.state import Json, part
from domain.turn import Turn

UNREACHED = (Step.NEW, Step.DIALING, Step.GREET, Step.IDENTIFY)


def dial(turn: Turn) -> Json:
    """What is known about this attempt; missing values count as not allowed."""
    return part(turn.situation, "dial")


@guard("buyer_not_reached_yet")
def buyer_not_reached_yet(turn: Turn) -> Check:
    """The buyer was not reached before; who was reached is dialled from the overlay."""
    step = turn.remembered or turn.step
    return Check(step in UNREACHED, step.value)


@guard("calling_window_ok")
def calling_window_ok(turn: Turn) -> Check:
    """Now is inside the calling window of every candidate zone and state of the number."""
    return Check(bool(dial(turn).get("window_open")), str(dial(turn).get("window", "unknown")))


@guard("calling_window_ok_at_time")
def calling_window_ok_at_time(turn: Turn) -> Check:
    """The promised time is inside the calling window of the number."""
    callback = part(turn.deal, "callback")
    return Check(bool(callback.get("window_open")), str(callback.get("at", "no time")))


@guard("consent_ai_voice_ok")
def consent_ai_voice_ok(turn: Turn) -> Check:
    """The consent that policy demands is stored for this number, not revoked, and the region is not excluded."""
    if turn.policy.compliance.excludes(turn.place.get("region"), "outbound"):
        return Check(False, f"{turn.place['region']} is excluded")
    status = part(turn.situation, "consents").get("voice_ai_marketing:voice", "none")
    return Check(status == "given", status)


@guard("not_dnc")
def not_dnc(turn: Turn) -> Check:
    """Number and contact are on no do-not-call list."""
    listed = turn.situation.get("dnc_at")
    return Check(listed is None, "not listed" if listed is None else f"listed {listed}")


@guard("attempt_caps_ok")
def attempt_caps_ok(turn: Turn) -> Check:
    """The caps on attempts in all, in 24 hours and in the campaign hold, and so does the smallest gap."""
    caps = turn.policy.telephony.attempts
    made = [datetime.fromisoformat(at) for at in dial(turn).get("attempts", [])]
    day = sum((turn.now - at).total_seconds() < 86400 for at in made)
    campaign = [at for at in made if (turn.now - at).total_seconds() < caps.campaign_days * 86400]
    gap_h = (turn.now - max(made)).total_seconds() / 3600 if made else None
    needed = caps.spacing_h[min(len(campaign), len(caps.spacing_h)) - 1] if campaign else 0
    held = (
        len(campaign) < caps.max_total
        and day < min(caps.per_24h, int(dial(turn).get("state_cap_24h", caps.per_24h)))
        and (gap_h is None or gap_h >= float(needed))
    )
    return Check(
        held, f"{len(campaign)} attempts, {day} in 24 h, last {gap_h if gap_h is None else round(gap_h, 1)} h ago"
    )


@guard("number_not_reassigned")
def number_not_reassigned(turn: Turn) -> Check:
    """The reassigned-number check is newer than the last contact or consent on this number."""
    checked, last = (_moment(dial(turn).get(key)) for key in ("reassigned_checked_at", "last_contact_at"))
    held = checked is not None and (last is None or checked >= last)
    return Check(held, checked.isoformat() if checked else "never checked")


def _moment(raw: str | None) -> datetime | None:
    return datetime.fromisoformat(raw) if raw else None


@guard("intake_not_throttled")
def intake_not_throttled(turn: Turn) -> Check:
    """The predicted chance to wait for a closer is low enough to start outbound calls."""
    wait = dial(turn).get("p_wait")
    limit = float(turn.policy.capacity.throttle.outbound_pause_if_p_wait)
    if wait is None:
        return Check(False, "unknown")
    return Check(float(wait) <= limit, f"{float(wait):.2f} of {limit:.2f}")


@guard("voicemail_allowed_24h")
def voicemail_allowed_24h(turn: Turn) -> Check:
    """This attempt may leave a voicemail: the attempt's number, the campaign's count and the last 24 hours allow it."""
    rule = turn.policy.telephony.voicemail
    left = [datetime.fromisoformat(at) for at in dial(turn).get("voicemails", [])]
    number = len(dial(turn).get("attempts", [])) or 1
    recent = any((turn.now - at).total_seconds() < 86400 for at in left)
    held = number in rule.on_attempts and len(left) < rule.max_per_campaign and not recent
    return Check(held, f"attempt {number}, {len(left)} left before")


@guard("answered_once_only")
def answered_once_only(turn: Turn) -> Check:
    """No screening prompt was answered on this attempt yet."""
    return Check(
        not turn.place.get("screening_answered"), "answered" if turn.place.get("screening_answered") else "first"
    )


@guard("name_company_ai_purpose_only")
def name_company_ai_purpose_only(turn: Turn) -> Check:
    """The answer to a screening prompt holds name, company, AI and purpose and nothing else."""
    acts = [line["act"] for line in turn.plan]
    return Check(acts == ["answer_screening"], ", ".join(acts) or "nothing planned")


def spam_score(turn: Turn) -> float:
    return float(turn.work.get("spam", 0.0))


@guard("not_spam")
def not_spam(turn: Turn) -> Check:
    """The words do not look like a recorded pitch or a robot's."""
    return Check(spam_score(turn) < 0.9, f"{spam_score(turn):.2f}")


@guard("spam_score_ge_0.9")
def spam_score_high(turn: Turn) -> Check:
    """The words look like a recorded pitch or a robot's."""
    return Check(spam_score(turn) >= 0.9, f"{spam_score(turn):.2f}")
