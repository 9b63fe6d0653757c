"""Finds every day that words name, and reads those counted from today: "next Friday", "in two weeks"."""

from collections.abc import Callable, Sequence
from datetime import date

from nodes.reading.calendar_words import (
    MONTHS,
    SHORT_WEEKDAYS,
    WEEKDAYS,
    add_days,
    add_months,
    last_of_month,
    monday_of,
    next_number,
    next_weekday,
)
from nodes.reading.dates import COARSE, DaySpan, feast, month_day, nth_day, numeric, weekday_of_month
from nodes.reading.periods import month, period
from nodes.reading.tokens import HARD, Token, word
from nodes.reading.word_sets import word_set

_THIS_OR_NEXT = ("next", "this", "coming", "following", "upcoming", "current")
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14}
_ON = word_set("on this next or and by for until coming of")


_NAMES_A_DAY = frozenset({*WEEKDAYS, *SHORT_WEEKDAYS, *MONTHS}) | word_set(
    "today tonight tomorrow overmorrow day days week weeks weekend month months quarter year years fortnight "
    "morning afternoon evening christmas thanksgiving black independence"
)


def find_days(tokens: Sequence[Token], today: date, used: frozenset[int]) -> list[DaySpan]:
    """All day spans, left to right, none overlapping."""
    found: list[DaySpan] = []
    if not any(t.nth is not None or t.kind == "date" or t.text in _NAMES_A_DAY for t in tokens):
        return found
    i = 0
    while i < len(tokens):
        span = next((s for reader in _READERS if (s := reader(tokens, i, today)) is not None), None)
        if span is None or any(k in used for k in range(span.start, span.end)):
            i += 1
        else:
            found.append(span)
            i = max(span.end, i + 1)
    return found


def count_at(tokens: Sequence[Token], i: int) -> int | None:
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
    number = 3 if few else count_at(tokens, at)
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
    elif how == "this" and add_days(monday, number) > today:
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
    dated = month_day(tokens, end, today)
    if dated is not None and dated.first.weekday() == number:
        return dated.first, dated.end
    at = end + (word(tokens, end) == "the")
    if dated is None and at < len(tokens) and (nth := tokens[at].nth) is not None and tokens[at].brk < HARD:
        fitting = next_number(today, nth, number)
        return (fitting, at + 1) if fitting is not None else (day, end)
    return day, end


_READERS: tuple[Callable[[Sequence[Token], int, date], DaySpan | None], ...] = (
    _relative,
    _ahead,
    weekday_of_month,
    feast,
    _weekday,
    month_day,
    numeric,
    nth_day,
    period,
    month,
)
