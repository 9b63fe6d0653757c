"""Reads dates by number: "November 30", "the 9th", "12/1", "2026-12-01", "the first Monday in December"."""

import re
from datetime import date
from typing import NamedTuple

from nodes.reading.calendar_words import (
    MONTHS,
    WEEKDAYS,
    add_months,
    date_or_none,
    next_month_day,
    next_number,
    nth_weekday,
)
from nodes.reading.line import Line
from nodes.reading.word_sets import word_set

COARSE = frozenset({"month", "quarter", "half", "year"})  # when somebody starts, not when somebody meets
_COUNTED = word_set(
    """
    one option slot time of half quarter thing call week choice plan floor person place party number day street st
    avenue ave
    """
)
_NUMERIC = re.compile(r"(\d+)[-/.](\d+)(?:[-/.](\d+))?")
_CLOCK_BEHIND = word_set("am pm oclock percent")
_PARTS = word_set("morning afternoon evening night")
_MAY_DO = word_set("be work not have need want do suit come go take i we still also get well")
_BEHIND_NUMBER = word_set("at from between around after before till until and in for i is works would or please to")


class DaySpan(NamedTuple):
    """Some tokens that name a day or a span of days, and what of the date was said."""

    start: int
    end: int
    first: date
    last: date
    grain: str = "day"
    number: int = 0  # day of the month
    month: int = 0
    year: int = 0
    weekday: int = -1
    plural: bool = False
    clipped: bool = False  # the span had begun before today
    edged: bool = False  # the beginning, middle or end of a longer span
    paired: bool = False  # both ends were said: "January 2 to 5"

    @property
    def loose(self) -> bool:
        return not self.year and (self.number > 0 or self.month > 0 or self.weekday >= 0)


def year_at(line: Line, i: int) -> int:
    return line.nums[i] if 1900 <= line.nums[i] <= 2099 and line.tokens[i].text.isdigit() else 0


def day_number_at(line: Line, i: int) -> int:
    """The day of the month at a place: "9th", or a plain number that no unit claims."""
    if line.nths[i]:
        return line.nths[i] if line.nths[i] <= 31 else 0
    return line.nums[i] if 1 <= line.nums[i] <= 31 and line.words[i + 1] not in _CLOCK_BEHIND else 0


def month_day(line: Line, i: int, today: date) -> DaySpan | None:
    """ "November 30", "the 30th of November", "30 Nov 2026"."""
    words = line.words
    at = i + (words[i] == "the")
    month = MONTHS.get(words[at], 0)
    if month:
        number_at = at + 1 + (words[at + 1] == "the")
        number, end = day_number_at(line, number_at), number_at + 1
    else:
        number = day_number_at(line, at)
        behind = at + 1 + (words[at + 1] == "day")
        behind += words[behind] == "of"
        behind += words[behind] == "the"
        month, end = MONTHS.get(words[behind], 0), behind + 1
        if words[behind] == "may" and not line.nths[at] and words[end] in _MAY_DO:
            return None
    if not month or not number:
        return None
    year = year_at(line, end)
    day = next_month_day(today, month, number, year or None)
    return None if day is None else DaySpan(i, end + (year > 0), day, day, number=number, month=month, year=year)


def day_run(line: Line, i: int, today: date) -> DaySpan | None:
    """ "January 2-5", "from 2 to 5 January", "between 3 and 12 of September": one month for both ends."""
    words = line.words
    month = MONTHS.get(words[i], 0)
    at = i + (month > 0)
    at += words[at] == "the"
    join = words[at + 1]
    between = "between" in words[max(i - 2, 0) : i]
    if join not in ("to", "till", "until", "through", "thru", "til") and not (join == "and" and between):
        return None
    last_at = at + 2 + (words[at + 2] == "the")
    first, last, end = day_number_at(line, at), day_number_at(line, last_at), last_at + 1
    if not month:
        behind = end + (words[end] == "of")
        month, end = MONTHS.get(words[behind], 0), behind + 1
    if not (first and last > first and month) or words[end] in _CLOCK_BEHIND:
        return None
    year = year_at(line, end)
    begins = next_month_day(today, month, first, year or None)
    ends = None if begins is None else date_or_none(begins.year, month, last)
    if begins is None or ends is None:
        return None
    return DaySpan(i, end + (year > 0), begins, ends, number=first, month=month, year=begins.year, paired=True)


def nth_day(line: Line, i: int, today: date) -> DaySpan | None:
    """ "the 9th", "on the ninth"; words such as "first" only after "the" and with a sign of a date."""
    words = line.words
    at = i + (words[i] == "the")
    number = line.nths[at]
    if not 1 <= number <= 31:
        return None
    month = month_meant(line, at + 1, today)
    if month is not None:
        day = next_month_day(month[0], month[0].month, number, month[0].year)
        return None if day is None else DaySpan(i, month[1], day, day, number=number, month=day.month, year=day.year)
    if words[at + 1] in _COUNTED:
        return None
    spelled = not words[at][:1].isdigit()
    if spelled and (at == i or (number <= 4 and words[i - 1] not in ("on", "until", "by", "till", "from"))):
        return None
    day = next_number(today, number)
    return None if day is None else DaySpan(i, at + 1, day, day, number=number)


def on_number(line: Line, i: int, today: date) -> DaySpan | None:
    """ "on 15", "the 17 between two and four": a number that is a day because of the words around it."""
    at = i + (line.words[i] == "on")
    at += line.words[at] == "the"
    number, behind = line.nums[at], line.words[at + 1]
    evening = behind in ("in", "at") and line.words[at + 2] in ("the", "night") and line.words[at + 3] in _PARTS
    if at == i or not 1 <= number <= 31 or evening:
        return None
    if not (behind in _BEHIND_NUMBER if line.words[i] == "on" else behind in ("between", "at", "from") and number > 12):
        if behind and line.near(at + 1, 1):
            return None
        if line.words[i] != "on":
            return None
    day = next_number(today, number)
    return None if day is None else DaySpan(i + (line.words[i] == "on"), at + 1, day, day, number=number)


def month_meant(line: Line, i: int, today: date) -> tuple[date, int] | None:
    """ "of this month", "next month", "in July": the first of that month, and where its name ends."""
    words = line.words
    at = i + (words[i] in ("day", "date"))
    at += words[at] in ("of", "in")
    the = words[at] == "the"
    at += the and words[at + 1] in ("next", "current", "following", "coming")
    how, named = words[at], MONTHS.get(words[at], 0)
    first = today.replace(day=1)
    if named:
        year = year_at(line, at + 1)
        found = date_or_none(year or min(today.year + (named < today.month), 9999), named, 1)
        return None if found is None else (found, at + 1 + (year > 0))
    if words[at + 1] != "month" or how not in ("this", "the", "current", "next", "following", "coming"):
        return None
    return (add_months(first, 1) if how in ("next", "following", "coming") else first), at + 2


def weekday_of_month(line: Line, i: int, today: date) -> DaySpan | None:
    """ "the first Friday of July", "the second Monday next month", "the last Thursday in May"."""
    at = i + (line.words[i] == "the")
    nth = -1 if line.words[at] == "last" else line.nths[at]
    weekday = WEEKDAYS.get(line.words[at + 1])
    if weekday is None or not (nth == -1 or 1 <= nth <= 5):
        return None
    month = month_meant(line, at + 2, today)
    if month is None:
        return None
    day = nth_weekday(month[0], weekday, nth)
    if day is not None and day < today and MONTHS.get(line.words[month[1] - 1]):
        day = nth_weekday(add_months(month[0], 12), weekday, nth)
    return None if day is None or day < today else DaySpan(i, month[1], day, day, year=day.year)


def numeric(line: Line, i: int, today: date) -> DaySpan | None:
    token = line.tokens[i]
    if token.kind != "date" or token.text == "24/7" or (match := _NUMERIC.fullmatch(token.text)) is None:
        return None
    a, b, c = int(match[1]), int(match[2]), match[3]
    if len(match[1]) == 4:
        year, month, number = a, b, int(c or 0)
    else:
        month, number = (a, b) if a <= 12 and not ("." in token.text and b <= 12) else (b, a)
        year = 0 if c is None else int(c) + (2000 if len(c) < 3 else 0)
    if not 1 <= month <= 12 or not 1 <= number <= 31:
        return None
    if c is None and line.words[i + 1] in ("of", "the", "hour", "hours", "price", "off", "minute", "minutes"):
        return None
    day = next_month_day(today, month, number, year or None)
    return None if day is None else DaySpan(i, i + 1, day, day, number=number, month=month, year=year)
