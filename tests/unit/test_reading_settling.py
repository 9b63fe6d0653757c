"""Rules and weights settle an answer together: at a signature weights only doubt, and a reading looks them up once."""

import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from domain.reading import Answer, ReadingContext
from nodes.reading.answers import AnswerRead
from nodes.reading.judgement import Judgement, judge
from nodes.reading.learned_weights import Weights
from nodes.reading.read import read
from nodes.reading.settling import settled

MOST_LOOK_UPS = 2  # the words, and the line before them
SHALL_I = "Shall I book that for you?"


def seen(affirm: float, deny: float, consent: float) -> Judgement:
    return Judgement({"affirm": affirm, "deny": deny, "neither": 1 - affirm - deny}, consent, {}, 0.0)


def said(answer: Answer, conditional: bool = False) -> AnswerRead:
    return AnswerRead(answer, conditional, affirmative=answer is Answer.YES)


@pytest.mark.parametrize("asked", ["commit", "price_readback"])
@pytest.mark.parametrize("found", [said(Answer.NO), said(Answer.NEITHER), said(Answer.YES, conditional=True)])
def test_weights_never_sign(asked: str, found: AnswerRead) -> None:
    sure = settled(found, ReadingContext(asked=asked, asked_words=SHALL_I), seen(1.0, 0.0, 1.0))
    assert sure.answer is not Answer.YES or sure.conditional


@pytest.mark.parametrize("asked", ["commit", "slot_readback"])
def test_weights_doubt_a_yes_that_nobody_acted_on(asked: str) -> None:
    doubted = settled(said(Answer.YES), ReadingContext(asked=asked, asked_words=SHALL_I), seen(0.1, 0.2, 0.05))
    assert doubted.conditional


@pytest.mark.parametrize("asked", ["slot_readback", "meeting_offer", None])
def test_weights_help_where_the_rules_are_silent_but_never_against_a_no(asked: str | None) -> None:
    context, sure = ReadingContext(asked=asked, asked_words=SHALL_I), seen(0.97, 0.01, 0.97)
    assert settled(said(Answer.NEITHER), context, sure).answer is Answer.YES
    assert settled(said(Answer.NO), context, sure).answer is not Answer.YES


@pytest.mark.parametrize("answer", [Answer.YES, Answer.NO])
def test_what_the_rules_know_stands_where_the_question_is_known(answer: Answer) -> None:
    context = ReadingContext(asked="transfer_offer", asked_words=SHALL_I)
    assert settled(said(answer), context, seen(0.1, 0.1, 0.1)) == said(answer)


def test_a_no_that_agrees_is_left_alone() -> None:
    context = ReadingContext(asked="recording", asked_words="Do you mind if I record this?")
    assert settled(said(Answer.YES), context, seen(0.0, 1.0, 0.0)).answer is Answer.YES


def test_a_reading_looks_the_weights_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    weigh = Weights.weigh

    def counted(self: Weights, *groups: Any) -> Any:
        calls["weigh"] += 1
        return weigh(self, *groups)

    judge("hello", "")
    monkeypatch.setattr(Weights, "weigh", counted)
    read("sure, tomorrow at two works", ReadingContext(asked="slot", asked_words=SHALL_I))
    assert 0 < calls["weigh"] <= MOST_LOOK_UPS


def test_the_reader_loads_without_numbers_and_learning() -> None:
    """What is heavy is loaded with the first words, and nothing heavier than the table of weights is loaded ever."""
    program = (
        "import sys, nodes.reading.read as r; from domain.reading import ReadingContext; "
        "early = 'numpy' in sys.modules; r.read('yes', ReadingContext()); "
        "print(early, [m for m in ('scipy', 'sklearn', 'torch', 'pickle5') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False []"
