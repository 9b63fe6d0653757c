"""Reads the days, weeks and longer spans that words name: "next Friday", "the 9th", "this quarter"."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from nodes.reading.calendar_words import (
    MONTHS,
    SHORT_WEEKDAYS,
    UNSURE_MONTHS,
    WEEKDAYS,
    add_days,
    add_months,
    last_of_month,
    monday_of,
    next_month_day,
    next_number,
    next_weekday,
    quarter_of,
)
from nodes.reading.tokens import Token
from nodes.reading.word_sets import word_set

COARSE = "coarse"  # a month or more: when somebody starts, not when somebody meets


class DaySpan(NamedTuple):
    """Some tokens that name a day or a span of days."""

    start: int
    end: int
    first: date
    last: date
    grain: str = "day"  # day, week, coarse
    plural: bool = False


_THIS_OR_NEXT = ("next", "this", "coming", "following", "upcoming", "current")
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}
_ON = word_set("on this next or and by for until coming of")
_NUMERIC = re.compile(r"(\d+)[-/](\d+)(?:[-/](\d+))?")


def find_days(tokens: Sequence[Token], today: date, used: frozenset[int]) -> list[DaySpan]:
    """All day spans, left to right, none overlapping."""
    found: list[DaySpan] = []
    i = 0
    while i < len(tokens):
        span = next((s for reader in _READERS if (s := reader(tokens, i, today)) is not None), None)
        if span is None or any(k in used for k in range(span.start, span.end)):
            i += 1
        else:
            found.append(span)
            i = max(span.end, i + 1)
    return found


def word(tokens: Sequence[Token], i: int) -> str:
    """The text at i; empty beyond the ends and across the end of a sentence."""
    return tokens[i].text if 0 <= i < len(tokens) else ""


def _count(tokens: Sequence[Token], i: int) -> int | None:
    if not 0 <= i < len(tokens):
        return None
    if tokens[i].text in ("a", "an"):
        return 1
    num = tokens[i].num
    return int(num) if num is not None and num == int(num) and num < 1000 else None


def _relative(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    text = word(tokens, i)
    if text == "day" and word(tokens, i + 1) == "after" and word(tokens, i + 2) == "tomorrow":
        day = add_days(today, 2)
        return DaySpan(i, i + 3, day, day)
    if text == "tomorrow":
        day = add_days(today, 1)
        return DaySpan(i, i + 1, day, day)
    if text in ("today", "tonight"):
        return DaySpan(i, i + 1, today, today)
    if text == "this" and word(tokens, i + 1) in ("morning", "afternoon", "evening"):
        return DaySpan(i, i + 1, today, today)
    if text == "overmorrow":
        return DaySpan(i, i + 1, add_days(today, 2), add_days(today, 2))
    return None


def _ahead(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "in three days", "two weeks from now", "a week from Monday", "in a few days"."""
    at = i + 1 if word(tokens, i) in ("in", "within") else i
    few = word(tokens, at) == "few" or (word(tokens, at) == "a" and word(tokens, at + 1) == "few")
    if few:
        at += word(tokens, at) == "a"
    number = 3 if few else _count(tokens, at)
    unit = word(tokens, at + 1)
    if number is None or (unit not in _UNITS and unit not in ("month", "months", "year", "years")):
        return None
    end = at + 2
    base = _base(tokens, end, today)
    if base is not None:
        today, end = base
    elif at == i and word(tokens, end) not in ("later", "hence"):
        return None
    elif word(tokens, end) in ("later", "hence"):
        end += 1
    end += word(tokens, end) == "time"
    if unit in _UNITS:
        day = add_days(today, number * _UNITS[unit])
        spread = 1 if few and _UNITS[unit] == 1 else 7 if few else 0
        return DaySpan(i, end, add_days(day, -spread), add_days(day, spread), "week" if few else "day")
    day = add_months(today, number * (12 if unit.startswith("year") else 1))
    return DaySpan(i, end, day, last_of_month(day), COARSE)


def _base(tokens: Sequence[Token], i: int, today: date) -> tuple[date, int] | None:
    """The day that a count starts from, and where it ends: "from now", "from Monday"."""
    if word(tokens, i) not in ("from", "after"):
        return None
    text = word(tokens, i + 1)
    if text in ("now", "today"):
        return today, i + 2
    if text == "tomorrow":
        return add_days(today, 1), i + 2
    return (next_weekday(today, WEEKDAYS[text]), i + 2) if text in WEEKDAYS else None


def _weekday_number(tokens: Sequence[Token], i: int) -> int | None:
    text = word(tokens, i)
    if text in WEEKDAYS:
        return WEEKDAYS[text]
    if text in SHORT_WEEKDAYS and (
        word(tokens, i - 1) in _ON or (i + 1 < len(tokens) and tokens[i + 1].num is not None)
    ):
        return SHORT_WEEKDAYS[text]
    return None


def _weekday(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "Friday", "next Friday", "this coming Friday", "Friday next week", "Monday week", "Monday the 30th"."""
    at, how = i, ""
    while word(tokens, at) in _THIS_OR_NEXT and at - i < 2:
        how = how if how == "next" else word(tokens, at)
        at += 1
    number = _weekday_number(tokens, at)
    if number is None:
        return None
    end = at + 1
    monday = monday_of(today)
    if how in ("next", "following"):
        day = add_days(monday, 7 + number)
    elif how == "this" and add_days(monday, number) >= today:
        day = add_days(monday, number)
    else:
        day = next_weekday(today, number)
    if not how:
        day, end = _weekday_tail(tokens, end, today, number, day)
    return DaySpan(i, end, day, day, plural=word(tokens, at).endswith("s") and word(tokens, at) in WEEKDAYS)


def _weekday_tail(tokens: Sequence[Token], end: int, today: date, number: int, day: date) -> tuple[date, int]:
    """What stands behind a weekday and says which one is meant."""
    monday = monday_of(today)
    if word(tokens, end) == "week" and tokens[end].brk == 0:
        return add_days(day, 7), end + 1
    at = end + (word(tokens, end) in ("of", "in"))
    if word(tokens, at) == "next" and word(tokens, at + 1) == "week":
        return add_days(monday, 7 + number), at + 2
    if word(tokens, at) == "this" and word(tokens, at + 1) == "week":
        return max(add_days(monday, number), today), at + 2
    dated = _month_day(tokens, end, today) or _nth_day(tokens, end, today)
    if dated is not None and dated.first.weekday() == number:
        return dated.first, dated.end
    return day, end


def _year(tokens: Sequence[Token], i: int) -> int | None:
    if i < len(tokens) and (num := tokens[i].num) is not None and num == int(num) and 2020 <= num <= 2099:
        return int(num)
    return None


def _month_number(tokens: Sequence[Token], i: int) -> int | None:
    return MONTHS.get(word(tokens, i))


def _day_number(tokens: Sequence[Token], i: int, plain: bool = True) -> int | None:
    if not 0 <= i < len(tokens):
        return None
    token = tokens[i]
    if token.nth is not None:
        return token.nth if 1 <= token.nth <= 31 else None
    if plain and token.num is not None and token.num == int(token.num) and 1 <= token.num <= 31:
        return int(token.num)
    return None


def _month_day(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "November 30", "the 30th of November", "30 Nov 2026"."""
    at = i + (word(tokens, i) == "the")
    month = _month_number(tokens, at)
    if month is not None:
        number_at = at + 1 + (word(tokens, at + 1) == "the")
        number = _day_number(tokens, number_at)
        end = number_at + 1
    else:
        number = _day_number(tokens, at)
        month_at = at + 1 + (word(tokens, at + 1) == "of")
        month = _month_number(tokens, month_at)
        end = month_at + 1
    if month is None or number is None:
        return None
    year = _year(tokens, end)
    day = next_month_day(today, month, number, year)
    return None if day is None else DaySpan(i, end + (year is not None), day, day)


def _nth_day(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "the 9th", "on the ninth"; small words such as "first" and "second" only after "the" and with a sign of a date."""
    at = i + (word(tokens, i) == "the")
    if not 0 <= at < len(tokens) or tokens[at].nth is None:
        return None
    number = tokens[at].nth or 0
    spelled = not tokens[at].text[:1].isdigit()
    if word(tokens, at + 1) in (
        "one",
        "option",
        "slot",
        "time",
        "of",
        "half",
        "quarter",
        "thing",
        "call",
        "week",
        "choice",
        "plan",
    ):
        if word(tokens, at + 1) == "of" and word(tokens, at + 2) == "next" and word(tokens, at + 3) == "month":
            day = next_month_day(today, add_months(today.replace(day=1), 1).month, number)
            return None if day is None else DaySpan(i, at + 4, day, day)
        return None
    if spelled and (at == i or (number <= 4 and word(tokens, i - 1) not in ("on", "until", "by", "till"))):
        return None
    day = next_number(today, number) if 1 <= number <= 31 else None
    return None if day is None else DaySpan(i, at + 1, day, day)


def _numeric(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    if tokens[i].kind != "date" or (match := _NUMERIC.fullmatch(tokens[i].text)) is None:
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


def _spans_this_or_next(today: date) -> dict[tuple[str, str], Callable[[], tuple[date, date]]]:
    monday = monday_of(today)
    quarter = quarter_of(today)
    following = add_months(today.replace(day=1), 1)
    return {
        ("this", "week"): lambda: (today, add_days(monday, 6)),
        ("next", "week"): lambda: (add_days(monday, 7), add_days(monday, 13)),
        ("this", "weekend"): lambda: (max(today, add_days(monday, 5)), add_days(monday, 6)),
        ("next", "weekend"): lambda: (add_days(monday, 12), add_days(monday, 13)),
        ("this", "month"): lambda: (today, last_of_month(today)),
        ("next", "month"): lambda: (following, last_of_month(following)),
        ("this", "quarter"): lambda: (today, quarter[1]),
        ("next", "quarter"): lambda: quarter_of(add_days(quarter[1], 1)),
        ("this", "year"): lambda: (today, date(today.year, 12, 31)),
        ("next", "year"): lambda: (date(today.year + 1, 1, 1), date(today.year + 1, 12, 31)),
    }


def _period(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """Weeks, weekends, months, quarters and years, whole or their beginning, middle or end."""
    at = i
    edge = ""
    if word(tokens, at) in ("end", "beginning", "start", "middle", "mid", "early", "late", "rest"):
        edge, at = word(tokens, at), at + 1
        if word(tokens, at) == "of":
            at += 1
        elif edge not in ("mid", "early", "late"):
            return None
    how = word(tokens, at)
    how = {"the": "this", "coming": "next", "following": "next", "current": "this", "upcoming": "next"}.get(how, how)
    if how == "this" and word(tokens, at) == "the" and word(tokens, at + 1) in ("coming", "following", "next"):
        how, at = "next", at + 1
    unit = word(tokens, at + 1)
    if how == "week" and unit == "after" and word(tokens, at + 2) == "next":
        first = add_days(monday_of(today), 14)
        return DaySpan(i, at + 3, first, add_days(first, 6), "week")
    if unit == "weekend" or how == "weekend":
        if how == "weekend":
            at, how, unit = at - 1, "this", "weekend"
    if how == "this" and word(tokens, at) == "the" and not edge and unit != "weekend":
        return None
    make = _spans_this_or_next(today).get((how, unit))
    if make is None:
        return None
    first, last = _edged(make(), edge)
    return DaySpan(i, at + 2, first, last, "week" if unit in ("week", "weekend") else COARSE)


def _edged(span: tuple[date, date], edge: str) -> tuple[date, date]:
    first, last = span
    length = (last - first).days + 1
    third = max(length // 3, 1)
    if edge in ("end", "late"):
        if length <= 7:  # a week ends on its Friday
            friday = max(first, last - timedelta(days=2))
            return max(first, friday - timedelta(days=1)), friday
        return last - timedelta(days=third - 1), last
    if edge in ("beginning", "start", "early"):
        return first, first + timedelta(days=third - 1)
    if edge in ("middle", "mid"):
        return first + timedelta(days=third), last - timedelta(days=third)
    return first, last


def _month(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "in January", "mid January", "next January", "Q1"."""
    at, edge = i, ""
    if word(tokens, at) in ("end", "beginning", "start", "middle", "mid", "early", "late"):
        edge, at = word(tokens, at), at + 1
        at += word(tokens, at) == "of"
    at += word(tokens, at) in ("next", "this", "coming")
    number = _month_number(tokens, at)
    if number is None or (
        word(tokens, at) in UNSURE_MONTHS and at == i and word(tokens, i - 1) not in ("in", "by", "until", "for", "of")
    ):
        return None
    year = _year(tokens, at + 1) or (today.year if number >= today.month else today.year + 1)
    first = max(date(year, number, 1), today) if year >= today.year else date(year, number, 1)
    first, last = _edged((first, last_of_month(date(year, number, 1))), edge)
    return DaySpan(i, at + 1, first, max(first, last), COARSE)


_READERS: tuple[Callable[[Sequence[Token], int, date], DaySpan | None], ...] = (
    _relative, _ahead, _weekday, _month_day, _numeric, _nth_day, _period, _month,
)  # fmt: skip
