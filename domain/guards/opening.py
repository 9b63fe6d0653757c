"""Guards of the opening: disclosure heard, right party, recording."""

from datetime import datetime

from domain.guards.check import Check, guard
from domain.stages import Recording
from domain.state import part
from domain.turn import Turn

OPENING_KEYS = frozenset({"ai", "company", "purpose", "optout"})


def disclosed_on(turn: Turn) -> bool:
    """Whether the AI disclosure was heard on this channel (on voice: in this call)."""
    entry = turn.talk["disclosed"].get(turn.channel.value)
    return bool(entry) and (bool(entry.get("heard")) or turn.heard(entry.get("speech_id")))


@guard("ai_identity_purpose_optout_played_to_end")
def ai_identity_purpose_optout_played_to_end(turn: Turn) -> Check:
    """AI, company, purpose and opt-out were heard to the end on this channel."""
    heard = disclosed_on(turn)
    return Check(heard, "heard" if heard else "not heard to the end")


@guard("within_30s")
def within_30s(turn: Turn) -> Check:
    """The disclosure was heard within the time that policy sets; in text the clock stops when it is sent."""
    entry = part(turn.talk["disclosed"], turn.channel.value)
    if turn.channel.text:
        return Check(bool(entry), "sent with the first answer")
    heard_at = turn.heard_at(entry.get("speech_id", ""))
    opened = datetime.fromisoformat(turn.place["call_at"]) if turn.place.get("call_at") else turn.now
    seconds = ((heard_at or turn.now) - opened).total_seconds()
    limit = turn.policy.compliance.disclose.within_s
    # A buyer who talks over the opening delays it; it is then repeated and counts from the repetition.
    repeated = turn.counted("disclose_ai") > 1
    return Check(heard_at is not None and (seconds <= limit or repeated), f"{seconds:.0f} s of {limit} s")


@guard("name_or_context_match")
def name_or_context_match(turn: Turn) -> Check:
    """The person confirms the name on file, or, unknown, gives a name and a reason."""
    if turn.work.get("party_confirmed"):
        return Check(True, "name on file confirmed")
    name, reason = turn.fact("contact.name"), turn.work.get("reason") or turn.fact("need")
    given = [word for word, there in (("name", name), ("reason", reason)) if there]
    return Check(len(given) == 2, " and ".join(given) or "neither name nor reason")


@guard("no_details_disclosed")
def no_details_disclosed(turn: Turn) -> Check:
    """Nothing about the buyer beyond the name asked for was said to this person."""
    told = turn.talk.get("details_told", False)
    return Check(not told, "nothing told" if not told else "details were told")


@guard("recording_on_iff_consented")
def recording_on_iff_consented(turn: Turn) -> Check:
    """The recording flag is on exactly when the buyer said yes; text channels ask nothing and stay off."""
    flag, answer = turn.place["recording"], turn.work.get("recording_answer")
    if turn.channel.text:
        return Check(flag == Recording.OFF and answer == "not_applicable", f"{flag}, not applicable")
    return Check((flag == Recording.ON) == (answer == "yes") and answer in ("yes", "no"), f"{flag} after {answer}")
