"""Reads clock times: "9:30", "two thirty pm", "half past nine", "after three"; says whether am or pm is known."""

from datetime import time
from typing import NamedTuple

from nodes.reading.calendar_words import AFTERNOON, LAST_NIGHT_HOUR, LUNCH, NIGHT, SINGULAR
from nodes.reading.clock_words import (
    BEHIND_HOUR,
    COUNT_LEADS,
    LATEST_OFFICE_HOUR,
    LEADS,
    NOT_HOURS,
    PARTS_BEFORE,
    PRONOUN_LEADS,
    STRONG_LEADS,
)
from nodes.reading.line import Line
from nodes.reading.tokens import SOFT

BARE, LED, PLAIN = 1, 2, 3  # a mere number; one behind "at" or the like; a time of day for certain


class ClockSpan(NamedTuple):
    start: int
    end: int
    hour: int
    minute: int
    meridiem: str = ""  # "am", "pm", "night", "24" where it needs none, or empty
    strength: int = PLAIN

    @property
    def bare(self) -> bool:
        return self.strength == BARE


def find_clocks(line: Line, used: frozenset[int] | set[int]) -> list[ClockSpan]:
    found: list[ClockSpan] = []
    i, end = 0, len(line)
    while i < end:
        span = None if i in used else _clock(line, i)
        if span is None or any(k in used for k in range(span.start, span.end)):
            i += 1
        else:
            found.append(span)
            i = span.end
    return found


def as_time(span: ClockSpan, part: str = "") -> tuple[time, bool]:
    """The time of day, and whether am or pm was said or can be only one."""
    hour, how = span.hour, span.meridiem
    if how == "am" and hour == 12 and part in AFTERNOON:
        how = "pm"
    if not how and part:
        how = "night" if part in NIGHT else "pm" if part in AFTERNOON or (part in LUNCH and hour < 8) else "am"
        how = "pm" if part == "tonight" and hour < 12 else how
        how = "24" if part in LUNCH and hour >= 8 else how
    if how == "night":
        how = "am" if hour == 12 or hour <= LAST_NIGHT_HOUR else "pm"
    if how == "pm" and hour <= 12:
        hour = hour % 12 + 12
    elif how == "am" and hour <= 12:
        hour = hour % 12
    elif not how and 1 <= hour <= LATEST_OFFICE_HOUR:
        hour += 12
    return time(hour % 24, span.minute), bool(how)


def _hour(line: Line, i: int, most: int = 12) -> int:
    return line.nums[i] if 0 <= line.nums[i] <= most else -1


def meridiem_at(line: Line, i: int) -> tuple[str, int]:
    """am or pm said behind an hour, and where it ends."""
    words = line.words
    text = words[i]
    if text in ("am", "pm") and line.near(i, SOFT):
        return text, i + 1
    if text in ("a", "p") and i > 0 and (line.tokens[i].start == line.tokens[i - 1].end or words[i + 1] == "m"):
        return text + "m", i + 1 + (words[i + 1] == "m")
    if text == "in" and words[i + 1] == "the":
        part = SINGULAR.get(words[i + 2], words[i + 2])
        if part in ("morning", "afternoon", "evening", "night"):
            return {"morning": "am", "night": "night"}.get(part, "pm"), i + 3
    return ("night", i + 2) if text == "at" and words[i + 1] == "night" else ("", i)


def _clock(line: Line, i: int) -> ClockSpan | None:
    text = line.words[i]
    if line.nums[i] < 0:
        if text in ("noon", "midday", "noonish"):
            return ClockSpan(i, i + 1, 12, 0, "24")
        if text == "midnight" or (text == "mid" and line.words[i + 1] == "night"):
            return ClockSpan(i, i + 1 + (text == "mid"), 0, 0, "24")
        if line.tokens[i].kind == "clock":
            return _written(line, i)
        if line.tokens[i].num is not None:
            return _spoken(line, i)  # "8.30 pm"
        return _past_or_to(line, i) if text in ("half", "quarter", "a") else None
    if line.words[i + 1] in ("noon", "midnight") and line.nums[i] == 12:
        return ClockSpan(i, i + 2, 12 if line.words[i + 1] == "noon" else 0, 0, "24")
    return _past_or_to(line, i) or _spoken(line, i)


def _written(line: Line, i: int) -> ClockSpan | None:
    pieces = [int(part) for part in line.tokens[i].text.replace("h", ":").split(":")]
    hour, minute = pieces[0], pieces[1]
    if hour > 24 or minute > 59:
        return None
    how, end = meridiem_at(line, i + 1)
    end += line.words[end] == "oclock"
    return ClockSpan(i, end, hour % 24, minute, how or ("24" if hour > 12 or hour == 0 else ""))


def _past_or_to(line: Line, i: int) -> ClockSpan | None:
    """ "half past two", "quarter to three", "ten past five", "half two", "20 to 16"."""
    words = line.words
    at = i + (words[i] == "a" and words[i + 1] == "quarter")
    minute = {"half": 30, "quarter": 15}.get(words[at], 0)
    if minute == 30 and (hour := _hour(line, at + 1)) > 0 and words[at + 2] not in NOT_HOURS:
        meridiem, end = meridiem_at(line, at + 2)
        return ClockSpan(i, end, hour, 30, meridiem)
    if not minute:
        minute = _counted_minutes(line, at)
        at += words[at + 1] in ("minutes", "minute")
    how = words[at + 1]
    if not minute or how not in ("past", "after", "to", "till", "before", "of"):
        return None
    if words[at + 2] in ("noon", "midnight"):
        hour, end = (12 if words[at + 2] == "noon" else 24), at + 3
    elif (hour := _hour(line, at + 2, 24)) > 0 and words[at + 3] not in NOT_HOURS:
        end = at + 3 + (words[at + 3] == "oclock")
    else:
        return None
    meridiem, end = meridiem_at(line, end)
    meridiem = meridiem or ("24" if hour > 12 else "")
    if how in ("past", "after"):
        return ClockSpan(i, end, hour % 24, minute, meridiem)
    return ClockSpan(i, end, (hour - 1) or 12, 60 - minute, meridiem)


def _counted_minutes(line: Line, at: int) -> int:
    """ "ten past", "20 to": "nine to five" is a range, and so is "ten to twelve"."""
    counted, named = _hour(line, at, 59), line.words[at + 1] in ("minutes", "minute")
    how = line.words[at + 1 + named]
    if counted <= 0 or how not in ("past", "to", "till"):
        return 0
    lead = line.words[at - 1] in ("at", "around", "about") and counted in (5, 10)
    night = line.words[at + 3] in NIGHT and counted == 15
    return counted if how == "past" or named or counted in (20, 25) or lead or night else 0


def _spoken(line: Line, i: int) -> ClockSpan | None:
    """An hour with or without minutes and am or pm; a bare one only where the words around it make it a time."""
    words = line.words
    dotted = _dotted(line, i) or _together(line, i)
    hour, minute, end = dotted or (_hour(line, i, 23), 0, i + 1)
    if hour < 0 or (dotted is None and "." in words[i]):
        return None  # "rated at 5.0"
    if dotted is None and line.near(end, SOFT):
        minute, end = _minutes(line, end, words[i - 1] in STRONG_LEADS) or (0, end)
    meridiem, after = meridiem_at(line, end)
    if meridiem:
        return ClockSpan(i, after, hour, minute, meridiem if hour <= 12 else "24")
    if words[end] in ("oclock", "ish", "sharp") and hour <= 12:
        meridiem, after = meridiem_at(line, end + 1)
        return ClockSpan(i, after, hour, minute, meridiem)
    if (words[end] in NOT_HOURS and line.near(end, SOFT)) or hour == 0:
        return None
    return _unmarked(line, ClockSpan(i, end, hour, minute, "24" if hour > 12 else ""), dotted is not None)


def _unmarked(line: Line, span: ClockSpan, dotted: bool) -> ClockSpan | None:
    """How far a number without am or pm may be taken for a time."""
    i, end, words = span.start, span.end, line.words
    lead = words[i - 1]
    if words[i] == "one" and i and (line.nths[i - 1] or lead in PRONOUN_LEADS or (lead not in LEADS and len(line) > 3)):
        return None  # "the second one", "find me one"
    if SINGULAR.get(lead, lead) in PARTS_BEFORE and line.near(i, SOFT):
        return span._replace(strength=PLAIN)
    if lead in STRONG_LEADS and (span.hour <= 12 or span.minute or lead in ("at", "until", "till")):
        return span._replace(strength=LED)
    if span.hour > 12 and not span.minute and lead not in ("to", "from"):
        return None
    if words[end : end + 2] == ["and", "a"] and words[end + 2] in ("half", "quarter"):
        return None  # "in two and a half hours"
    if lead == "of" or not (span.minute or _stands_alone(line, end)) or (lead == "for" and words[i - 2] in COUNT_LEADS):
        return None
    return span._replace(strength=LED if span.minute and (lead in LEADS or dotted) else BARE)


def _stands_alone(line: Line, end: int) -> bool:
    """Whether no noun behind a bare number says that it counts something."""
    if end >= len(line) or line.brks[end]:
        return True
    keys = line.tokens[end].keys
    return line.words[end] in BEHIND_HOUR or "@day" in keys or "@part" in keys


def _dotted(line: Line, i: int) -> tuple[int, int, int] | None:
    """ "9.30" as a time."""
    whole, dot, rest = line.words[i].partition(".")
    if not dot or len(rest) != 2 or not (whole.isdigit() and rest.isdigit()) or int(whole) > 23 or int(rest) > 59:
        return None
    fits = line.words[i - 1] in STRONG_LEADS or line.words[i + 1] in ("am", "pm")
    return (int(whole), int(rest), i + 1) if fits else None


def _together(line: Line, i: int) -> tuple[int, int, int] | None:
    """ "1140 am", "1400 hours", "at 730"."""
    num = line.nums[i]
    if not 100 <= num < 2400 or num % 100 > 59 or not line.tokens[i].text.isdigit():
        return None
    led = line.words[i - 1] in ("at", "around", "till", "until") and num % 5 == 0 and num <= 1259
    if meridiem_at(line, i + 1)[0] or line.words[i + 1] == "hours" or (led and _stands_alone(line, i + 1)):
        return num // 100, num % 100, i + 1
    return None


def _minutes(line: Line, i: int, led: bool) -> tuple[int, int] | None:
    """Minutes spoken behind an hour: "thirty", "oh five"."""
    words = line.words
    if words[i] in ("oh", "o") and (digit := _hour(line, i + 1, 9)) >= 0:
        return digit, i + 2
    minute = _hour(line, i, 59)
    short = minute < 10 and words[i] != "00" and not (led and not words[i].isdigit())
    if minute < 0 or short:
        return None
    if led and words[i + 1] == "minutes":
        return minute, i + 2
    return None if words[i + 1] in NOT_HOURS else (minute, i + 1)
