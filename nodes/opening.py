"""The opening of a session: disclosure heard, right party, recording."""

from typing import Any

from domain.acts import asks_something, say
from domain.events import EventKind
from domain.firing import fire
from domain.guards.opening import disclosed_on
from domain.ledger import confirm
from domain.reading import Answer, Wish
from domain.stages import Recording, Step
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.slot_focus import focus_of

MOST_ASKED = 2
NEEDS_A_NAME = frozenset({Wish.MEETING, Wish.TRANSFER, Wish.BUY, Wish.RESCHEDULE, Wish.CALL_BACK})


def open_up(turn: Turn) -> None:
    """Move through greet, identify and consent as far as this turn's words carry."""
    if Wish.GOODBYE in turn.reading.wishes and turn.step in (Step.GREET, Step.IDENTIFY, Step.CONSENT):
        say(turn, "goodbye")
        return
    if turn.step is Step.GREET:
        _greet(turn)
    if turn.step is Step.IDENTIFY:
        _identify(turn)
    if turn.step is Step.CONSENT:
        _consent(turn)


def _greet(turn: Turn) -> None:
    if disclosed_on(turn):
        entry: dict[str, Any] = turn.talk["disclosed"][turn.channel.value]
        entry["heard"] = True
        turn.place["opened"] = True
        fire(
            turn,
            Trigger.DISCLOSURES_PLAYED,
            records={"disclosure_log": {"channel": turn.channel.value, "keys": ["ai", "company", "purpose", "optout"]}},
        )
    elif turn.event.kind in (EventKind.ARRIVED, EventKind.WORDS):
        _remember_reason(turn)
        _ask_party(turn)


def _remember_reason(turn: Turn) -> None:
    """Any wish, question or need is a reason to be in touch."""
    reading = turn.reading
    if reading.wishes or reading.questions or turn.fact("need") or reading.topic:
        turn.talk["reason"] = True
    if reading.times or Wish.MEETING in reading.wishes:
        turn.deal["meeting_wished"] = True  # kept until the opening is done
        focus_of(turn)
    turn.work["reason"] = turn.talk.get("reason", False)


def _identify(turn: Turn) -> None:
    _remember_reason(turn)
    answered: dict[str, Any] = part(turn.work, "answer_to")
    named = any(item["key"] == "contact.name" for item in turn.work.get("learned", []))
    on_file = turn.fact("contact.name")
    if on_file and answered.get("key") == "name_confirm" and answered["answer"] == Answer.YES:
        confirm(turn, "contact.name")
        turn.work["party_confirmed"] = True
    if named and on_file and turn.place.get("name_on_file"):
        turn.work["party_confirmed"] = True
    known = turn.work.get("party_confirmed") or (on_file and on_file["speaker"] == "buyer" and turn.work["reason"])
    if known:
        fire(
            turn,
            Trigger.RIGHT_PARTY_CONFIRMED,
            records={"right_party": {"by": "name on file" if turn.work.get("party_confirmed") else "name and reason"}},
        )
    elif turn.event.kind is EventKind.WORDS:
        _ask_party(turn)


def _ask_party(turn: Turn) -> None:
    """Ask who is there; after two asks only when something is wanted that needs a name."""
    if asks_something(turn):
        return
    name = turn.fact("contact.name")
    if turn.work.get("reason"):
        _thank_for_reason(turn)
    if name and name["speaker"] != "buyer" and turn.counted("confirm_name") < MOST_ASKED:
        turn.count("confirm_name")
        say(turn, "confirm_name", name=name["value"])
    elif name and name["speaker"] == "buyer":
        _greet_by_name(turn)
        say(turn, "ask_need")
    elif turn.counted("ask_name") >= MOST_ASKED:
        if turn.reading.wishes & NEEDS_A_NAME or turn.reading.times:
            say(turn, "name_needed")
    else:
        turn.count("ask_name")
        say(turn, "ask_name_only" if turn.work.get("reason") else "ask_name")


def _thank_for_reason(turn: Turn) -> None:
    if any(item["key"] == "need" and item["result"] == "new" for item in turn.work.get("learned", [])):
        turn.work["need_new"] = True
        say(turn, "acknowledge_need")


def _consent(turn: Turn) -> None:
    """Everybody is told and asked on a call; a text channel asks nothing."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if turn.channel.text:
        turn.place["recording"] = Recording.OFF.value  # also after a call that ended before the question was answered
        _answered(turn, "not_applicable", "not_applicable")
    elif turn.place["recording"] in (Recording.ON, Recording.DECLINED):
        _answered(turn, "yes" if turn.place["recording"] == Recording.ON else "no", None)
    elif answered.get("key") == "recording" and answered["answer"] != Answer.NEITHER:
        agreed = answered["answer"] == Answer.YES
        turn.place["recording"] = (Recording.ON if agreed else Recording.DECLINED).value
        _answered(turn, "yes" if agreed else "no", "given" if agreed else "declined")
        if not agreed:
            say(turn, "recording_off")
    elif turn.event.kind is EventKind.WORDS and turn.counted("ask_recording") >= MOST_ASKED:
        turn.place["recording"] = Recording.DECLINED.value  # no answer is no consent, and no reason to keep asking
        say(turn, "recording_off")
        _answered(turn, "no", "declined")
    elif turn.event.kind is EventKind.WORDS and not asks_something(turn):
        turn.place["recording"] = Recording.ANNOUNCED.value
        turn.count("ask_recording")
        _greet_by_name(turn)
        say(turn, "ask_recording")


def _answered(turn: Turn, answer: str, consent: str | None) -> None:
    turn.work["recording_answer"] = answer
    value = {"yes": "agreed", "no": "declined"}.get(answer, answer)
    row = fire(
        turn,
        Trigger.RECORDING_ANSWERED,
        records={"consent_record": {"recording": value, "channel": turn.channel.value}},
        act=lambda: _store_consent(turn, consent),
    )
    if isinstance(row, Transition):
        _greet_by_name(turn)


def _greet_by_name(turn: Turn) -> None:
    """Once, as soon as the name is known."""
    if turn.value("contact.name") and turn.counted("greet_name") == 0:
        turn.count("greet_name")
        say(turn, "greet_name", name=str(turn.value("contact.name")).split()[0])


def _store_consent(turn: Turn, status: str | None) -> None:
    if status:
        turn.want("consent", consent="recording", channel=turn.channel.value, status=status)
