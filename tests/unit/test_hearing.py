"""What words answer and teach depends on who says them, when they began, and how surely they were heard."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.reading import Answer, FactSeen, Request
from domain.stages import Step
from domain.turn import Turn
from nodes.hearing import learn_facts, pair_answer
from tests.builders import NOW, a_fact, a_quote, a_turn, an_event, heard, of_kind

ASKED = {"asked": {"speech_id": "s1", "key": "price_readback", "words": "…", "quote_hash": "q1", "at": NOW.isoformat()}}
ENDED = NOW - timedelta(seconds=2)


def answering(reading: dict[str, Any] | None = None, situation: Any = None, **data: Any) -> Turn:
    turn = a_turn(
        Step.PRICE,
        event=an_event(text="yes, fine", **data),
        reading={"answer": Answer.YES, **(reading or {})},
        talk=ASKED,
        deal={"quote": a_quote(), "scope": {"product": "team", "quantity": 12, "term": "monthly"}},
        situation=heard("s1", at=ENDED) if situation is None else situation,
    )
    pair_answer(turn)
    return turn


def answer(turn: Turn) -> str | None:
    return (turn.work["answer_to"] or {}).get("answer")


def test_a_yes_after_the_last_word_answers_the_line() -> None:
    turn = answering()
    assert turn.work["answer_to"] == {"speech_id": "s1", "key": "price_readback", "answer": "yes", "quote_hash": "q1"}
    assert of_kind(turn, "answer")[0]["began_at"] == NOW.isoformat()


@pytest.mark.parametrize(
    "given",
    [
        {"began_at": (ENDED - timedelta(milliseconds=1)).isoformat()},
        {"speaker": "third_party"},
        {"answers": "s0"},
        {"situation": heard("s1", status="partly", at=ENDED)},
        {"situation": {}},
    ],
    ids=["began before its end", "a third party", "another line", "partly heard", "not heard"],
)
def test_what_is_no_answer_to_the_line(given: dict[str, Any]) -> None:
    turn = answering(**given)
    assert answer(turn) is None and of_kind(turn, "answer") == []


@pytest.mark.parametrize(
    ("reading", "data"),
    [
        ({"conditional": True}, {}),
        ({}, {"confidence": 0.64}),
        ({"request": Request("5 off", Decimal(5), "percent")}, {}),
        ({"quantity": 13}, {}),
        ({"term": "annual"}, {}),
    ],
    ids=["if", "hardly heard", "wants another price", "another number", "another term"],
)
def test_a_yes_that_is_none(reading: dict[str, Any], data: dict[str, Any]) -> None:
    assert answer(answering(reading, **data)) == "neither"


def learning(speaker: str, **reading: Any) -> Turn:
    event = an_event(text="words", speaker=speaker)
    turn = a_turn(event=event, reading=reading, facts=a_fact("zone", "America/Chicago"))
    learn_facts(turn)
    return turn


def test_the_buyers_words_teach_zone_and_wishes() -> None:
    turn = learning("buyer", zone="America/New_York", request=Request("15 off", Decimal(15), "percent"))
    assert (turn.value("zone"), turn.facts["zone"]["status"]) == ("America/New_York", "confirmed")
    assert turn.facts["request.discount"]["status"] == "open" and turn.deal["request"]["value"] == "15"


def test_a_third_party_moves_no_zone_asks_no_price_and_decides_nothing() -> None:
    wish = Request("15 off", Decimal(15), "percent")
    said = (FactSeen("authority", True, "I decide"), FactSeen("company", "Acme", "we are Acme"))
    turn = learning("third_party", zone="America/New_York", request=wish, facts=said)
    assert (turn.value("zone"), turn.facts["zone"]["status"]) == ("America/Chicago", "confirmed")
    assert "request.discount" not in turn.facts and "request" not in turn.deal and "authority" not in turn.facts
    assert turn.facts["contact.company"]["status"] == "claimed"


def test_words_that_were_hardly_heard_teach_nothing() -> None:
    turn = a_turn(event=an_event(text="w", confidence=0.64), reading={"facts": (FactSeen("need", "calls", "calls"),)})
    learn_facts(turn)
    assert turn.facts == {} and turn.work["learned"] == []
