"""Reads clock times: "9:30", "two thirty pm", "half past nine", "after three"; says whether am or pm is known."""

from collections.abc import Sequence
from datetime import time
from typing import NamedTuple

from nodes.reading.calendar_words import AFTERNOON, MORNING
from nodes.reading.tokens import SOFT, Token, word
from nodes.reading.word_sets import word_set

LATEST_OFFICE_HOUR = 6  # a bare hour up to this one is taken as the afternoon

_LEADS = word_set("at around about after before by until till from between past than to and or")
_STRONG_LEADS = frozenset({"at", "after", "before", "until", "till", "than"})
_BEHIND_HOUR = word_set(
    "works work is would sounds please on in at or and then for to till until if fits suits that this next the maybe "
    "ok should will could might instead than seems eastern central mountain pacific sharp ish we i it do does"
)
_PRONOUN_LEADS = word_set(
    "the this that last later latest earlier earliest first which each another no any other middle"
)
_NOT_HOURS = word_set(
    """
    people person persons seats seat users user employees staff agents licenses licences reps folks percent dollars
    euros pounds minutes minute hours hour days day weeks week months month years year calls call times leads k ok
    off of more other others options option lines phones locations offices sites branches customers clients cents
    thousand hundred things questions
    """
)


class ClockSpan(NamedTuple):
    start: int
    end: int
    hour: int
    minute: int
    meridiem: str = ""  # "am", "pm", "24" where it needs none, or empty
    bare: bool = False  # a number that is a time only in company of a day, or as an answer


def find_clocks(tokens: Sequence[Token], used: frozenset[int], asked_for_time: bool) -> list[ClockSpan]:
    found: list[ClockSpan] = []
    i = 0
    while i < len(tokens):
        span = None if i in used else _clock(tokens, i, asked_for_time)
        if span is None or any(k in used for k in range(span.start, span.end)):
            i += 1
        else:
            found.append(span)
            i = span.end
    return found


def as_time(span: ClockSpan, part: str = "") -> tuple[time, bool]:
    """The time of day, and whether am or pm was said or can be only one."""
    hour, how = span.hour, span.meridiem
    if not how and part in AFTERNOON:
        how = "pm"
    elif not how and part in MORNING:
        how = "am"
    if how == "pm":
        hour = hour % 12 + 12
    elif how == "am":
        hour = hour % 12
    elif not how and 1 <= hour <= LATEST_OFFICE_HOUR:
        hour += 12
    return time(hour % 24, span.minute), bool(how)


def _hour(tokens: Sequence[Token], i: int, most: int = 12) -> int | None:
    if not 0 <= i < len(tokens) or (num := tokens[i].num) is None or num != int(num):
        return None
    return int(num) if 0 <= num <= most else None


def _meridiem(tokens: Sequence[Token], i: int) -> tuple[str, int]:
    """am or pm said behind an hour, and where it ends."""
    text = word(tokens, i)
    if text in ("am", "pm") and tokens[i].brk < SOFT:
        return text, i + 1
    if text in ("a", "p") and i > 0 and (tokens[i].start == tokens[i - 1].end or word(tokens, i + 1) == "m"):
        return text + "m", i + 1 + (word(tokens, i + 1) == "m")
    if (
        text == "in"
        and word(tokens, i + 1) == "the"
        and word(tokens, i + 2) in ("morning", "afternoon", "evening", "night")
    ):
        return ("am" if word(tokens, i + 2) == "morning" else "pm"), i + 3
    if text == "at" and word(tokens, i + 1) == "night":
        return "pm", i + 2
    return "", i


def _clock(tokens: Sequence[Token], i: int, asked_for_time: bool) -> ClockSpan | None:
    token = tokens[i]
    if token.text in ("noon", "midday", "noonish"):
        return ClockSpan(i, i + 1, 12, 0, "24")
    if token.text == "midnight":
        return ClockSpan(i, i + 1, 0, 0, "24")
    if token.kind == "clock":
        return _written(tokens, i)
    relative = _past_or_to(tokens, i)
    if relative is not None:
        return relative
    return _spoken(tokens, i, asked_for_time)


def _written(tokens: Sequence[Token], i: int) -> ClockSpan | None:
    hour, minute = (int(part) for part in tokens[i].text.replace("h", ":").split(":"))
    if hour > 24 or minute > 59:
        return None
    how, end = _meridiem(tokens, i + 1)
    return ClockSpan(i, end, hour % 24, minute, how or ("24" if hour > 12 or hour == 0 else ""))


def _past_or_to(tokens: Sequence[Token], i: int) -> ClockSpan | None:
    """ "half past two", "quarter to three", "ten past five", "half two"."""
    at = i + (word(tokens, i) == "a" and word(tokens, i + 1) == "quarter")
    minute = {"half": 30, "quarter": 15}.get(word(tokens, at))
    how = word(tokens, at + 1)
    if minute == 30 and (hour := _hour(tokens, at + 1)) and word(tokens, at + 2) not in _NOT_HOURS:
        meridiem, end = _meridiem(tokens, at + 2)
        return ClockSpan(i, end, hour, 30, meridiem)
    if minute is None:
        counted = _hour(tokens, at, 59)
        if counted is None or how not in ("past", "to", "till"):
            return None
        if how != "past" and counted not in (20, 25) and (counted not in (5, 10) or word(tokens, i - 1) != "at"):
            return None  # "nine to five" is a range, and so is "ten to twelve"
        minute = counted
    if how not in ("past", "after", "to", "till", "of"):
        return None
    if word(tokens, at + 2) in ("noon", "midnight"):
        hour, end = (12 if word(tokens, at + 2) == "noon" else 0), at + 3
    elif (counted := _hour(tokens, at + 2)) is not None and counted > 0 and word(tokens, at + 3) not in _NOT_HOURS:
        hour, end = counted, at + 3
    else:
        return None
    meridiem, end = _meridiem(tokens, end)
    if how in ("past", "after"):
        return ClockSpan(i, end, hour, minute, meridiem)
    return ClockSpan(i, end, (hour - 1) or 12, 60 - minute, meridiem)


def _spoken(tokens: Sequence[Token], i: int, asked_for_time: bool) -> ClockSpan | None:
    """An hour with or without minutes and am or pm; a bare one only where the words around it make it a time."""
    dotted = _dotted(tokens, i) or _together(tokens, i)
    hour, minute, end = dotted or (_hour(tokens, i, 23), 0, i + 1)
    if hour is None:
        return None
    if dotted is None and end < len(tokens) and tokens[end].brk < SOFT:
        pair = _minutes(tokens, end)
        if pair is not None:
            minute, end = pair
    meridiem, after = _meridiem(tokens, end)
    if meridiem and hour <= 12:
        return ClockSpan(i, after, hour, minute, meridiem)
    if word(tokens, end) in ("oclock", "ish", "sharp") and hour <= 12:
        meridiem, after = _meridiem(tokens, end + 1)
        return ClockSpan(i, after, hour, minute, meridiem)
    if (word(tokens, end) in _NOT_HOURS and tokens[end].brk < SOFT) or hour == 0:
        return None
    lead = word(tokens, i - 1)
    if tokens[i].text == "one" and (tokens[i - 1].nth is not None or lead in _PRONOUN_LEADS) and i > 0:
        return None  # "the second one"
    known = "24" if hour > 12 else ""
    if lead in _STRONG_LEADS and (hour <= 12 or minute):
        return ClockSpan(i, end, hour, minute, known)
    if (hour > 12 and not minute) or not (minute or _stands_alone(tokens, end)):
        return None
    return ClockSpan(i, end, hour, minute, known, bare=not (asked_for_time or (minute and lead in _LEADS)))


def _stands_alone(tokens: Sequence[Token], end: int) -> bool:
    """Whether no noun behind a bare number says that it counts something."""
    if end >= len(tokens) or tokens[end].brk:
        return True
    return tokens[end].text in _BEHIND_HOUR or "@day" in tokens[end].keys or "@part" in tokens[end].keys


def _dotted(tokens: Sequence[Token], i: int) -> tuple[int, int, int] | None:
    """ "9.30" as a time."""
    text = tokens[i].text
    whole, dot, rest = text.partition(".")
    if tokens[i].num is None or not dot or len(rest) != 2 or not whole.isdigit() or int(whole) > 23 or int(rest) > 59:
        return None
    return (
        (int(whole), int(rest), i + 1)
        if word(tokens, i - 1) in _STRONG_LEADS or word(tokens, i + 1) in ("am", "pm")
        else None
    )


def _together(tokens: Sequence[Token], i: int) -> tuple[int, int, int] | None:
    """ "1140 am", "1400 hours"."""
    num = tokens[i].num
    if num is None or num != int(num) or not 100 <= num < 2400 or num % 100 > 59:
        return None
    if _meridiem(tokens, i + 1)[0] or word(tokens, i + 1) == "hours":
        return int(num) // 100, int(num) % 100, i + 1
    return None


def _minutes(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    """Minutes spoken behind an hour: "thirty", "oh five"."""
    if word(tokens, i) in ("oh", "o") and (digit := _hour(tokens, i + 1, 9)) is not None:
        return digit, i + 2
    minute = _hour(tokens, i, 59)
    if minute is None or (minute < 10 and tokens[i].text != "00") or word(tokens, i + 1) in _NOT_HOURS:
        return None
    return minute, i + 1
