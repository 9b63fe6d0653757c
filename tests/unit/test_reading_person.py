"""A request for a person is heard in wordings that trained nothing; people who are merely mentioned are no request."""

from pathlib import Path

from domain.reading import ReadingContext, Special
from nodes.reading.read import read

FOLDER = Path(__file__).parent / "reading"
RECALL, FALSE = 0.90, 0.05


def lines(name: str) -> list[str]:
    return [row for row in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines() if row and not row.startswith("#")]


def asks(words: str) -> bool:
    return Special.ASK_HUMAN in read(words, ReadingContext()).specials


def test_nearly_every_wording_is_heard() -> None:
    wordings = lines("ask_human_wordings")
    missed = [words for words in wordings if not asks(words)]
    assert len(missed) <= (1 - RECALL) * len(wordings), missed


def test_people_who_are_mentioned_are_no_request() -> None:
    ordinary = lines("ask_human_near_misses")
    taken = [words for words in ordinary if asks(words)]
    assert len(taken) <= FALSE * len(ordinary), taken
