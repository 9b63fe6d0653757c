"""Reads dates by number: "November 30", "the 9th", "12/1", "2026-12-01"."""

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from nodes.reading.calendar_words import (
    MONTHS,
    WEEKDAYS,
    add_days,
    add_months,
    next_month_day,
    next_number,
    nth_weekday,
)
from nodes.reading.tokens import Token, word
from nodes.reading.word_sets import word_set

COARSE = "coarse"  # a month or more: when somebody starts, not when somebody meets
_COUNTED = word_set("one option slot time of half quarter thing call week choice plan")
_NUMERIC = re.compile(r"(\d+)[-/](\d+)(?:[-/](\d+))?")


class DaySpan(NamedTuple):
    """Some tokens that name a day or a span of days."""

    start: int
    end: int
    first: date
    last: date
    grain: str = "day"  # day, week, coarse
    plural: bool = False


def year_at(tokens: Sequence[Token], i: int) -> int | None:
    if i < len(tokens) and (num := tokens[i].num) is not None and num == int(num) and 2020 <= num <= 2099:
        return int(num)
    return None


def month_at(tokens: Sequence[Token], i: int) -> int | None:
    return MONTHS.get(word(tokens, i))


def day_number_at(tokens: Sequence[Token], i: int, plain: bool = True) -> int | None:
    if not 0 <= i < len(tokens):
        return None
    token = tokens[i]
    if token.nth is not None:
        return token.nth if 1 <= token.nth <= 31 else None
    if plain and token.num is not None and token.num == int(token.num) and 1 <= token.num <= 31:
        return int(token.num)
    return None


def month_day(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "November 30", "the 30th of November", "30 Nov 2026"."""
    at = i + (word(tokens, i) == "the")
    month = month_at(tokens, at)
    if month is not None:
        number_at = at + 1 + (word(tokens, at + 1) == "the")
        number = day_number_at(tokens, number_at)
        end = number_at + 1
    else:
        number = day_number_at(tokens, at)
        behind = at + 1 + (word(tokens, at + 1) == "of")
        month = month_at(tokens, behind)
        end = behind + 1
    if month is None or number is None:
        return None
    year = year_at(tokens, end)
    day = next_month_day(today, month, number, year)
    return None if day is None else DaySpan(i, end + (year is not None), day, day)


def nth_day(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "the 9th", "on the ninth"; words such as "first" only after "the" and with a sign of a date."""
    at = i + (word(tokens, i) == "the")
    if not 0 <= at < len(tokens) or tokens[at].nth is None:
        return None
    number = tokens[at].nth or 0
    spelled = not tokens[at].text[:1].isdigit()
    if word(tokens, at + 1) in _COUNTED or word(tokens, at + 2) == "month":
        return _of_month(tokens, i, at, number, today)
    if spelled and (at == i or (number <= 4 and word(tokens, i - 1) not in ("on", "until", "by", "till"))):
        return None
    day = next_number(today, number) if 1 <= number <= 31 else None
    return None if day is None else DaySpan(i, at + 1, day, day)


def _of_month(tokens: Sequence[Token], i: int, at: int, number: int, today: date) -> DaySpan | None:
    """ "the 9th of this month", "the 3rd of next month"."""
    month = _month_meant(tokens, at + 1, today)
    if month is None or not 1 <= number <= 31:
        return None
    day = next_month_day(month[0], month[0].month, number, month[0].year)
    return None if day is None else DaySpan(i, month[1], day, day)


def _month_meant(tokens: Sequence[Token], i: int, today: date) -> tuple[date, int] | None:
    """ "of this month", "next month", "in July": the first of that month, and where its name ends."""
    at = i + (word(tokens, i) in ("of", "in"))
    how, named = word(tokens, at), month_at(tokens, at)
    first = today.replace(day=1)
    if named is not None:
        return date(today.year + (named < today.month), named, 1), at + 1
    if word(tokens, at + 1) != "month" or how not in ("this", "the", "current", "next"):
        return None
    return (add_months(first, 1) if how == "next" else first), at + 2


def weekday_of_month(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "the first Friday of July", "the second Monday next month"."""
    at = i + (word(tokens, i) == "the")
    if at >= len(tokens) or (nth := tokens[at].nth) is None or not 1 <= nth <= 5:
        return None
    weekday = WEEKDAYS.get(word(tokens, at + 1))
    month = _month_meant(tokens, at + 2, today)
    if weekday is None or month is None:
        return None
    day = nth_weekday(month[0], weekday, nth)
    return None if day is None or day < today else DaySpan(i, month[1], day, day)


_FEASTS = {
    "christmas": (12, 25),
    "christmas eve": (12, 24),
    "christmas day": (12, 25),
    "new year": (1, 1),
    "new years": (1, 1),
    "new year is": (1, 1),  # "New Year's"
    "new year is day": (1, 1),
    "new year is eve": (12, 31),
    "new year eve": (12, 31),
    "new years eve": (12, 31),
    "independence day": (7, 4),
    "fourth of july": (7, 4),
}


def feast(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """A few days that people use to name a date by."""
    if word(tokens, i - 1) in ("happy", "merry"):
        return None
    for length in (4, 3, 2, 1):
        named = _FEASTS.get(" ".join(word(tokens, i + k) for k in range(length)).strip())
        if named is not None and i + length <= len(tokens):
            day = next_month_day(today, *named)
            return None if day is None else DaySpan(i, i + length, day, day)
    if word(tokens, i) == "thanksgiving" or (word(tokens, i), word(tokens, i + 1)) == ("black", "friday"):
        black = word(tokens, i) == "black"
        for year in (today.year, today.year + 1):
            day = nth_weekday(date(year, 11, 1), 3, 4)
            if day is not None and add_days(day, black) >= today:
                return DaySpan(i, i + 1 + black, add_days(day, black), add_days(day, black))
    return None


def numeric(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    if tokens[i].kind != "date" or tokens[i].text == "24/7" or (match := _NUMERIC.fullmatch(tokens[i].text)) is None:
        return None
    a, b, c = int(match[1]), int(match[2]), match[3]
    if len(match[1]) == 4:
        year, month, number = a, b, int(c or 0)
    else:
        month, number = (a, b) if a <= 12 else (b, a)
        year = None if c is None else int(c) + (2000 if len(c) < 3 else 0)
    if not 1 <= month <= 12 or not 1 <= number <= 31:
        return None
    if c is None and word(tokens, i + 1) in ("of", "the"):
        return None
    day = next_month_day(today, month, number, year)
    return None if day is None else DaySpan(i, i + 1, day, day)
