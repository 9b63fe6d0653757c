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
from nodes.reading.dates import DaySpan, month_day, month_meant, nth_day, year_at
from nodes.reading.feasts import feast_at
from nodes.reading.line import Line

_NEAR = {"the": "this", "coming": "next", "following": "next", "current": "this", "upcoming": "next", "my": "this"}
_UNITS = ("week", "weekend", "month", "quarter", "year")
_EDGES = frozenset({"end", "beginning", "start", "middle", "rest", "remainder", "remaining", "later"})
_AHEAD = frozenset({"next", "upcoming", "coming", "following"})
_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_MONTH_SPANS = {"month": 1, "months": 1, "year": 12, "years": 12}
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


def _kept(line_span: tuple[int, int], span: tuple[date, date], grain: str, today: date, edge: str = "") -> DaySpan:
    """A span without the days that are over, or the part of it that is meant."""
    first, last = span
    clipped = first < today <= last
    first, last = _edged((today if clipped else first, last), edge, grain)
    return DaySpan(*line_span, first, last, grain, clipped=clipped and not edge, edged=bool(edge))


def period(line: Line, i: int, today: date) -> DaySpan | None:
    """Weeks, weekends, months, quarters and years, whole or their beginning, middle or end."""
    words = line.words
    edge, at = _edge(line, i)
    how, unit = words[at], words[at + 1]
    if edge == "" and how == "the" and unit in _EDGES:
        return None  # it begins behind the article
    if how in ("week", "weekend") and unit == "after" and words[at + 2] == "next":
        return _kept((i, at + 3), _span(how, True, add_days(today, 7)), how, today)
    if how == "the" and unit in _AHEAD:
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
    return _kept((i, at + 2), (first, last), grain, today, edge)


def _edge(line: Line, i: int) -> tuple[str, int]:
    """ "end of", "mid": the part of the period that is meant, and where the period is named."""
    words = line.words
    edge, at = words[i], i + 1
    if edge in _EDGES and (words[at] in ("of", "in") or edge in _RESTS):
        return edge, at + (words[at] in ("of", "in"))
    return (edge, i + 1) if edge in ("mid", "early", "late") else ("", i)


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
    found = _kept((i, at + 1 + (year > 0)), (first, last_of_month(first)), "month", today, edge)
    return found._replace(month=number, year=year or before)


def counted(line: Line, i: int, today: date) -> DaySpan | None:
    """ "within five days", "the next two weeks", "the two upcoming months"."""
    words = line.words
    at = i + (words[i] in ("within", "over", "during", "for", "in"))
    within = words[i] == "within" or words[at : at + 2] == ["less", "than"]
    at += 2 * (words[at] == "less")
    at += words[at] == "the"
    ahead = words[at] in _AHEAD
    at += ahead
    few = words[at] in ("few", "couple")
    number = 3 if words[at] == "few" else 2 if few else 1 if within and words[at] in ("a", "an") else line.nums[at]
    if not 1 <= number < 1000 or line.nths[at]:
        return None
    at += 1 + (few and words[at + 1] == "of")
    if words[at] in _AHEAD:
        ahead, at = True, at + 1
    unit = words[at]
    if not (ahead or within) or (unit not in _SPANS and unit not in _MONTH_SPANS):
        return None
    end = at + 1
    if within and words[end] == "after" and words[end + 1] in ("today", "tomorrow"):
        today, end = add_days(today, int(words[end + 1] == "tomorrow")), end + 2
    months = _MONTH_SPANS.get(unit, 0) * number
    last = add_months(today, months) if months else add_days(today, number * _SPANS[unit])
    first = today if within else add_days(today, 1)
    grain = "day" if unit in _SPANS else "month"
    return DaySpan(
        i,
        end,
        first,
        last,
        "within" if within else "days" if grain == "day" else grain,
        year=last.year,
    )


def week_of(line: Line, i: int, today: date) -> DaySpan | None:
    """ "the week of November 30", "week beginning the 4th", "the third week of July", "week 31"."""
    words = line.words
    at = i + (words[i] == "the")
    if words[at] == "last" or line.nths[at]:
        return _nth_week(line, i, at, today)
    short = words[at] == "w" and words[at + 1] in ("c", "b")
    if words[at] != "week" and not short:
        return None
    at += 1 + short
    if 1 <= line.nums[at] <= 53:
        year = year_at(line, at + 1) or today.year
        first = _iso_monday(year, line.nums[at])
        return None if first is None else DaySpan(i, at + 1, first, add_days(first, 6), "week", year=year)
    at += words[at] in ("of", "beginning", "starting", "commencing", "from")
    at += words[at] in ("on", "from")
    day = month_day(line, at, today) or nth_day(line, at, today)
    if day is None:
        held = feast_at(line, at, today)
        day = None if held is None else DaySpan(at, held[0], held[1], held[1])
    if day is None or at == i + (words[i] == "the") + 1:
        return None
    monday = monday_of(day.first)
    return DaySpan(i, day.end, monday, add_days(monday, 6), "week", year=monday.year)


def _nth_week(line: Line, i: int, at: int, today: date) -> DaySpan | None:
    """ "The third week of July", "the last week of next month", "the first three days of December"."""
    words, nth = line.words, line.nths[at]
    count = line.nums[at + 1]
    unit = words[at + 1 + (count > 0)]
    named = month_meant(line, at + 2 + (count > 0), today)
    if named is None or unit not in _SPANS or (count < 0 and unit != "week") or nth > 5:
        return None
    first, end = named
    if count > 0:
        length = min(count * _SPANS[unit], 28)
        begins = first if nth == 1 else add_days(last_of_month(first), 1 - length)
        return DaySpan(i, end, begins, add_days(begins, length - 1), "days", year=begins.year)
    monday = add_days(monday_of(add_days(first, 3)), 7 * (nth - 1)) if nth else monday_of(last_of_month(first))
    return DaySpan(i, end, monday, add_days(monday, 6), "week", year=monday.year)


def _iso_monday(year: int, week: int) -> date | None:
    try:
        return date.fromisocalendar(year, week, 1)
    except ValueError:
        return None


def part_of_year(line: Line, i: int, today: date) -> DaySpan | None:
    """ "Q3", "H2 2027", "the third quarter", "the first half of 2027", "in 2027"."""
    words = line.words
    at = i + (words[i] == "the")
    year, parts = year_at(line, at), 0
    at += year > 0
    if words[at] in ("q", "h") and 1 <= (nth := line.nums[at + 1]) <= (4 if words[at] == "q" else 2):
        parts, at = (4 if words[at] == "q" else 2), at + 2
    elif 1 <= (nth := line.nths[at]) <= 4 and words[at + 1] in ("quarter", "half"):
        parts, at = (4 if words[at + 1] == "quarter" else 2), at + 2
        if parts == 2 and nth > 2:
            return None
    if not parts:
        lead = words[i - 1] in (
            "in",
            "during",
            "by",
            "of",
            "from",
            "until",
            "till",
            "between",
            "through",
            "to",
            "and",
            "",
        )
        if not year or not lead or today.year > year + 50:
            return None
        return _kept((i, at), (date(year, 1, 1), date(year, 12, 31)), "year", today)._replace(year=year)
    behind = at + (words[at] == "of") + (words[at] == "of" and words[at + 1] == "the")
    year = year or year_at(line, behind)
    at = behind + 1 if year and year_at(line, behind) else at
    first = date(year or today.year, (nth - 1) * (12 // parts) + 1, 1)
    last = last_of_month(add_months(first, 12 // parts - 1))
    if not year and last < today:
        first, last = add_months(first, 12), add_months(last, 12)
    return _kept((i, at), (first, last), "quarter" if parts == 4 else "half", today)._replace(year=year)
