"""The tasks of the language packs that ask what an utterance does: answers, acts, special requests, intent."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from domain.reading import Answer, Question, Reading, ReadingContext, Special, Wish
from nodes.reading.read import read

# By task: given the packs' folder, answers from models that were trained without the row that is asked.
CROSSED: dict[str, Callable[[Path], Callable[[dict[str, Any]], Any]]] = {}
_ANSWERS = {Answer.YES: "affirm", Answer.NO: "deny", Answer.NEITHER: "neither"}


def affirm_deny(user: str, system: str) -> str:
    return _ANSWERS[_heard(user, system).answer]


def consent(user: str, system: str) -> str:
    reading = _heard(user, system, "commit")
    plain = reading.answer is Answer.YES and not reading.conditional and not reading.also_asks
    return "affirm" if plain else "deny" if reading.answer is Answer.NO else "neither"


def acts(user: str, system: str) -> str:
    reading = _heard(user, system)
    if Special.ASK_HUMAN in reading.specials:
        return "ask_human"
    if reading.wishes & {Wish.CANCEL_MEETING, Wish.CANCEL_ORDER, Wish.RESCHEDULE}:
        return "cancel_or_change"
    if reading.answer is not Answer.NEITHER:
        return _ANSWERS[reading.answer]
    if Wish.NONE_OF_THESE in reading.wishes:
        return "request_alternatives"
    if reading.times:
        return "inform_time"
    if reading.also_asks:
        return "request_info"
    if Wish.GOODBYE in reading.wishes:
        return "goodbye"
    return "thanks" if Special.THANKS in reading.specials else "other"


def special(user: str) -> str | None:
    reading = _heard(user, "")
    if Special.OPT_OUT in reading.specials:
        return "do_not_call"
    if Question.ARE_YOU_A_BOT in reading.questions:
        return "are_you_a_bot"
    if Special.ASK_HUMAN in reading.specials:
        return "ask_human"
    if Wish.REPEAT in reading.wishes:
        return "repeat"
    if Question.WHO_IS_CALLING in reading.questions:
        return "who_are_you"
    return "what_can_i_ask" if Question.WHAT_CAN_YOU_DO in reading.questions else None


def backchannel(user: str, previous: str) -> bool:
    return Special.BACKCHANNEL in _heard(user, previous).specials


def prospect(user: str, system: str) -> str:
    reading = _heard(user, system)
    if reading.objections or reading.answer is Answer.NO or Wish.FINAL_NO in reading.wishes:
        return "neg"
    return "pos" if reading.answer is Answer.YES or reading.money else "neu"


def intent_score(turns: Sequence[dict[str, str]]) -> float:
    marks = [prospect(turn["text"], "") for turn in turns if turn["who"] == "prospect"]
    return float(marks.count("pos") - marks.count("neg"))


def _heard(user: str, system: str, asked: str | None = None) -> Reading:
    return read(user, ReadingContext(asked=asked, asked_words=system))
