"""Reads where the buyer is: state or country, and time zone."""

from collections.abc import Iterator, Mapping
from functools import cache

from domain.reading import FactSeen, ReadingContext
from nodes.reading.tables import table
from nodes.reading.tokens import HARD, SOFT, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

LONGEST = 3  # words in the name of a place
_ZONE_COMPANY = word_set("time standard yes yeah yep right correct please ok zone sure fine")
_UNSURE_ZONES = frozenset({"central", "mountain", "pacific", "et", "ct", "mt", "pt", "east coast", "west coast"})
_PLACE_LEADS = word_set("in from of to state is outside near across around at")
_OURS = word_set("we i our us my based located business company")


@cache
def _first_words(name: str) -> frozenset[str]:
    return frozenset(phrase.partition(" ")[0] for phrase in table(name))


def _named(heard: Utterance, name: str) -> Iterator[tuple[str, int, int]]:
    """Every entry of a table that stands in the words, the longest at each place."""
    entries: Mapping[str, str] = table(name)
    first_words, tokens = _first_words(name), heard.tokens
    for i, token in enumerate(tokens):
        if token.text not in first_words:
            continue
        for length in range(min(LONGEST, len(tokens) - i), 0, -1):
            phrase = heard.text(i, i + length)
            if phrase in entries and all(tokens[k].brk < HARD for k in range(i + 1, i + length)):
                yield phrase, i, i + length
                break


def read_region(heard: Utterance, context: ReadingContext) -> list[FactSeen]:
    for phrase, start, end in _named(heard, "regions"):
        if _speaks_of_place(heard, context, start, end):
            return [FactSeen("region", table("regions")[phrase], heard.quote(start, end))]
    return []


def _speaks_of_place(heard: Utterance, context: ReadingContext, start: int, end: int) -> bool:
    tokens = heard.tokens
    if word(tokens, end) == "time" and tokens[end].brk < SOFT:
        return False
    if context.asked == "region":
        return True
    lead = word(tokens, start - 1)
    ours = any(t.text in _OURS for t in tokens[max(0, start - 8) : start])
    return lead in _PLACE_LEADS and ours and word(tokens, start - 2) not in ("customers", "clients")


def read_zone(heard: Utterance, context: ReadingContext) -> str | None:
    for phrase, start, end in _named(heard, "zones"):
        if phrase not in _UNSURE_ZONES or _zone_meant(heard, context, start, end):
            return table("zones")[phrase]
    return None


def _zone_meant(heard: Utterance, context: ReadingContext, start: int, end: int) -> bool:
    tokens = heard.tokens
    if context.asked in ("slot", "slot_readback", "callback_time", "callback_readback", "region"):
        return True
    before = tokens[start - 1] if start else None
    return (
        before is not None
        and (before.num is not None or before.text in ("am", "pm", "oclock") or before.kind == "clock")
    ) or (len(tokens) <= 3 and word(tokens, end) in _ZONE_COMPANY)
