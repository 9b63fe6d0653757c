"""Reads lengths of time, and times that are counted from now: "in an hour", "for 3 hours 30 minutes", "later today"."""

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.line import Line
from nodes.reading.utterance import Utterance

_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}
_DAYS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_BEGINS = ("starting", "beginning", "commencing")
_ABOUT = ("about", "around", "like", "maybe", "roughly", "say", "another")


class Length(NamedTuple):
    start: int
    end: int
    minutes: float = 0
    days: int = 0


def find_lengths(line: Line) -> list[Length]:
    """What stands behind "for": how long something lasts."""
    found = [_length(line, i) for i, text in enumerate(line.words) if text == "for" and i < len(line)]
    if any(word in line.words for word in _BEGINS):
        for i in range(len(line)):
            length = _length(line, i - 1) if line.nums[i] > 0 and line.words[i - 1] != "for" else None
            if length is not None and line.words[length.end] in _BEGINS:
                found.append(length._replace(start=i))
    return [length for length in found if length is not None]


def _length(line: Line, i: int) -> Length | None:
    at = i + 1 + (line.words[i + 1] in _ABOUT)
    days = _DAYS.get(line.words[at + 1], 0) * max(line.nums[at], int(line.words[at] in ("a", "one")))
    if days:
        return Length(i, at + 2, days=days)
    counted = _amount(line, at)
    if counted is None:
        return None
    minutes, end = counted
    if minutes >= 60 and line.nums[end] > 0 and line.words[end + 1] in ("minute", "minutes"):
        return Length(i, end + 2, minutes + line.nums[end])
    return Length(i, end, minutes)


def read_from_now(heard: Utterance, line: Line, context: ReadingContext) -> list[TimeMention]:
    """ "in an hour", "in half an hour", "twenty minutes from now", "within the next hour", "later today"."""
    if context.today is None or context.clock is None:
        return []
    now = datetime.combine(context.today, context.clock)
    counted = any(text in _MINUTES for text in line.words)
    for i in range(len(line) if counted else 0):
        found = _from_now(line, i)
        if found is None:
            continue
        minutes, end, within = found
        at = _later(now, minutes)
        quote = heard.quote(i, end)
        if within:
            return [TimeMention(TimeKind.RANGE, quote, now.date(), at.date(), now.time(), at.time())]
        return [TimeMention(TimeKind.POINT, quote, at.date(), at.date(), at.time())]
    for i, text in enumerate(line.words):
        if text == "later" and line.words[i + 1] == "today":
            return [TimeMention(TimeKind.NOT_BEFORE, heard.quote(i, i + 2), context.today, context.today, now.time())]
    return []


def _later(now: datetime, minutes: float) -> datetime:
    try:
        return now + timedelta(minutes=int(minutes))
    except OverflowError:
        return now


def _from_now(line: Line, i: int) -> tuple[float, int, bool] | None:
    """Minutes from now, where the words end, and whether the whole span is meant."""
    words = line.words
    lead = words[i] in ("in", "within")
    at = i + lead
    the = words[at] == "the"
    at += the
    ahead = words[at] in ("next", "coming")
    at += ahead
    at += words[at] in _ABOUT
    counted = _amount(line, at, ahead)
    if counted is None:
        return None
    minutes, end = counted
    if ahead and (lead or the or i == at - 1):
        return minutes, end, True
    if the or ahead:
        return None
    if not lead:
        if words[end] != "later" and not (words[end] == "from" and words[end + 1] == "now"):
            return None
        end += 1 + (words[end] == "from")
    return minutes, end, words[i] == "within"


def _amount(line: Line, at: int, one: bool = False) -> tuple[float, int] | None:
    """ "an hour", "half an hour", "a couple of hours", "two and a half hours": minutes, and where the words end."""
    words = line.words
    if words[at] in ("half", "quarter") or (words[at] == "a" and words[at + 1] in ("half", "quarter")):
        at += words[at] == "a"
        share = 0.5 if words[at] == "half" else 0.25
        at += 1 + (words[at + 1] == "of")
        at += words[at] in ("a", "an")
        return (share * 60, at + 1) if words[at] == "hour" else None
    if one and words[at] in _MINUTES:
        return float(_MINUTES[words[at]]), at + 1
    if words[at] == "a" and words[at + 1] in ("couple", "few"):
        at += 1
    count = 2.0 if words[at] == "couple" else 3.0 if words[at] == "few" else 1.0 if words[at] in ("a", "an") else 0.0
    if not count and at < len(line) and (num := line.tokens[at].num) is not None and 0 < num < 1000:
        count = float(num)
    if not count:
        return None
    at += 1
    at += words[at] == "of"
    if words[at : at + 3] == ["and", "a", "half"]:
        count, at = count + 0.5, at + 3
    unit = _MINUTES.get(words[at])
    if unit is None:
        return None
    if unit == 60 and words[at + 1 : at + 4] == ["and", "a", "half"]:
        return (count + 0.5) * 60, at + 4
    return count * unit, at + 1
