"""The learned weights: small, repeatable, unable to make a yes, and silent where lists forbid."""

from pathlib import Path

import pytest

from domain.reading import Answer, Question, ReadingContext, Special
from nodes.reading.backchannels import keeps_listening
from nodes.reading.judgement import judge
from nodes.reading.leanings import readiness
from nodes.reading.learned_weights import FOLDER
from nodes.reading.read import read

MOST_BYTES = 3_000_000


def test_the_files_are_small_and_have_a_card() -> None:
    files = list(Path(FOLDER).glob("*.npz"))
    card = (FOLDER / "CARD.md").read_text("utf-8")
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES
    assert {path.stem for path in files} == {"answers_sgd", "bargain", "free"}
    assert [path.name for path in files if f"| `{path.name}` |" not in card] == []
    assert "CC BY-SA 4.0" in card


@pytest.mark.parametrize(
    "words",
    ["", " ", "?", "\u0663\u00bd", "no " * 5000, "\U0001f44d" * 50, "a" * 20_000],
)
def test_any_words_are_judged(words: str) -> None:
    seen = judge(words, "Shall I book it?")
    assert sum(seen.answer.values()) == pytest.approx(1.0, abs=1e-3)
    assert seen == judge(words, "Shall I book it?")


@pytest.mark.parametrize(
    "words",
    [
        "hm, let me look at my account first",
        "my husband says that's fine",
        "is that with tax?",
        "not before I have talked to Anna",
    ],
)
def test_weights_make_no_yes_to_a_commitment(words: str) -> None:
    reading = read(words, ReadingContext(asked="commit", asked_words="Shall I send the contract now?"))
    assert reading.answer is not Answer.YES or reading.conditional


@pytest.mark.parametrize("words", ["stop it, I need a human", "oh stop, just get me a person"])
def test_who_wants_a_person_has_not_opted_out(words: str) -> None:
    specials = read(words, ReadingContext()).specials
    assert Special.ASK_HUMAN in specials
    assert Special.OPT_OUT not in specials


@pytest.mark.parametrize("words", ["connect me to the billing team", "hand this chat over to a human please"])
def test_a_team_is_people(words: str) -> None:
    assert Special.ASK_HUMAN in read(words, ReadingContext()).specials


def test_the_bot_question_in_rare_words() -> None:
    assert Question.ARE_YOU_A_BOT in read("be honest, are you software or flesh and blood", ReadingContext()).questions


@pytest.mark.parametrize("words", ["uh-huh", "oh, really?", "that's interesting", "oh wow, okay"])
def test_a_listener_is_not_interrupted_by(words: str) -> None:
    assert keeps_listening(words, "We answer every call.")


@pytest.mark.parametrize("words", ["wait a second", "what does it cost?", "not really", "we have twelve people"])
def test_the_floor_is_given_to(words: str) -> None:
    assert not keeps_listening(words, "We answer every call.")


def test_who_refuses_is_less_ready() -> None:
    keen = [("sure, I will give five dollars", "Would you like to give?"), ("that sounds great", "It helps children.")]
    cold = [("no, I can not give anything", "Would you like to give?"), ("I do not trust this", "It helps children.")]
    assert readiness(keen) > readiness(cold)
