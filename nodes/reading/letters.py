"""Reads what is spelled letter by letter: it puts right what a recogniser made of a name or an address."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from nodes.reading.word_sets import word_set

_ONE = r"(?:double )?[a-z](?![a-z0-9'])(?: (?:as in|like|for) [a-z]{2,12})?"
_RUN = re.compile(rf"(?<![a-z0-9'@.])(?<!\w-){_ONE}(?:[\s,.;-]{{1,3}}(?:and )?{_ONE}){{2,25}}")
_LETTER = re.compile(r"(double )?\b([a-z])(?![a-z0-9'])(?: (?:as in|like|for) [a-z]{2,12})?")
_AROUND = word_set("no yes it is it's that that's i mean my name spelled spelt spell as so well sure okay")
_ALIKE = 0.5  # how much of a word must be right for the letters to be meant for it


class Spelled(NamedTuple):
    """A word as its letters give it, and where they stand in the text."""

    word: str
    start: int
    end: int


def spelled(flat: str) -> list[Spelled]:
    """Every run of three letters or more, such as "d, a, n, a", "D-A-N-A" or "d as in delta, a, double n"."""
    return [Spelled(_word(run[0]), run.start(), run.end()) for run in _RUN.finditer(flat)]


def _word(letters: str) -> str:
    return "".join(letter * (2 if double else 1) for double, letter in _LETTER.findall(letters))


def only_letters(flat: str, runs: Sequence[Spelled]) -> bool:
    """Whether the text is one spelled word, with nothing around it but words that say so."""
    if len(runs) != 1 or len(set(runs[0].word)) == 1:
        return False
    rest = f"{flat[: runs[0].start]} {flat[runs[0].end :]}"
    return all(word in _AROUND for word in re.findall(r"[a-z']+", rest))


def put_right(name: str, runs: Sequence[Spelled]) -> str:
    """The name with what the runs spell in place: "Donna Whitfield" and "dana" make Dana Whitfield."""
    words = name.split()
    for run in runs if words else ():
        alike = [SequenceMatcher(None, run.word, word.casefold()).ratio() for word in words]
        best = max(range(len(words)), key=alike.__getitem__)
        if alike[best] >= _ALIKE:
            words[best] = run.word.title()
    return " ".join(words)


def joined(flat: str) -> str:
    """The text with every run written as the word that it spells."""
    for run in reversed(spelled(flat)):
        flat = f"{flat[: run.start]}{run.word}{flat[run.end :]}"
    return flat
