"""What a job checks before it delivers: authority was settled in the commit, but the world may have moved on since."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.refusal import Refused
from tools.declare import BY_OUTBOX

_ERASURE = "T46"
_CONFIRM_WITHIN = timedelta(minutes=5)
_LOOK_AGAIN = timedelta(seconds=30)
_LIVE_OBJECT = {"calendar_event": "booked", "contract_link": "sent", "payment_link": "open"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand around an effect at the moment of its delivery."""

    kind: str
    transition: str | None
    queued_at: datetime
    not_before: datetime | None = None
    takes_back: bool = False  # the effect itself is a compensation
    confirms_opt_out: bool = False  # the one message that an opt-out is answered with
    opted_out: bool = False
    erased: bool = False
    consent_revoked: bool = False  # and the effect is marketing
    stopped: bool = False  # kill switch for this kind or for all
    emergency: bool = False  # policy has paused open offers
    object_state: str | None = None
    window_opens: datetime | None = None  # a promised call outside of its calling window


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now, and not refused."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Quietly:
    """Deliver it, but write nothing to the buyer."""


def recall(standing: Standing, now: datetime) -> Refused | Wait | Quietly | None:
    """Why the effect must not leave, must wait, or must leave unannounced; None lets it go."""
    if standing.not_before and now < standing.not_before:
        return Wait(standing.not_before, "not due yet")
    if standing.stopped:
        return Wait(now + _LOOK_AGAIN, "kill switch")
    if standing.erased and not standing.takes_back and standing.transition != _ERASURE:
        return Refused("not_erased", "the contact was erased")
    return _reaches_buyer(standing, now) or _object(standing, now)


def _reaches_buyer(standing: Standing, now: datetime) -> Refused | Quietly | None:
    if not BY_OUTBOX[standing.kind].to_buyer:
        return None
    if standing.opted_out or standing.erased:
        if standing.takes_back:
            return Quietly()
        if standing.kind != "message" or not standing.confirms_opt_out:
            return Refused("not_dnc", "the contact has opted out")
        if now > standing.queued_at + _CONFIRM_WITHIN:
            return Refused("within_5min", "an opt-out is confirmed within five minutes or not at all")
    if standing.consent_revoked:
        return Refused("consent", "the consent for marketing was revoked")
    return None


def _object(standing: Standing, now: datetime) -> Refused | Wait | None:
    if standing.takes_back:
        return None
    live = _LIVE_OBJECT.get(standing.kind)
    if live and standing.object_state != live:
        return Refused("object_live", f"the object is {standing.object_state or 'gone'}")
    if standing.emergency and standing.kind in ("contract_link", "payment_link"):
        return Wait(now + _LOOK_AGAIN, "policy has paused open offers")
    if standing.window_opens and now < standing.window_opens:
        return Wait(standing.window_opens, "outside of the calling window")
    return None
