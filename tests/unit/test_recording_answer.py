"""Recording is on after a yes and only then; a text channel asks nothing, whatever a call before it left open."""

from typing import Any

import pytest

from domain.reading import Answer
from domain.stages import Step
from domain.turn import Turn
from nodes.opening import MOST_ASKED, open_up
from tests.builders import a_turn, an_answer, an_event, of_kind


def asked(channel: str = "voice", **given: Any) -> Turn:
    turn = a_turn(Step.CONSENT, event=an_event(channel=channel, text="words"), **given)
    open_up(turn)
    return turn


def acts(turn: Turn) -> list[str]:
    return [line["act"] for line in turn.plan]


@pytest.mark.parametrize("flag", ["off", "announced", "declined"])
@pytest.mark.parametrize("channel", ["sms", "chat", "email"])
def test_a_text_channel_passes_without_a_question(channel: str, flag: str) -> None:
    turn = asked(channel, place={"recording": flag})
    assert turn.fired == ["T10"] and turn.place["recording"] == "off" and "ask_recording" not in acts(turn)
    assert of_kind(turn, "crm")[0]["fields"]["recording"] == "not_applicable"
    assert of_kind(turn, "consent")[0]["status"] == "not_applicable"


@pytest.mark.parametrize(("answer", "flag", "stored"), [("yes", "on", "given"), ("no", "declined", "declined")])
def test_both_answers_go_on(answer: str, flag: str, stored: str) -> None:
    turn = asked(place={"recording": "announced"}, work=an_answer("recording", answer))
    assert turn.fired == ["T10"] and turn.place["recording"] == flag
    assert of_kind(turn, "consent")[0]["status"] == stored
    assert ("recording_off" in acts(turn)) is (answer == "no")


def test_on_a_call_everybody_is_asked_and_words_that_answer_something_else_are_no_yes() -> None:
    first = asked()
    assert first.fired == [] and acts(first) == ["ask_recording"] and first.place["recording"] == "announced"
    neither = asked(place={"recording": "announced"}, work=an_answer("recording", Answer.NEITHER.value))
    assert neither.fired == [] and acts(neither) == ["ask_recording"]
    other = asked(place={"recording": "announced"}, work=an_answer("name"))
    assert other.fired == []


def test_no_answer_is_no_consent_and_no_reason_to_keep_asking() -> None:
    turn = asked(place={"recording": "announced"}, talk={"counts": {"ask_recording": MOST_ASKED}})
    assert turn.fired == ["T10"] and turn.place["recording"] == "declined"
    assert of_kind(turn, "consent")[0]["status"] == "declined"


def test_who_answered_in_an_earlier_call_is_not_asked_again() -> None:
    for flag in ("on", "declined"):
        turn = asked(place={"recording": flag})
        assert turn.fired == ["T10"] and turn.place["recording"] == flag and of_kind(turn, "consent") == []
