"""What counts as a murmur, and what is collected of words over a firm line."""

import asyncio

import pytest

from livekit.overheard import Overheard, Utterance, murmur


@pytest.mark.parametrize(
    ("text", "confidence", "asked", "only"),
    [
        ("mm-hmm", 0.9, True, True),
        ("Uh-huh.", 0.9, True, True),
        ("Mama.", 0.55, True, True),  # what a recogniser makes of it
        ("Mama.", 0.95, True, False),
        ("Yeah.", 0.9, False, True),
        ("Yeah.", 0.9, True, False),  # while a question is put it may be the answer
        ("okay got it", 0.9, False, True),
        ("no", 0.9, False, False),
        ("stop", 0.9, False, False),
        ("hold on", 0.9, False, False),
        ("yeah but what does it cost", 0.9, False, False),
        ("", 0.0, False, True),
    ],
)
def test_a_murmur_only_says_go_on(text: str, confidence: float, asked: bool, only: bool) -> None:
    assert murmur(text, confidence, asked) is only


async def test_words_over_a_firm_line_come_as_a_whole_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livekit.overheard.PAUSE_S", 0.05)
    talking, delivered = [True], list[Utterance]()
    overheard = Overheard(lambda: talking[0], delivered.append)
    overheard.add("please stop", 0.9, 100.0)
    overheard.add("calling me", 0.4, 101.0)
    await asyncio.sleep(0.15)
    assert delivered == [], "the buyer goes on"
    talking[0] = False
    await asyncio.sleep(0.15)
    (said,) = delivered
    assert (said.text, said.confidence, said.began_at) == ("please stop calling me", 0.4, 100.0)


async def test_what_goes_on_after_the_line_is_one_utterance() -> None:
    delivered: list[Utterance] = []
    overheard = Overheard(lambda: False, delivered.append)
    overheard.add("I would", 0.9, 100.0)
    assert overheard.take() == ("I would", 100.0, 0.9) and overheard.take() == ("", None, None)
    await asyncio.sleep(0)
    assert delivered == []
