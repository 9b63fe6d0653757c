"""Lines off the script that were once misheard: each changed a booking, a need or an answer that it must not change."""

from datetime import date, time

import pytest

from domain.reading import Question, ReadingContext, Special, Wish
from nodes.reading.read import read

OFFERED = ("2026-12-02T22:00:00+00:00", "2026-12-02T22:30:00+00:00", "2026-12-02T23:00:00+00:00")


def context(asked: str | None = None) -> ReadingContext:
    return ReadingContext(
        asked=asked, text_channel=True, today=date(2026, 11, 25), clock=time(9), offered_times=OFFERED if asked else ()
    )


@pytest.mark.parametrize(
    "words", ["yeah ok but my boss needs to approve first", "I have to ask my wife first", "let me think first"]
)
def test_first_things_first_chooses_no_slot(words: str) -> None:
    assert read(words, context("slot_readback")).times == ()


@pytest.mark.parametrize("words", ["first", "the first please", "yes, first one", "I'd take the first", "ok first"])
def test_the_first_one_chooses_the_first_slot(words: str) -> None:
    (chosen,) = read(words, context("slots")).times
    assert chosen.clock_from == time(22)


@pytest.mark.parametrize(
    "words",
    [
        "your product is garbage and your last agent was rude",
        "your service sucks",
        "your people are unprofessional",
        "your last rep was really terrible",
    ],
)
def test_a_complaint_about_us_is_no_need(words: str) -> None:
    heard = read(words, context("need"))
    assert Special.COMPLAINT in heard.specials and [fact for fact in heard.facts if fact.type == "need"] == []


@pytest.mark.parametrize("words", ["our last service was terrible", "our customers find our team rude"])
def test_trouble_of_their_own_is_no_complaint_about_us(words: str) -> None:
    heard = read(words, context("need"))
    assert Special.COMPLAINT not in heard.specials and [fact for fact in heard.facts if fact.type == "need"]


@pytest.mark.parametrize(
    "words",
    ["does it come with a fax module for submarines?", "do you do payroll?", "does it integrate with our warehouse?"],
)
def test_a_feature_that_nobody_described_is_not_answered_with_how_it_works(words: str) -> None:
    assert read(words, context()).questions == {Question.OTHER}


@pytest.mark.parametrize(
    "words", ["I can't make it after all", "I can't make it on Friday after all", "We can't make it"]
)
def test_who_cannot_make_it_wants_another_time(words: str) -> None:
    assert Wish.RESCHEDULE in read(words, context()).wishes


@pytest.mark.parametrize("words", ["are you there?", "you still there", "hello? are you there", "can you hear me"])
def test_who_asks_whether_we_are_there_asks_nothing_else(words: str) -> None:
    heard = read(words, context("need"))
    assert Special.PRESENCE in heard.specials and not heard.questions
    assert [fact for fact in heard.facts if fact.type == "need"] == []


def test_a_hello_with_a_question_mark_is_a_hello() -> None:
    heard = read("hello?", context("transfer_offer"))
    assert Special.SMALL_TALK in heard.specials and not heard.questions
