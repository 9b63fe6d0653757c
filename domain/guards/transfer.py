"""Guards of the hand-over: readiness, admission, who may close, seats."""

from datetime import datetime
from decimal import Decimal

from domain.approval_rules import contract_value_thresholds
from domain.guards.booking import answered_yes
from domain.guards.check import Check, guard
from domain.state import part
from domain.turn import Turn

CLOSING_SCOPES = ("quote.create", "contract.send", "payment.link")
NEXT_DAY = "next_day"
TODAY = ("live", "line", "callback")


def gate_open(turn: Turn, name: str) -> bool:
    return bool(turn.intent["gates"].get(name, {}).get("open"))


def gate_check(turn: Turn, name: str) -> Check:
    enter = getattr(turn.policy.stages, name).enter
    return Check(gate_open(turn, name), f"S {turn.score:.2f}, opens at {float(enter):.2f}")


def confidence_check(turn: Turn, minimum: float) -> Check:
    confidence = float(turn.intent["confidence"])
    return Check(confidence >= minimum, f"{confidence:.2f} of {minimum:.2f}")


def expected_value(turn: Turn) -> Decimal:
    """The contract value as far as it is known: the quote's, else list price of what was named, else nothing."""
    quote = turn.deal.get("quote")
    if quote:
        return Decimal(quote["contract_value"])
    scope = part(turn.deal, "scope")
    quantity = scope.get("quantity") or turn.value("quantity")
    if not quantity:
        return Decimal(0)
    wished = turn.value("preference.product")
    product = scope.get("product") or wished or turn.catalogue.recommend(int(quantity)).product
    term = scope.get("term") or turn.value("preference.term")
    months = 12 if term == "annual" else 1
    return turn.policy.pricing.catalogue[product].list * int(quantity) * months


def closing_level(turn: Turn) -> str:
    """The lowest autonomy level among the scopes that a close needs, for this region and value."""
    value = expected_value(turn)
    levels = [turn.policy.autonomy.level(scope, turn.place.get("region"), value) for scope in CLOSING_SCOPES]
    return min((level or "L0" for level in levels), default="L0")


@guard("gate_transfer_open")
def gate_transfer_open(turn: Turn) -> Check:
    """The readiness score stayed over the transfer threshold long enough."""
    return gate_check(turn, "transfer")


@guard("confidence_ge_0.60")
def confidence_for_transfer(turn: Turn) -> Check:
    """Enough evidence stands behind the score to offer a transfer."""
    return confidence_check(turn, float(turn.policy.stages.transfer.min_confidence))


@guard("admission_not_nextday")
def admission_not_nextday(turn: Turn) -> Check:
    """A closer can take the buyer live, on the line or by callback today."""
    admission = str(turn.work.get("admission", NEXT_DAY))
    return Check(admission in TODAY, admission)


@guard("offer_cooldown_passed")
def offer_cooldown_passed(turn: Turn) -> Check:
    """Time and turns have passed since an offer was declined or a close was reversed; who asks is not held back."""
    if turn.work.get("asks_transfer"):
        return Check(True, "the buyer asks for it")
    since = turn.deal.get("cooldown")
    if not since:
        return Check(True, "no offer was declined")
    rule = turn.policy.stages.transfer
    seconds = (turn.now - datetime.fromisoformat(since["at"])).total_seconds()
    turns = int(turn.talk["buyer_turns"]) - int(since["buyer_turns"])
    held = seconds >= rule.offer_cooldown_s and turns >= rule.offer_cooldown_turns
    return Check(held, f"{seconds:.0f} s and {turns} turns since")


@guard("explicit_yes")
def explicit_yes(turn: Turn) -> Check:
    """The buyer said yes to the offer that was heard, or asked for the transfer."""
    if turn.work.get("asks_transfer"):
        return Check(True, "the buyer asked for it")
    held = answered_yes(turn, "transfer_offer")
    return Check(held, "yes to the offer" if held else "no yes to the offer")


@guard("gate_close_open")
def gate_close_open(turn: Turn) -> Check:
    """The closing gate is open and enough evidence stands behind the score."""
    check = gate_check(turn, "close")
    sure = confidence_check(turn, float(turn.policy.stages.close.min_confidence))
    return Check(check.held and sure.held, f"{check.value}; confidence {sure.value}")


@guard("autonomy_close_ge_L1")
def autonomy_close_ge_L1(turn: Turn) -> Check:
    """The AI may close here: the lowest level of the closing scopes for this region and value is L1 or higher."""
    level = closing_level(turn)
    return Check(level >= "L1", level)


@guard("region_allows_ai_close")
def region_allows_ai_close(turn: Turn) -> Check:
    """The buyer's region is known and not excluded for closing by AI."""
    region = turn.place.get("region")
    excluded = turn.policy.compliance.excludes(region, "ai-close")
    return Check(region is not None and not excluded, str(region or "unknown"))


@guard("value_le_limit")
def value_le_limit(turn: Turn) -> Check:
    """The expected contract value is below every approval threshold."""
    value = expected_value(turn)
    thresholds = contract_value_thresholds(turn.policy)
    return Check(all(value < limit for limit in thresholds), f"{value:,.2f} of {min(thresholds, default=value):,.2f}")


@guard("predicted_wait_le_45s")
def predicted_wait_le_45s(turn: Turn) -> Check:
    """The expected wait on the line is within the cap."""
    wait, cap = turn.work.get("expected_wait_s"), turn.policy.capacity.hold_cap_s
    if wait is None:
        return Check(False, "unknown")
    return Check(float(wait) <= cap, f"{float(wait):.0f} s of {cap} s")


@guard("reservation_lease_valid")
def reservation_lease_valid(turn: Turn) -> Check:
    """This session holds the lease of a seat, and it has not run out."""
    lease = part(turn.deal, "transfer").get("lease")
    held = bool(lease) and datetime.fromisoformat(lease["until"]) > turn.now
    return Check(held, str(lease["seat"]) if lease else "no seat")


@guard("context_packet_built")
def context_packet_built(turn: Turn) -> Check:
    """The packet for the closer is built and its hash stored."""
    digest = part(turn.deal, "transfer").get("packet_hash")
    return Check(bool(digest), str(digest or "no packet")[:12])


@guard("amd_human")
def amd_human(turn: Turn) -> Check:
    """A person answered the consult leg and accepted."""
    outcome = str(turn.event.data.get("outcome", "none"))
    return Check(outcome == "accepted", outcome)


@guard("context_packet_acked")
def context_packet_acked(turn: Turn) -> Check:
    """The person acknowledged the packet with the stored hash."""
    stored = part(turn.deal, "transfer").get("packet_hash")
    given = turn.event.data.get("packet_hash")
    return Check(bool(stored) and stored == given, "acknowledged" if stored and stored == given else "not acknowledged")


@guard("buyer_still_on_line")
def buyer_still_on_line(turn: Turn) -> Check:
    """The buyer's leg is connected."""
    line = str(turn.place.get("line"))
    return Check(line == "up", line)


@guard("transfer_attempts_lt_2")
def transfer_attempts_lt_2(turn: Turn) -> Check:
    """Fewer than two seats were tried for this acceptance."""
    tried = len(part(turn.deal, "transfer").get("tried", []))
    return Check(tried < 2, str(tried))


@guard("total_hold_le_45s")
def total_hold_le_45s(turn: Turn) -> Check:
    """The time on the line since the acceptance plus one more ring stays within the cap."""
    accepted = part(turn.deal, "transfer").get("accepted_at")
    waited = (turn.now - datetime.fromisoformat(accepted)).total_seconds() if accepted else 0.0
    total = waited + turn.policy.telephony.ring_timeout_s.consult
    return Check(total <= turn.policy.capacity.hold_cap_s, f"{total:.0f} s of {turn.policy.capacity.hold_cap_s} s")


@guard("number_confirmed")
def number_confirmed(turn: Turn) -> Check:
    """The buyer confirmed the number to call."""
    held = bool(part(turn.deal, "callback").get("number_confirmed"))
    return Check(held, "confirmed" if held else "not confirmed")


@guard("time_confirmed")
def time_confirmed(turn: Turn) -> Check:
    """The time of the callback was read back and confirmed; as soon as somebody is free is a time."""
    callback = part(turn.deal, "callback")
    return Check(bool(callback.get("time_confirmed")), str(callback.get("at", "no time")))


@guard("capacity_reserved")
def capacity_reserved(turn: Turn) -> Check:
    """A seat or a place in the value ranking is kept for that time."""
    place = part(turn.deal, "callback").get("rank")
    return Check(place is not None, str(place))


def wrapped_up(turn: Turn, *keys: str) -> Check:
    missing = [key for key in keys if not turn.event.data.get(key)]
    return Check(not missing, "complete" if not missing else "missing " + ", ".join(missing))


@guard("human_wrapup_complete")
def human_wrapup_complete(turn: Turn) -> Check:
    """The person stored outcome, scope changes and promises."""
    return wrapped_up(turn, "outcome", "wrapup")


@guard("wrapup_complete")
def wrapup_complete(turn: Turn) -> Check:
    """The person stored outcome and reason."""
    return wrapped_up(turn, "reason")


@guard("contract_reference")
def contract_reference(turn: Turn) -> Check:
    """The person gave the reference of the signed contract."""
    return wrapped_up(turn, "contract_reference")
