"""Loads the phrase lists beside this file once, when the first words are read and not when the module is imported."""

from dataclasses import dataclass
from functools import cache

from nodes.reading.numbers import NUMBER_WORDS
from nodes.reading.patterns import load_lists
from nodes.reading.phrases import Lexicon
from nodes.reading.spelling import Speller
from nodes.reading.tables import FOLDER, table

PHRASES = ("answers", "opt_out", "specials", "wishes", "questions", "facts")
_CALENDAR = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "today",
    "tomorrow",
    "tonight",
    "morning",
    "afternoon",
    "evening",
    "noon",
    "midnight",
    "weekend",
    "oclock",
    "quarter",
    "half",
    "monthly",
    "annual",
    "annually",
    "yearly",
    "seats",
    "people",
    "users",
    "licenses",
    "starter",
    "team",
    "enterprise",
    "eastern",
    "central",
    "mountain",
    "pacific",
]


@dataclass(frozen=True, slots=True)
class Lists:
    lexicon: Lexicon
    speller: Speller
    names: frozenset[str]  # given names


def _places() -> set[str]:
    names = ("regions", "zones", "language_names")
    return {word for name in names for phrase in table(name) for word in phrase.split()}


@cache
def lists() -> Lists:
    patterns, negatable = load_lists(FOLDER / f"{name}.txt" for name in PHRASES)
    lexicon = Lexicon(patterns, negatable)
    english = (FOLDER / "english.txt").read_text(encoding="utf-8").split()
    names = (FOLDER / "names.txt").read_text(encoding="utf-8").split()
    speller = Speller({*lexicon.words, *NUMBER_WORDS, *_CALENDAR, *_places()}, (*map(str.lower, english), *names))
    return Lists(lexicon, speller, frozenset(names))
