"""Reads parts of the day: "tomorrow morning", "late afternoon", "end of day", "first thing", "business hours"."""

from dataclasses import dataclass
from datetime import time

from nodes.reading.calendar_words import PARTS, SINGULAR, WEEKDAYS
from nodes.reading.line import Line
from nodes.reading.word_sets import word_set

_HABITS = word_set("good each every over all")  # "good morning", "every night": no time is named
_NEEDS_LEAD = word_set("lunch night daytime")  # they name a time only behind one of the words below
_LEADS = word_set("at over during tomorrow around after before this next in the early late mid")
_EDGES = frozenset({"early", "late", "mid", "later"})
_WORKING = frozenset({"business", "office", "working", "work"})
_HALVES = {"am": "morning", "pm": "afternoon"}


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    end: int
    name: str
    clock_from: time
    clock_to: time
    edge: str = ""


def find_parts(line: Line, used: frozenset[int] | set[int]) -> list[Part]:
    found: list[Part] = []
    for i in range(len(line)):
        text = line.words[i]
        name = SINGULAR.get(text, text)
        if text in ("day", "eod", "thing", "hours"):
            edge = _edge_of_day(line, i)
            if edge is not None:
                found.append(edge)
        elif name in PARTS and (i not in used or text == "tonight") and _names_a_time(line, i, name):
            found.append(_part(line, i, name))
        elif text in _HALVES and i not in used and line.words[i - 1] in _AFTER_HALF and line.near(i, 1):
            found.append(Part(i, i + 1, _HALVES[text], *PARTS[_HALVES[text]]))
    return found


_AFTER_HALF = word_set("monday tuesday wednesday thursday friday saturday sunday today tomorrow the")


def _edge_of_day(line: Line, i: int) -> Part | None:
    words = line.words
    text, before = words[i], words[i - 1]
    if text == "eod" or (text == "day" and before == "of" and words[i - 2] in ("end", "close")):
        return Part(i if text == "eod" else i - 2, i + 1, "end of day", time(16), time(17))
    if text == "thing" and before == "first":
        return Part(i - 1, i + 1, "first thing", time(8), time(10))
    if text == "hours" and before in _WORKING:
        return Part(i - 1, i + 1, "business hours", time(8), time(18))
    return None


def _names_a_time(line: Line, i: int, name: str) -> bool:
    before = line.words[i - 1]
    if before in _HABITS:
        return False
    beside_clock = any(
        line.nums[k] >= 0 or (0 <= k < len(line) and line.tokens[k].kind == "clock") for k in (i - 1, i + 1)
    )
    return name not in _NEEDS_LEAD or before in _LEADS or beside_clock or "@day" in _keys(line, i - 1)


def _keys(line: Line, i: int) -> tuple[str, ...]:
    return line.tokens[i].keys if 0 <= i < len(line) else ()


def _part(line: Line, i: int, name: str) -> Part:
    words = line.words
    begin = i - 1 if words[i - 1] in _EDGES else i
    if words[i - 1] in ("this", "in", "the") and words[i - 2] in _EDGES:
        begin = i - 2
    if words[i - 2] in _EDGES and words[i - 1] in WEEKDAYS:
        begin = i - 2  # "late Tuesday night"
    edge = words[begin] if begin < i else ""
    start, end = PARTS[name]
    middle = time((start.hour + end.hour + 1) // 2)
    if edge == "early":
        return Part(begin, i + 1, name, start, middle, "early")
    if edge in ("late", "later"):
        return Part(begin, i + 1, name, middle, end, "late")
    if edge == "mid":
        return Part(begin, i + 1, name, time(start.hour + 1), time(end.hour - 1), "mid")
    return Part(i, i + 1, name, start, end)
