"""Guards of the rows that may fire from anywhere: refusal, approval, return, erasure."""

from datetime import datetime

from domain.facts import FactStatus
from domain.guards.check import Check, guard
from domain.guards.closing import quote_of
from domain.guards.opening import disclosed_on
from domain.guards.transfer import gate_open
from domain.reading import Special
from domain.state import Json, part
from domain.turn import Turn


@guard("not_a_revocation")
def not_a_revocation(turn: Turn) -> Check:
    """The words do not ask to stop contact."""
    held = Special.OPT_OUT not in turn.reading.specials
    return Check(held, "no revocation" if held else "revocation")


@guard("proposal_hash_stored")
def proposal_hash_stored(turn: Turn) -> Check:
    """The proposal is complete: hash, facts used, policy version, draft quote, and one row per role."""
    proposal = part(turn.work, "proposal")
    held = bool(proposal.get("proposal_hash")) and bool(proposal.get("roles"))
    return Check(held, ", ".join(proposal.get("rules", [])) or "no rule")


@guard("revalidate_policy_facts_gate_quote")
def revalidate_policy_facts_gate_quote(turn: Turn) -> Check:
    """Facts, quote, gate and current policy still carry the approval; if not, it is void and grants nothing."""
    proposal = part(turn.work, "settling")
    if proposal.get("status") != "approved":
        return Check(True, str(proposal.get("status", "none")))
    why = void_reason(turn, proposal)
    turn.work["void"] = why
    return Check(True, "void: " + why if why else "approved")  # the row fires either way


def void_reason(turn: Turn, proposal: Json) -> str:
    """Why an approved proposal may not be executed now; empty when it may."""
    body = part(proposal, "body")
    seen = part(body, "fact_ids")
    for key in proposal.get("facts_used", []):
        fact = turn.fact(key)
        if fact is None or fact["fact_id"] != seen.get(key) or fact["status"] == FactStatus.CONTRADICTED:
            return f"the fact {key} has changed"
    before = body.get("quote_before")
    if before and before != quote_of(turn).get("quote_hash"):
        return "the quote has changed"
    gate = proposal.get("gate")
    if gate and not gate_open(turn, str(gate)):
        return f"the gate {gate} has closed"
    until = proposal.get("executable_until")
    if until and datetime.fromisoformat(str(until)) < turn.now:
        return "it was not executed in time"
    return str(turn.work.get("policy_forbids", ""))


@guard("identity_match")
def identity_match(turn: Turn) -> Check:
    """The buyer returned by the same verified number, address or code."""
    identity = part(turn.place, "identity")
    held = bool(identity.get("verified")) or turn.event.kind == "operator"
    return Check(held, "verified" if held else "weak match")


@guard("rescore_decay")
def rescore_decay(turn: Turn) -> Check:
    """The score was computed with decay at this moment."""
    return Check(turn.work.get("scored_at") == turn.now.isoformat(), f"{turn.score:.2f}")


@guard("policy_current")
def policy_current(turn: Turn) -> Check:
    """The current policy version was loaded."""
    current = turn.situation.get("policy_version")
    return Check(current == turn.policy.version, turn.policy.version)


@guard("disclose_ai_on_new_channel")
def disclose_ai_on_new_channel(turn: Turn) -> Check:
    """Where the AI disclosure was not heard yet, it opens this turn's answer."""
    planned = any("ai" in line.get("disclosure_keys", ()) for line in turn.plan)
    held = disclosed_on(turn) or planned
    return Check(held, "heard" if disclosed_on(turn) else "planned first" if planned else "missing")


@guard("identity_verified")
def identity_verified(turn: Turn) -> Check:
    """The person is verified by number, e-mail or one-time code."""
    identity = part(turn.place, "identity")
    return Check(bool(identity.get("verified")), "verified" if identity.get("verified") else "weak match")


@guard("no_legal_hold")
def no_legal_hold(turn: Turn) -> Check:
    """No legal hold stands on the contact."""
    held = not turn.situation.get("legal_hold")
    return Check(held, "none" if held else "legal hold")
