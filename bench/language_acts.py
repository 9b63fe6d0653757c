"""The tasks of the language packs that ask what an utterance does: answers, acts, special requests, intent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.training.crossing import CROSSED_TASKS, odds_of
from bench.training.tasks import PARTS
from domain.reading import Answer, Question, Reading, ReadingContext, Special, Wish
from nodes.reading.judgement import act_odds, judge
from nodes.reading.leanings import leaning, readiness
from nodes.reading.read import read

# By task: given the packs' folder, answers from models that were trained without the row that is asked.
CROSSED: dict[str, Callable[[Path], Callable[[dict[str, Any]], Any]]] = dict(CROSSED_TASKS)


def _special_crossed(packs: Path) -> Callable[[dict[str, Any]], str | None]:
    """The reader with odds from models that have not seen the row; rows that never train keep the shipped weights."""
    odds = odds_of(packs, "special")

    def said(row: dict[str, Any]) -> str | None:
        known = odds.get((row["user"], ""))
        judged = None if known is None else replace(judge(row["user"], ""), special=known)
        return special_of(read(row["user"], ReadingContext(), judged=judged), row["user"])

    return said


def _intent_crossed(packs: Path) -> Callable[[dict[str, Any]], list[float]]:
    odds = odds_of(packs, "payment")

    def said(row: dict[str, Any]) -> list[float]:
        parts = [row["turns"][: max(1, int(len(row["turns"]) * part))] for part in PARTS]
        words = [_prospects(turns) for turns in parts]
        return [readiness(held, odds[" ".join(text for text, _ in held), ""]["paid"]) for held in words]

    return said


def _answer_crossed(packs: Path) -> Callable[[dict[str, Any]], str]:
    odds = odds_of(packs, "answer")

    def said(row: dict[str, Any]) -> str:
        seen = replace(judge(row["user"], row["system"]), answer=odds[row["user"], row["system"] or ""])
        return _plain(read(row["user"], ReadingContext(asked_words=row["system"]), judged=seen))

    return said


def _consent_crossed(packs: Path) -> Callable[[dict[str, Any]], str]:
    odds = odds_of(packs, "consent")

    def said(row: dict[str, Any]) -> str:
        before = row["system"] or ""
        known = odds.get((row["user"], before), {"consent": 0.0})  # unclear rows are not counted
        seen = replace(judge(row["user"], before), consent=known["consent"])
        return _plain(read(row["user"], ReadingContext(asked="slot_readback", asked_words=before), judged=seen))

    return said


CROSSED["affirm_deny"] = _answer_crossed
CROSSED["consent"] = _consent_crossed
CROSSED["special"] = _special_crossed
CROSSED["intent_score"] = _intent_crossed
_ANSWERS = {Answer.YES: "affirm", Answer.NO: "deny", Answer.NEITHER: "neither"}


def affirm_deny(user: str, system: str) -> str:
    return _plain(read(user, ReadingContext(asked_words=system)))


def consent(user: str, system: str) -> str:
    """As the product asks it: the agent has read back what it would book."""
    return _plain(read(user, ReadingContext(asked="slot_readback", asked_words=system)))


def _plain(reading: Reading) -> str:
    """A yes counts where it is one for a booking: with nothing left open."""
    return "neither" if reading.answer is Answer.YES and reading.conditional else _ANSWERS[reading.answer]


def acts(user: str, system: str) -> str:
    odds = act_odds(user, system)
    return max(odds, key=odds.__getitem__)


def special(user: str) -> str | None:
    return special_of(_heard(user, ""), user)


def special_of(reading: Reading, user: str) -> str | None:
    """The pack's label. To speak slower is a request of its own there; the product serves it by saying it again."""
    if Special.OPT_OUT in reading.specials:
        return "do_not_call"
    if Special.ASK_HUMAN in reading.specials:
        return "ask_human"  # who asks both is put through, and told what we are
    if Question.ARE_YOU_A_BOT in reading.questions:
        return "are_you_a_bot"
    if Wish.REPEAT in reading.wishes and "slow" not in user.lower():
        return "repeat"
    if Question.WHO_IS_CALLING in reading.questions:
        return "who_are_you"
    return "what_can_i_ask" if Question.WHAT_CAN_YOU_DO in reading.questions else None


def backchannel(user: str, previous: str) -> bool:
    return Special.BACKCHANNEL in read(user, ReadingContext(asked_words=previous)).specials


def prospect(user: str, system: str) -> str:
    odds = leaning(user, system)
    return max(odds, key=odds.__getitem__)


def intent_score(turns: Sequence[dict[str, str]]) -> float:
    return readiness(_prospects(turns))


def _prospects(turns: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    before = ["", *(turn["text"] if turn["who"] == "agent" else "" for turn in turns)]
    return [(turn["text"], before[k]) for k, turn in enumerate(turns) if turn["who"] == "prospect"]


def _heard(user: str, system: str) -> Reading:
    return read(user, ReadingContext(asked_words=system))
