"""Reads parts of the day: "tomorrow morning", "late afternoon", "end of day", "first thing"."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from nodes.reading.calendar_words import PARTS
from nodes.reading.tokens import Token, word
from nodes.reading.word_sets import word_set

_HABITS = word_set("good each every over all")  # "good morning", "every night": no time is named
_NEEDS_LEAD = word_set("lunch night nights")  # they name a time only behind one of the words below
_LEADS = word_set("at over during tomorrow around after before")


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    end: int
    name: str
    clock_from: time
    clock_to: time


def find_parts(tokens: Sequence[Token], used: frozenset[int] | set[int]) -> list[Part]:
    found: list[Part] = []
    for i, token in enumerate(tokens):
        edge = _edge_of_day(tokens, i)
        if edge is not None:
            found.append(edge)
        elif token.text in PARTS and (i not in used or token.text == "tonight") and _names_a_time(tokens, i):
            found.append(_part(tokens, i))
    return found


def _edge_of_day(tokens: Sequence[Token], i: int) -> Part | None:
    text, before = tokens[i].text, word(tokens, i - 1)
    if text == "eod":
        return Part(i, i + 1, "afternoon", time(16), time(17))
    if text == "day" and before == "of" and word(tokens, i - 2) in ("end", "close"):
        return Part(i - 2, i + 1, "afternoon", time(16), time(17))
    if text == "thing" and before == "first":
        return Part(i - 1, i + 1, "morning", time(8), time(10))
    return None


def _names_a_time(tokens: Sequence[Token], i: int) -> bool:
    before = word(tokens, i - 1)
    if before in _HABITS:
        return False
    beside_clock = any(
        0 <= k < len(tokens) and (tokens[k].kind == "clock" or tokens[k].num is not None) for k in (i - 1, i + 1)
    )
    return tokens[i].text not in _NEEDS_LEAD or before in _LEADS or beside_clock


def _part(tokens: Sequence[Token], i: int) -> Part:
    text, before = tokens[i].text, word(tokens, i - 1)
    start, end = PARTS[text]
    middle = time((start.hour + end.hour + 1) // 2)
    if before == "early":
        return Part(i - 1, i + 1, text, start, middle)
    if before == "late":
        return Part(i - 1, i + 1, text, middle, end)
    if before == "mid":
        return Part(i - 1, i + 1, text, time(start.hour + 1), time(end.hour - 1))
    return Part(i, i + 1, text, start, end)
