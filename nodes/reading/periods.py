"""Reads spans of days that have a name or a length: "next week", "Q3", "end of January", "the next two days"."""

from datetime import date, timedelta

from nodes.reading.calendar_words import (
    MONTHS,
    UNSURE_MONTHS,
    add_days,
    add_months,
    date_or_none,
    last_of_month,
    monday_of,
    quarter_of,
)
from nodes.reading.dates import DaySpan, year_at
from nodes.reading.line import Line

_NEAR = {"the": "this", "coming": "next", "following": "next", "current": "this", "upcoming": "next", "my": "this"}
_UNITS = ("week", "weekend", "month", "quarter", "year")
_EDGES = frozenset({"end", "beginning", "start", "middle", "rest", "remainder", "remaining", "later"})
AHEAD = frozenset({"next", "upcoming", "coming", "following"})
_BEFORE_MONTH = frozenset({"in", "by", "until", "till", "for", "of", "from", "to", "between", "during", "through"})
_RESTS = frozenset({"rest", "remainder", "remaining", "later"})


def _span(unit: str, following: bool, today: date) -> tuple[date, date]:
    """The whole week, month and so on."""
    monday = monday_of(today)
    if unit == "week":
        monday = add_days(monday, 7) if following else monday
        return monday, add_days(monday, 6)
    if unit == "weekend":
        saturday = add_days(monday, 12 if following else 5)
        return saturday, add_days(saturday, 1)
    if unit == "month":
        first = add_months(today.replace(day=1), int(following))
        return first, last_of_month(first)
    if unit == "quarter":
        return quarter_of(add_days(quarter_of(today)[1], 1) if following else today)
    year = min(today.year + following, 9999)
    return date(year, 1, 1), date(year, 12, 31)


def kept(line_span: tuple[int, int], span: tuple[date, date], grain: str, today: date, edge: str = "") -> DaySpan:
    """A span without the days that are over, or the part of it that is meant."""
    first, last = _roughly(span, edge, grain)
    edge = edge if (first, last) == span else ""
    part = (first, last) != span
    clipped = first < today <= last
    first, last = _edged((today if clipped else first, last), edge, grain)
    return DaySpan(*line_span, first, last, grain, clipped=clipped and not edge, edged=part or bool(edge))


def period(line: Line, i: int, today: date) -> DaySpan | None:
    """Weeks, weekends, months, quarters and years, whole or their beginning, middle or end."""
    words = line.words
    edge, at = _edge(line, i)
    how, unit = words[at], words[at + 1]
    if edge == "" and how == "the" and unit in _EDGES:
        return None  # it begins behind the article
    if how in ("week", "weekend") and unit == "after" and words[at + 2] == "next":
        return kept((i, at + 3), _span(how, True, add_days(today, 7)), how, today)
    if how == "the" and unit in AHEAD:
        at += 1
        how, unit = words[at], words[at + 1]
    elif edge in (*_RESTS, "mid", "early", "late") and how in _UNITS:
        at, how, unit = at - 1, "this", how
    elif how == "weekend":
        at, unit, how = at - 1, "weekend", "this"
    elif how in ("the", "my") and not edge and unit != "weekend" and words[i - 1] not in ("for", "during", "in", ""):
        return None
    how = _NEAR.get(how, how)
    grain = unit
    if unit in ("working", "work", "business") and words[at + 2] == "week":
        unit, grain, at = "week", "workweek", at + 1
    if unit not in _UNITS or how not in ("this", "next") or words[at + 1] != unit:
        return None
    if words[at] in ("the", "my") and words[at + 2] in ("of", "before", "after"):
        return None
    first, last = _span(unit, how == "next", today)
    if edge == "later" and unit == "year":
        first = max(first.replace(month=7), today)
    last = add_days(last, -2) if grain == "workweek" else last
    return kept((i, at + 2), (first, last), grain, today, edge)


def _edge(line: Line, i: int) -> tuple[str, int]:
    """ "end of", "mid": the part of the period that is meant, and where the period is named."""
    words = line.words
    edge, at = words[i], i + 1
    if edge in _EDGES and (words[at] in ("of", "in") or edge in _RESTS):
        return edge, at + (words[at] in ("of", "in"))
    return (edge, at + (words[at] == "in")) if edge in ("mid", "early", "late") else ("", i)


def _roughly(span: tuple[date, date], edge: str, grain: str) -> tuple[date, date]:
    """ "Early" and "late" are halves of a month or year, "mid" is what lies around its middle."""
    first, last = span
    if edge not in ("early", "late", "mid") or grain not in ("month", "year"):
        return span
    if grain == "month":
        ends = {"early": (1, 15), "late": (16, last.day), "mid": (10, 20)}[edge]
        return first.replace(day=ends[0]), first.replace(day=ends[1])
    months = {"early": (1, 6), "late": (7, 12), "mid": (4, 9)}[edge]
    return first.replace(month=months[0]), last_of_month(first.replace(month=months[1]))


def _edged(span: tuple[date, date], edge: str, grain: str) -> tuple[date, date]:
    first, last = span
    length = (last - first).days + 1
    third = max(length // 3, 1)
    if not edge or edge in _RESTS:
        return first, last
    if edge in ("end", "late"):
        if grain in ("week", "workweek"):  # a week ends on its Friday
            friday = max(first, last - timedelta(days=2))
            return max(first, friday - timedelta(days=1)), friday
        return last - timedelta(days=third - 1), last
    if edge in ("beginning", "start", "early"):
        return first, first + timedelta(days=2 if grain == "week" and length > 2 else third - 1)
    return first + timedelta(days=third), last - timedelta(days=third)


def month(line: Line, i: int, today: date) -> DaySpan | None:
    """ "in January", "mid January", "next January", "November 2027"."""
    words = line.words
    edge, at = _edge(line, i)
    at += words[at] in ("next", "this", "coming")
    at += words[at] == "month" and words[at + 1] == "of"
    at += words[at] == "of" and words[at - 1] == "month"
    number = MONTHS.get(words[at])
    if number is None:
        return None
    year = year_at(line, at + 1)
    before = year_at(line, at - 1) if at == i and not year else 0
    if words[at] in UNSURE_MONTHS and at == i and not year and not before and words[i - 1] not in _BEFORE_MONTH:
        return None
    wanted = year or before or today.year + (number < today.month)
    first = date_or_none(wanted, number, 1)
    if first is None:
        return None
    found = kept((i, at + 1 + (year > 0)), (first, last_of_month(first)), "month", today, edge)
    return found._replace(month=number, year=year or before)
