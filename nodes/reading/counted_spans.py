"""Reads spans that are counted: "the next two days", "the third week of July", "week 31", "Q3", "H2 2027"."""

from datetime import date

from nodes.reading.calendar_words import add_days, add_months, last_of_month, monday_of
from nodes.reading.dates import DaySpan, month_day, month_meant, nth_day, year_at
from nodes.reading.feasts import feast_at
from nodes.reading.line import Line
from nodes.reading.periods import AHEAD, kept

_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_MONTH_SPANS = {"month": 1, "months": 1, "year": 12, "years": 12}


def counted(line: Line, i: int, today: date) -> DaySpan | None:
    """ "within five days", "the next two weeks", "the two upcoming months"."""
    words = line.words
    at = i + (words[i] in ("within", "over", "during", "for", "in"))
    within = words[i] == "within" or words[at : at + 2] == ["less", "than"]
    at += 2 * (words[at] == "less")
    at += words[at] == "the"
    ahead = words[at] in AHEAD
    at += ahead
    few = words[at] in ("few", "couple")
    number = 3 if words[at] == "few" else 2 if few else 1 if within and words[at] in ("a", "an") else line.nums[at]
    if not 1 <= number < 1000 or line.nths[at]:
        return None
    at += 1 + (few and words[at + 1] == "of")
    if words[at] in AHEAD:
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
    at += words[at] in ("of", "beginning", "starting", "commencing")
    at += words[at] == "on"
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
    behind = at + 2 + (count > 0)
    named = month_meant(line, behind, today)
    if named is None and unit == "week" and nth and (year := _year_meant(line, behind, today)):
        monday = _iso_monday(year[0], nth)
        return None if monday is None else DaySpan(i, year[1], monday, add_days(monday, 6), "week", year=year[0])
    if named is None or unit not in _SPANS or (count < 0 and unit != "week") or nth > 5:
        return None
    first, end = named
    if count > 0:
        length = min(count * _SPANS[unit], 28)
        begins = first if nth == 1 else add_days(last_of_month(first), 1 - length)
        return DaySpan(i, end, begins, add_days(begins, length - 1), "days", year=begins.year)
    monday = add_days(monday_of(add_days(first, 3)), 7 * (nth - 1)) if nth else monday_of(last_of_month(first))
    return DaySpan(i, end, monday, add_days(monday, 6), "week", year=monday.year)


def _year_meant(line: Line, i: int, today: date) -> tuple[int, int] | None:
    """ "of 2027", "of the year", "next year": the year, and where its name ends."""
    at = i + (line.words[i] in ("of", "in"))
    if year := year_at(line, at):
        return year, at + 1
    if line.words[at] in ("the", "this", "next") and line.words[at + 1] == "year":
        return min(today.year + (line.words[at] == "next"), 9999), at + 2
    return None


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
    if not parts and words[i] in ("early", "late", "mid"):
        year = year_at(line, i + 1)
        whole = (date(year or 1, 1, 1), date(year or 1, 12, 31))
        return kept((i, i + 2), whole, "year", today, words[i])._replace(year=year) if year else None
    half = month_meant(line, at, today) if parts == 2 else None
    if half is not None:
        first, last = half[0], last_of_month(half[0])
        split = (first, first.replace(day=15)) if nth == 1 else (first.replace(day=16), last)
        return kept((i, half[1]), split, "days", today)
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
        return kept((i, at), (date(year, 1, 1), date(year, 12, 31)), "year", today)._replace(year=year)
    behind = at + (words[at] == "of") + (words[at] == "of" and words[at + 1] == "the")
    year = year or year_at(line, behind)
    if not year and words[behind] in ("this", "next") and words[behind + 1] == "year":
        year, at = today.year + (words[behind] == "next"), behind + 2
    at = behind + 1 if year and year_at(line, behind) else at
    first = date(year or today.year, (nth - 1) * (12 // parts) + 1, 1)
    last = last_of_month(add_months(first, 12 // parts - 1))
    if not year and last < today:
        first, last = add_months(first, 12), add_months(last, 12)
    return kept((i, at), (first, last), "quarter" if parts == 4 else "half", today)._replace(year=year)
