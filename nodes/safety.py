"""What is served before anything else: revocation, a person, distress, spam, the wrong person, a clear no."""

from domain.acts import say
from domain.authority import refuse
from domain.events import EventKind
from domain.facts import FactStatus
from domain.firing import fire
from domain.ledger import write
from domain.reading import Special, Wish
from domain.stages import Channel, Overlay, Stage, Step
from domain.transitions import Transition, Trigger
from domain.turn import Turn

BEFORE_PARTY = (Step.NEW, Step.GREET, Step.IDENTIFY)
OPT_IN = ("START", "UNSTOP")
TRANSFERRING = (Step.OFFERED, Step.PENDING, Step.QUEUEING, Step.BRIDGING, Step.FAILED)


def revocation(turn: Turn) -> bool:
    """T39 before any other thought, whoever says it."""
    elsewhere = turn.event.kind is EventKind.OPERATOR and turn.event.data.get("act") == "revoked_elsewhere"
    if Special.OPT_OUT not in turn.reading.specials and not elsewhere:
        return False
    if turn.step.terminal:
        if not elsewhere:
            turn.want("revoke_contact", record=True)
        return True
    fired = fire(
        turn,
        Trigger.REVOCATION_LANGUAGE_OR_KEYWORD,
        records={"dnc": {"consent_revoked_at": turn.now.isoformat(), "channel": turn.channel.value}},
        act=lambda: None if elsewhere else turn.want("revoke_contact", record=True),
    )
    if not isinstance(fired, Transition) or elsewhere:
        return True
    turn.plan.clear()
    act = "optout_text" if turn.channel.text else "optout_done"
    say(turn, act, company=turn.catalogue.company.name)
    turn.work["optout"] = True
    return True


def after_opt_out(turn: Turn) -> bool:
    """Whoever opted out gets no text back, until the same person opts in again in so many words."""
    if not turn.situation.get("dnc_at") or turn.channel not in (Channel.SMS, Channel.EMAIL):
        return False
    if turn.event.kind is not EventKind.WORDS or turn.step.terminal:
        return False
    if "".join(c for c in turn.words.upper() if c.isalpha()) in OPT_IN:
        turn.want("opt_in")
        turn.audit("opted_in", {"channel": turn.channel.value}, actor="buyer")
        turn.situation["dnc_at"] = None
        return False
    turn.audit("silent_after_opt_out", {"channel": turn.channel.value})
    return True


def erasure(turn: Turn) -> bool:
    """An erasure request is stored and shown to people at once; it is carried out after verification."""
    if Special.ERASURE not in turn.reading.specials:
        return False
    write(turn, "claim.erasure", True, quote=turn.words[:200])
    turn.audit("erasure_requested", {"channel": turn.channel.value}, actor="buyer")
    say(turn, "erasure_noted")
    return True


def person_wanted(turn: Turn) -> bool:
    """T40: asks for a human, is in distress, a minor, or angry for the second time."""
    specials = turn.reading.specials
    if turn.overlay is Overlay.HUMAN or turn.step.terminal:
        return False
    operator = turn.event.kind is EventKind.OPERATOR and turn.event.data.get("act") == "takeover"
    asks = Special.ASK_HUMAN in specials and turn.step not in TRANSFERRING
    angry_again = Special.ANGRY in specials and turn.count("angry") > 1
    if not (operator or asks or angry_again or specials & {Special.DISTRESS, Special.MINOR}):
        if Special.ANGRY in specials:
            say(turn, "angry_ack")
        return False
    reason = (
        "operator" if operator else "distress" if Special.DISTRESS in specials else "minor" if Special.MINOR in specials
        else "asks_human" if asks else "angry"
    )  # fmt: skip
    turn.plan.clear()
    for special, act in (
        (Special.DISTRESS, "distress_ack"),
        (Special.MINOR, "minor_ack"),
        (Special.ANGRY, "angry_ack"),
    ):
        if special in specials:
            say(turn, act)
    by = turn.event.data.get("by") if operator else None
    fired = fire(
        turn,
        Trigger.ASKS_HUMAN_OR_DISTRESS_OR_2_FAILURES,
        reason=reason,
        records={"takeover": {"reason": reason, **({"by": by} if by else {})}},
    )
    if isinstance(fired, Transition):
        turn.work["person_wanted"] = reason
        turn.place["owner"] = f"human:{by}" if by else turn.place.get("owner", "agent")
        turn.deal["callback"] = {"priority": "requested_human"}
    return True


def other_party(turn: Turn) -> bool:
    """T47, T08, T09: spam, a wrong number, somebody else."""
    specials = turn.reading.specials
    if Special.SPAM in specials:
        turn.work["spam"] = 0.95
    if turn.overlay is not None or turn.step not in BEFORE_PARTY:
        return False
    company = turn.catalogue.company
    if Special.SPAM in specials and turn.step is not Step.NEW:
        turn.plan.clear()
        return isinstance(fire(turn, Trigger.SPAM_OR_ROBOCALL), Transition)
    if turn.step is not Step.IDENTIFY:
        return False
    if Special.WRONG_NUMBER in specials:
        turn.plan.clear()
        say(turn, "wrong_number_bye")
        fire(turn, Trigger.WRONG_NUMBER, act=lambda: turn.want("suppress_number"))
        return True
    if Special.GATEKEEPER in specials and not turn.reading.times:
        say(turn, "gatekeeper_answer", agent=company.agent_name, company=company.name, purpose=company.purpose)
        return True
    if specials & {Special.GATEKEEPER, Special.WRONG_PERSON}:
        for mention in turn.reading.times[:1]:
            write(turn, "preference.call_time", mention.quote, quote=mention.quote, speaker="third_party")
        say(turn, "gatekeeper_bye")
        fire(turn, Trigger.THIRD_PARTY_OR_GATEKEEPER)
        return True
    return False


def clear_no(turn: Turn) -> bool:
    """T38: a final no ends the matter; after a commitment it cancels the order (T36), and when won the sale (T37)."""
    wishes = turn.reading.wishes
    if turn.event.data.get("speaker", "buyer") != "buyer":
        return False  # somebody in the background ends nothing
    if turn.step.terminal or not wishes & {Wish.FINAL_NO, Wish.CANCEL_ORDER}:
        return False
    if turn.step is Step.COMMITTED or Wish.FINAL_NO not in wishes:
        return False  # the closing node knows which order is meant
    reason = turn.reading.lost_reason or "not_interested"
    turn.plan.clear()
    say(turn, "later_ok" if turn.stage is Stage.ENTRY else "reversal_close")
    fire(turn, Trigger.CLEAR_NO, reason=reason)
    return True


def warnings(turn: Turn) -> None:
    """Words that change nothing but need a word back: card numbers, claimed authority, a third party."""
    if turn.event.data.get("card_removed"):
        say(turn, "card_removed")
    if Special.MACHINE_INSTRUCTION in turn.reading.specials:
        write(turn, "claim.authority", turn.words[:160], status=FactStatus.CLAIMED, quote=turn.words[:160])
        if _claimed_percent(turn):
            _refused_claim(turn)
        say(turn, "no_authority_in_words")
    if (
        turn.event.data.get("speaker") == "third_party"
        and turn.channel is Channel.VOICE
        and turn.step not in BEFORE_PARTY
    ):
        say(turn, "third_party_noted")


def _claimed_percent(turn: Turn) -> bool:
    return "%" in turn.words or "percent" in turn.words.lower() or "discount" in turn.words.lower()


def _refused_claim(turn: Turn) -> None:
    """Authority that is claimed in words opens nothing: the use it names is refused and on the trail."""
    refuse(turn, "discount.apply", "authority_in_words", "words of a buyer are no approval")
