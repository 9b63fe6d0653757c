"""Finds every day that words name, and reads those counted from today: "next Friday", "in two weeks"."""

from collections.abc import Callable
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
from nodes.reading.counted_spans import counted, part_of_year, week_of
from nodes.reading.dates import DaySpan, day_run, month_day, nth_day, numeric, on_number, weekday_of_month
from nodes.reading.feasts import FIRST_WORDS, feast_day
from nodes.reading.line import Line
from nodes.reading.periods import month, period
from nodes.reading.tokens import HARD, SOFT
from nodes.reading.word_sets import word_set

_THIS_OR_NEXT = frozenset({"next", "this", "coming", "following", "upcoming", "current"})
_UNITS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14, "fortnights": 14}
_LONG_UNITS = {"month": 1, "months": 1, "year": 12, "years": 12}
_ON = word_set("on this next or and by for until coming of till from")
_PARTS = word_set("morning afternoon evening night")
_FROM = frozenset({"from", "after", "on"})

Reader = Callable[[Line, int, date], DaySpan | None]


def find_days(line: Line, today: date, used: frozenset[int]) -> list[DaySpan]:
    """All day spans, left to right, none overlapping."""
    found: list[DaySpan] = []
    i, end = 0, len(line)
    while i < end:
        span = next((s for reader in _readers(line, i) if (s := reader(line, i, today)) is not None), None)
        if span is None or any(k in used for k in range(span.start, span.end)):
            i += 1
        else:
            found.append(span)
            i = max(span.end, i + 1)
    return found


def _readers(line: Line, i: int) -> tuple[Reader, ...]:
    by_word = _BY_WORD.get(line.words[i])
    if by_word is not None:
        return by_word
    if line.nths[i]:
        return _BY_NTH
    if line.nums[i] >= 0:
        return _BY_NUMBER
    return (numeric,) if line.tokens[i].kind == "date" else ()


def count_at(line: Line, i: int) -> int:
    if line.words[i] in ("a", "an"):
        return 1
    return line.nums[i] if 0 < line.nums[i] < 1000 else 0


def _relative(line: Line, i: int, today: date) -> DaySpan | None:
    words = line.words
    text, behind = words[i], words[i + 1]
    if text == "day" and behind == "after" and words[i + 2] == "tomorrow":
        return DaySpan(i, i + 3, add_days(today, 2), add_days(today, 2))
    if text == "day" and behind in ("after", "before"):
        base = month_day(line, i + 2, today) or feast_day(line, i + 2, today) or nth_day(line, i + 2, today)
        if base is not None:
            day = add_days(base.first, 1 if behind == "after" else -1)
            return DaySpan(i, base.end, day, day, year=day.year)
    if text == "overmorrow":
        return DaySpan(i, i + 1, add_days(today, 2), add_days(today, 2))
    if text == "tomorrow" or (text in ("next", "following") and behind in (*_PARTS, "day")):
        end = i + 1 + (behind == "day" and text != "tomorrow")
        return DaySpan(i, end, add_days(today, 1), add_days(today, 1))
    if text in ("today", "tonight") or (text == "this" and behind in _PARTS) or (text == "this" and behind == "very"):
        return DaySpan(i, i + 1, today, today)
    rest = text in ("rest", "remainder") and words[i + 1] == "of"
    if rest and (words[i + 3] == "day" and words[i + 2] in ("the", "this", "my", "current")):
        return DaySpan(i, i + 4, today, today, "rest of day")
    if text == "now" and behind in ("to", "until", "till", "and", "through"):
        return DaySpan(i, i + 1, today, today, "now")
    return None


def _ahead(line: Line, i: int, today: date) -> DaySpan | None:
    """ "in three days", "two weeks from now", "a week from Monday", "in a few days", "two Sundays from now"."""
    words = line.words
    at = i + (words[i] == "in")
    few = words[at] == "few" or (words[at] == "a" and words[at + 1] == "few")
    at += few and words[at] == "a"
    number = 3 if few else count_at(line, at)
    unit = words[at + 1]
    if not number:
        return None
    if unit in WEEKDAYS and words[at + 2] in ("from", "later", "hence"):
        day = add_days(next_weekday(today, WEEKDAYS[unit]), 7 * (number - 1))
        return DaySpan(i, at + 3 + (words[at + 3] in ("now", "today")), day, day, year=day.year)
    if unit not in _UNITS and unit not in _LONG_UNITS:
        return None
    end = at + 2
    end += words[end] == "away"
    base = _base(line, end, today)
    if base is not None:
        today, end = base
    elif words[end] in ("later", "hence"):
        end += 1
    elif at == i:
        return None
    end += words[end] == "time"
    if unit in _UNITS:
        day = add_days(today, number * _UNITS[unit])
        spread = 1 if few and _UNITS[unit] == 1 else 7 if few else 0
        return DaySpan(i, end, add_days(day, -spread), add_days(day, spread), "week" if few else "day", year=day.year)
    day = add_months(today, number * _LONG_UNITS[unit])
    return DaySpan(i, end, day, last_of_month(day), "month", year=day.year)


def _base(line: Line, i: int, today: date) -> tuple[date, int] | None:
    """The day that a count starts from, and where it ends: "from now", "from Monday", "after January 15"."""
    if line.words[i] not in _FROM or not line.near(i, SOFT):
        return None
    text = line.words[i + 1]
    if text in ("now", "today"):
        return today, i + 2
    if text == "tomorrow":
        return add_days(today, 1), i + 2
    if text in WEEKDAYS:
        return next_weekday(today, WEEKDAYS[text]), i + 2
    dated = month_day(line, i + 1, today) or nth_day(line, i + 1, today)
    return None if dated is None else (dated.first, dated.end)


def _weekday_number(line: Line, i: int) -> int:
    text = line.words[i]
    if text in SHORT_WEEKDAYS and not (line.words[i - 1] in _ON or line.nums[i + 1] >= 0 or line.nths[i + 1]):
        return -1
    return WEEKDAYS.get(text, SHORT_WEEKDAYS.get(text, -1))


def _weekday(line: Line, i: int, today: date) -> DaySpan | None:
    """ "Friday", "next Friday", "this coming Friday", "Friday next week", "Monday week", "Monday the 30th"."""
    words = line.words
    at, how = i + (words[i] == "the"), ""
    while words[at] in _THIS_OR_NEXT and at - i < 3:
        how = how if how == "next" else words[at]
        at += 1
    if how and words[at] == "week" and words[at + 1] in WEEKDAYS:
        at += 1  # "next week Friday"
    number = _weekday_number(line, at)
    if number < 0 or (at == i + 1 and words[i] == "the" and line.nths[at]):
        return None
    end, monday = at + 1, monday_of(today)
    plural = words[at].endswith("s") and words[at] in WEEKDAYS
    if how in ("next", "following"):
        day = add_days(monday, 7 + number)
    elif how == "this" and add_days(monday, number) > today:
        day = add_days(monday, number)
    else:
        day = next_weekday(today, number)
    dated = _dated_behind(line, end, today, number)
    if dated is not None:
        return dated._replace(start=i)
    if not how:
        behind = _week_behind(line, end, today, number, day)
        if behind is not None:
            return DaySpan(i, behind[1], behind[0], behind[0], year=behind[0].year)
        return DaySpan(i, end, day, day, weekday=number, plural=plural)
    return DaySpan(i, end, day, day, year=day.year, plural=plural)


def _week_behind(line: Line, end: int, today: date, number: int, day: date) -> tuple[date, int] | None:
    """The week that stands behind a weekday and says which one is meant."""
    words, monday = line.words, monday_of(today)
    if words[end] == "week" and line.near(end, SOFT):
        return add_days(day, 7), end + 1
    if words[end] == "after" and words[end + 1] == "next":
        return add_days(monday, 14 + number), end + 2
    at = end + (words[end] in ("of", "in"))
    at += words[at] == "the"
    if words[at] in ("next", "following", "coming") and words[at + 1] == "week":
        return add_days(monday, 7 + number), at + 2
    if words[at] == "week" and words[at + 1] == "after" and words[at + 2] == "next":
        return add_days(monday, 14 + number), at + 3
    if words[at] in ("this", "current") and words[at + 1] == "week":
        return max(add_days(monday, number), today), at + 2
    return None


def _dated_behind(line: Line, end: int, today: date, number: int) -> DaySpan | None:
    """The date that stands behind a weekday: "the 9th", "5 March", "29/03". The number counts where both differ."""
    if line.brks[end] >= HARD:
        return None
    dated = month_day(line, end, today) or (numeric(line, end, today) if end < len(line) else None)
    if dated is not None:
        return dated
    at = end + (line.words[end] == "the")
    nth = line.nths[at] or (line.nums[at] if 13 <= line.nums[at] <= 31 and line.near(at, SOFT) else 0)
    if not nth or (line.nums[at] >= 0 and line.words[at + 1] not in ("", "at", "from", "in", "for", "works", "is")):
        return None
    fitting = next_number(today, nth, number)
    return None if fitting is None else DaySpan(end, at + 1, fitting, fitting, number=nth, year=fitting.year)


_THE: tuple[Reader, ...] = (
    weekday_of_month,
    week_of,
    part_of_year,
    month_day,
    nth_day,
    counted,
    period,
    _weekday,
    on_number,
)
_EDGED: tuple[Reader, ...] = (_relative, period, month)
_NEXT: tuple[Reader, ...] = (_relative, _weekday, counted, period, month)
_BY_NTH: tuple[Reader, ...] = (day_run, weekday_of_month, week_of, part_of_year, month_day, nth_day)
_BY_NUMBER: tuple[Reader, ...] = (day_run, month_day, _ahead, counted, part_of_year)
_BEFORE_FEASTS: dict[str, tuple[Reader, ...]] = {
    **dict.fromkeys(MONTHS, (day_run, month_day, month)),
    **dict.fromkeys((*WEEKDAYS, *SHORT_WEEKDAYS), (_weekday,)),
    **dict.fromkeys(("today", "tonight", "tomorrow", "overmorrow", "day", "now"), (_relative,)),
    **dict.fromkeys((*_THIS_OR_NEXT, "my"), _NEXT),
    **dict.fromkeys(("end", "beginning", "start", "middle", "later"), _EDGED),
    **dict.fromkeys(("mid", "early", "late"), (*_EDGED, part_of_year)),
    **dict.fromkeys(("rest", "remainder", "remaining", "weekend", "month"), _EDGED),
    **dict.fromkeys(("few", "a", "an"), (_ahead,)),
    "in": (_ahead, counted),
    **dict.fromkeys(("within", "over", "during"), (counted,)),
    **dict.fromkeys(("week", "w"), (week_of, period)),
    **dict.fromkeys(("q", "h"), (part_of_year,)),
    "the": _THE,
    "on": (on_number,),
    "last": (weekday_of_month, week_of),
    "less": (counted,),
}
_BY_WORD = _BEFORE_FEASTS | {word: (feast_day, *_BEFORE_FEASTS.get(word, ())) for word in FIRST_WORDS}
_BY_WORD["fourth"] = (feast_day, *_BY_NTH)
