"""Discovery: what the agent still has to know, asked once and in a human order."""

from decimal import Decimal, InvalidOperation
from typing import Any

from domain.acts import asks_something, say
from domain.facts import FactStatus, counts
from domain.ledger import write
from domain.reading import Answer, TimeKind, Wish
from domain.scoring import note, withdraw
from domain.state import part
from domain.turn import Turn

MOST_ASKED = 2  # a question that was not answered twice is left for later


def settle_contradiction(turn: Turn) -> bool:
    """One confirming question before anything confirmed is overwritten."""
    conflict: dict[str, Any] | None = turn.deal.get("contradiction")
    if conflict is None:
        return False
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") in ("budget_conflict", "fact_conflict"):
        return _resolve_conflict(turn, conflict, str(answered["answer"]))
    if asks_something(turn):
        return True
    if conflict["key"] == "budget" and _are_sums(conflict["old"], conflict["new"]):
        say(turn, "ask_budget_conflict", old=str(conflict["old"]), new=str(conflict["new"]))
    else:
        say(turn, "ask_fact_conflict")
    return True


def _are_sums(*values: Any) -> bool:
    """A budget may also be known without its size: then no figures can be read back."""
    try:
        return all(Decimal(str(value)).is_finite() for value in values)
    except InvalidOperation:
        return False


def _resolve_conflict(turn: Turn, conflict: dict[str, Any], answer: str) -> bool:
    """A yes keeps the new value, a no the old one; a figure in the answer decides by itself."""
    key = str(conflict["key"])
    named = [str(m.amount) for m in turn.reading.money]
    keeps_new = answer == Answer.YES or str(conflict["new"]) in named
    if not keeps_new and answer != Answer.NO:
        return False
    value = conflict["new"] if keeps_new else conflict["old"]
    write(turn, key, value, status=FactStatus.CONFIRMED, quote=turn.words[:160], unit=conflict.get("unit"))
    turn.deal.pop("contradiction")
    withdraw(turn, key)
    if key == "budget":
        note(turn, "budget_confirmed", 0.9, "budget")
    elif key == "authority" and value is True:
        note(turn, "authority_confirmed", 0.9, "authority")
    say(turn, "acknowledge")
    return True


def ask_next(turn: Turn) -> None:
    """The next thing to know, or the next step when enough is known or enough was asked."""
    if asks_something(turn):
        return
    for key, act in (("need", "ask_need"), ("authority", "ask_authority_budget"), ("timeline", "ask_timeline")):
        if counts(turn.fact(key), turn.now) or (key == "authority" and _asked_enough(turn, act)):
            continue
        if key == "need" or not _asked_enough(turn, act):
            ask(turn, act)
            return
    if turn.deal.get("appointment"):
        say(turn, "anything_else")
    elif turn.counted("offer_meeting") < MOST_ASKED:
        turn.count("offer_meeting")
        say(turn, "offer_meeting")
    elif not turn.plan:
        say(turn, "anything_else")


def ask(turn: Turn, act: str) -> None:
    """Ask for the need in turns with who decides, so that a person who only nods hears no broken record."""
    stalls = turn.counted("ask_need") >= MOST_ASKED and not turn.work.get("meeting_now")  # no meeting without a need
    if act == "ask_need" and stalls and not counts(turn.fact("authority"), turn.now):
        act = (
            "ask_authority"
            if turn.counted("ask_need") % 2 == 0 and turn.talk.get("last_ask") == "ask_need"
            else "ask_need"
        )
    if act == "ask_authority_budget" and counts(turn.fact("budget"), turn.now):
        act = "ask_authority"
    turn.count(act)
    turn.talk["last_ask"] = act
    say(turn, act)


def _asked_enough(turn: Turn, act: str) -> bool:
    return turn.counted(act) + (turn.counted("ask_authority") if act == "ask_authority_budget" else 0) >= MOST_ASKED


def wants_meeting(turn: Turn) -> bool:
    """The buyer asks for a meeting, says yes to the offer of one, or comes back to one that was wished for."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    accepted = answered.get("key") in ("meeting_offer", "next_step_offer") and answered["answer"] == Answer.YES
    wished = bool({Wish.MEETING, Wish.RESCHEDULE} & set(turn.reading.wishes))
    named_time = bool(turn.reading.times) and answered.get("key") in ("meeting_offer", "next_step_offer", "slot")
    pending = bool(turn.reading.times) and bool(turn.deal.get("meeting_wished"))
    exact = any(m.kind is TimeKind.POINT and m.day_from and m.clock_from for m in turn.reading.times)
    if accepted or wished or named_time or pending or exact:
        turn.deal["meeting_wished"] = True
        return True
    return bool(turn.deal.get("meeting_wished")) and bool(turn.work.get("need_new"))


def wants_to_go_on(turn: Turn) -> bool:
    """The buyer asks to be put through, or to buy."""
    return bool({Wish.TRANSFER, Wish.BUY} & set(turn.reading.wishes))


def acknowledge(turn: Turn) -> None:
    """A word for what was just told, before the next question."""
    told = [item["key"] for item in turn.work.get("learned", []) if item["result"] in ("new", "confirmed")]
    if "need" in told:
        turn.work["need_new"] = True
        say(turn, "acknowledge_need")
    elif told and not turn.plan_answers():
        say(turn, "acknowledge")


def drop_request(turn: Turn, status: FactStatus) -> None:
    """The wish for another price is met or refused."""
    fact = turn.fact("request.discount")
    if fact and fact["status"] == FactStatus.OPEN:
        write(turn, "request.discount", fact["value"], status=status, quote="", speaker="system")
        turn.deal.pop("request", None)
