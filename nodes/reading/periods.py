"""Reads spans of days that have a name: "next week", "this quarter", "end of January"."""

from collections.abc import Sequence
from datetime import date, timedelta

from nodes.reading.calendar_words import UNSURE_MONTHS, add_days, add_months, last_of_month, monday_of, quarter_of
from nodes.reading.dates import COARSE, DaySpan, month_at, year_at
from nodes.reading.tokens import Token, word

_NEAR = {"the": "this", "coming": "next", "following": "next", "current": "this", "upcoming": "next"}
_UNITS = ("week", "weekend", "month", "quarter", "year")


def _span(unit: str, following: bool, today: date) -> tuple[date, date]:
    """This week, month and so on from today to its end, or the whole of the next one."""
    monday = monday_of(today)
    if unit == "week":
        return (add_days(monday, 7), add_days(monday, 13)) if following else (today, add_days(monday, 6))
    if unit == "weekend":
        saturday = add_days(monday, 12 if following else 5)
        return max(today, saturday), add_days(saturday, 1)
    if unit == "month":
        first = add_months(today.replace(day=1), 1) if following else today
        return first, last_of_month(first)
    if unit == "quarter":
        last = quarter_of(today)[1]
        return quarter_of(add_days(last, 1)) if following else (today, last)
    year = min(today.year + following, 9999)
    return (date(year, 1, 1) if following else today), date(year, 12, 31)


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
    how = _NEAR.get(how, how)
    if unit not in _UNITS or how not in ("this", "next"):
        return None
    first, last = _edged(_span(unit, how == "next", today), edge)
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
