"""Reads spans of days that have a name: "next week", "this quarter", "end of January"."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from nodes.reading.calendar_words import UNSURE_MONTHS, add_days, add_months, last_of_month, monday_of, quarter_of
from nodes.reading.dates import COARSE, DaySpan, month_at, year_at
from nodes.reading.tokens import Token, word

_NEAR = {"the": "this", "coming": "next", "following": "next", "current": "this", "upcoming": "next"}


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


def period(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """Weeks, weekends, months, quarters and years, whole or their beginning, middle or end."""
    edge, at = _edge(tokens, i)
    how, unit = word(tokens, at), word(tokens, at + 1)
    if how == "week" and unit == "after" and word(tokens, at + 2) == "next":
        first = add_days(monday_of(today), 14)
        return DaySpan(i, at + 3, first, add_days(first, 6), "week")
    if how == "the" and unit in ("coming", "following", "next"):
        at += 1
        how, unit = word(tokens, at), word(tokens, at + 1)
    elif how == "weekend":
        at, how, unit = at - 1, "this", "weekend"
    elif how == "the" and not edge and unit != "weekend":
        return None
    make = _spans_this_or_next(today).get((_NEAR.get(how, how), unit))
    if make is None:
        return None
    first, last = _edged(make(), edge)
    return DaySpan(i, at + 2, first, last, "week" if unit in ("week", "weekend") else COARSE)


def _edge(tokens: Sequence[Token], i: int) -> tuple[str, int]:
    """ "end of", "mid": the part of the period that is meant, and where the period is named."""
    edge = word(tokens, i)
    if edge in ("end", "beginning", "start", "middle", "rest") and word(tokens, i + 1) == "of":
        return edge, i + 2
    return (edge, i + 1) if edge in ("mid", "early", "late") else ("", i)


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


def month(tokens: Sequence[Token], i: int, today: date) -> DaySpan | None:
    """ "in January", "mid January", "next January", "Q1"."""
    edge, at = _edge(tokens, i)
    at += word(tokens, at) in ("next", "this", "coming")
    number = month_at(tokens, at)
    if number is None or (
        word(tokens, at) in UNSURE_MONTHS and at == i and word(tokens, i - 1) not in ("in", "by", "until", "for", "of")
    ):
        return None
    year = year_at(tokens, at + 1) or (today.year if number >= today.month else today.year + 1)
    first = max(date(year, number, 1), today) if year >= today.year else date(year, number, 1)
    first, last = _edged((first, last_of_month(date(year, number, 1))), edge)
    return DaySpan(i, at + 1, first, max(first, last), COARSE)
