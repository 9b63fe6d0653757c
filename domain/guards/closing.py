"""Guards of closing: order scope, price, checklist, commitment, money."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.approval_rules import contract_value_thresholds
from domain.facts import confirmed
from domain.guards.booking import answered_yes
from domain.guards.check import Check, guard
from domain.guards.transfer import gate_check
from domain.state import Json, part
from domain.turn import Turn

BLOCKING = ("objection.price", "objection.scope", "objection.authority", "objection.terms")
COMMIT_ATTEMPTS = 2  # commitments to one quote, the first included


def quote_of(turn: Turn) -> Json:
    """The open quote, or an empty record."""
    return part(turn.deal, "quote")


def approval_for(turn: Turn, rule: str, quote_hash: str | None) -> Json | None:
    """An approval that was given under `rule` for this quote and may still be executed."""
    given: list[dict[str, Any]] = turn.authority["approved"].get("list", [])
    for entry in given:
        alive = datetime.fromisoformat(entry["until"]) > turn.now
        if rule in entry["rules"] and entry["quote_hash"] == quote_hash and alive:
            return entry
    return None


@guard("scope_read_back_confirmed")
def scope_read_back_confirmed(turn: Turn) -> Check:
    """Product, quantity, term and start were read back and heard, and the buyer's answer to that line is yes."""
    if turn.work.get("scope_confirmed_before"):
        return Check(True, "confirmed earlier and unchanged")
    held = answered_yes(turn, "scope_readback")
    return Check(held, "confirmed" if held else "no yes to the read-back")


@guard("quote_generated_from_scope_hash")
def quote_generated_from_scope_hash(turn: Turn) -> Check:
    """The quote is built from exactly the order scope that was confirmed."""
    draft = turn.work.get("draft") or quote_of(turn)
    scope = part(turn.deal, "scope")
    held = bool(draft) and draft["scope_hash"] == scope.get("hash")
    return Check(held, str(scope.get("hash", "no scope"))[:12])


@guard("amount_currency_term_recurrence_said")
def amount_currency_term_recurrence_said(turn: Turn) -> Check:
    """Amount, currency, term and recurrence of the current quote were heard to the end."""
    said = part(turn.deal, "price_said")
    held = said.get("quote_hash") == quote_of(turn).get("quote_hash") and turn.heard(said.get("speech_id"))
    return Check(held, "heard" if held else "not heard to the end")


@guard("ack_refers_to_current_quote_version")
def ack_refers_to_current_quote_version(turn: Turn) -> Check:
    """The acknowledgement answers the read-back of the current quote and began after its last word."""
    answer = part(turn.work, "answer_to")
    quote = quote_of(turn)
    held = answered_yes(turn, "price_readback") and answer.get("quote_hash") == quote.get("quote_hash") and bool(quote)
    return Check(held, f"Q{quote.get('version', 0)}" if held else "no acknowledgement of this quote")


@guard("discount_within_limit_or_approved")
def discount_within_limit_or_approved(turn: Turn) -> Check:
    """The discount lies within the agent's limit, or is approved, or was issued in writing before the limit fell."""
    quote = quote_of(turn)
    percent = Decimal(quote.get("discount_pct", "0"))
    limit = turn.policy.pricing.discount.agent_max_pct
    valid = turn.now < datetime.fromisoformat(quote["valid_until"]) if quote else False
    honoured = valid and bool(quote.get("issued_in_writing")) and not turn.policy.emergency
    held = percent <= limit or bool(quote.get("proposal_id")) or honoured
    return Check(held, f"{percent:g} % of {limit:g} %")


@guard("region_checklist_true")
def region_checklist_true(turn: Turn) -> Check:
    """Every item that the region's checklist demands is true."""
    missing: list[str] | None = turn.work.get("checklist_missing")
    if missing is None:
        return Check(False, "not looked up")
    return Check(not missing, "complete" if not missing else "missing " + ", ".join(missing))


@guard("authority_confirmed")
def authority_confirmed(turn: Turn) -> Check:
    """The buyer confirmed in own words, within 90 days and without contradiction, who decides."""
    fact = turn.fact("authority")
    held = confirmed(fact, turn.now) and fact is not None and fact["speaker"] == "buyer" and fact["value"] is True
    return Check(held, "confirmed" if held else str(fact["status"] if fact else "unknown"))


@guard("refund_and_restrictions_disclosed")
def refund_and_restrictions_disclosed(turn: Turn) -> Check:
    """Total cost, quantity, restrictions, refund and recurring terms were heard for the current quote."""
    told = part(turn.deal, "terms_said")
    held = told.get("quote_hash") == quote_of(turn).get("quote_hash") and turn.heard(told.get("speech_id"))
    return Check(held, "heard" if held else "not heard to the end")


@guard("gate_commit_open")
def gate_commit_open(turn: Turn) -> Check:
    """The commit gate is open."""
    return gate_check(turn, "commit")


@guard("structural_ge_1.2")
def structural_for_commit(turn: Turn) -> Check:
    """Confirmed structure (need, authority, budget, timeline) carries the score, not enthusiasm."""
    structural, minimum = float(turn.intent["structural"]), float(turn.policy.stages.commit.min_structural)
    return Check(structural >= minimum, f"{structural:.2f} of {minimum:.2f}")


@guard("confidence_ge_0.80")
def confidence_for_commit(turn: Turn) -> Check:
    """Enough evidence stands behind the score to commit, or a manager approved it for this quote."""
    confidence, minimum = float(turn.intent["confidence"]), float(turn.policy.stages.commit.min_confidence)
    stand_in = approval_for(turn, "A6", quote_of(turn).get("quote_hash")) is not None
    return Check(confidence >= minimum or stand_in, f"{confidence:.2f} of {minimum:.2f}" + (", A6" if stand_in else ""))


@guard("no_open_blocking_objection")
def no_open_blocking_objection(turn: Turn) -> Check:
    """No objection about price, scope, authority or terms is open."""
    still = [key.partition(".")[2] for key in BLOCKING if (turn.fact(key) or {}).get("status") in ("open", "claimed")]
    return Check(not still, "none" if not still else ", ".join(still))


@guard("value_le_limit_or_a3")
def value_le_limit_or_a3(turn: Turn) -> Check:
    """The contract value of the quote is below every threshold, or a director approved this quote."""
    quote = quote_of(turn)
    value = Decimal(quote.get("contract_value", "0"))
    approved = approval_for(turn, "A3", quote.get("quote_hash")) is not None
    held = bool(quote) and (approved or all(value < limit for limit in contract_value_thresholds(turn.policy)))
    return Check(held, f"{value:,.2f}" + (", A3" if approved else ""))


@guard("direct_yes_to_direct_question")
def direct_yes_to_direct_question(turn: Turn) -> Check:
    """The question named the quote and the commitment, and the answer to it is a plain yes with nothing else open."""
    answer = part(turn.work, "answer_to")
    plain = not (turn.reading.conditional or turn.reading.also_asks)
    held = answered_yes(turn, "commit") and answer.get("quote_hash") == quote_of(turn).get("quote_hash") and plain
    return Check(held, "plain yes" if held else "no plain yes")


@guard("same_speaker_as_authority")
def same_speaker_as_authority(turn: Turn) -> Check:
    """The speaker is the person who decides."""
    speaker = str(turn.event.data.get("speaker", "buyer"))
    fact = turn.fact("authority")
    decides = confirmed(fact, turn.now) and fact is not None and fact["value"] is True
    return Check(speaker == "buyer" and decides, speaker if decides else f"{speaker}, who has not said to decide")


@guard("idempotency_key_unused")
def idempotency_key_unused(turn: Turn) -> Check:
    """No open commitment exists for this quote and payment attempt; there are two attempts at most."""
    order = part(turn.deal, "order")
    quote_hash = quote_of(turn).get("quote_hash")
    same = order.get("quote_hash") == quote_hash
    attempt = int(order.get("attempt", 0)) if same else 0
    held = not (same and order.get("open")) and attempt < COMMIT_ATTEMPTS
    return Check(held, f"attempt {attempt + 1}")


@guard("envelope_hash_matches_quote")
def envelope_hash_matches_quote(turn: Turn) -> Check:
    """The signed document belongs to the current quote."""
    order = part(turn.deal, "order")
    held = bool(order.get("signed")) and order.get("signed_quote_hash") == quote_of(turn).get("quote_hash")
    return Check(held, "signed" if held else "not signed for this quote")


@guard("payment_status_ok")
def payment_status_ok(turn: Turn) -> Check:
    """The processor reports success for the amount of the current quote."""
    order, quote = part(turn.deal, "order"), quote_of(turn)
    paid = order.get("paid_amount")
    held = paid is not None and Decimal(str(paid)) == Decimal(quote.get("amount", "-1"))
    return Check(held, str(paid or "not paid"))


@guard("retries_lt_2")
def retries_lt_2(turn: Turn) -> Check:
    """Fewer than two payment retries were made for this quote."""
    attempt = int(part(turn.deal, "order").get("attempt", 0))
    return Check(attempt < COMMIT_ATTEMPTS, str(attempt))


@guard("quote_still_valid")
def quote_still_valid(turn: Turn) -> Check:
    """The quote has not run out."""
    until = quote_of(turn).get("valid_until")
    return Check(bool(until) and turn.now < datetime.fromisoformat(until), str(until or "no quote"))


@guard("within_cooling_off_or_approved")
def within_cooling_off_or_approved(turn: Turn) -> Check:
    """The region's cooling-off period still runs, or finance approved the refund."""
    won = turn.place.get("won_at")
    days = turn.work.get("cooling_off_days")
    inside = bool(won) and bool(days) and turn.now <= datetime.fromisoformat(won) + timedelta(days=int(days or 0))
    approved = approval_for(turn, "A8", quote_of(turn).get("quote_hash")) is not None
    return Check(inside or approved, f"{days or 0} days" + (", A8" if approved else ""))
