"""Gathers the pieces that belong to one time: a day and its hours, the two ends of a range, a day said twice."""

from collections.abc import Sequence
from datetime import date

from nodes.reading.calendar_words import add_days, add_months, next_month_day, next_number, next_weekday
from nodes.reading.clocks import ClockSpan
from nodes.reading.dates import DaySpan
from nodes.reading.durations import Length
from nodes.reading.line import Line
from nodes.reading.mentions import Draft, Item
from nodes.reading.parts import Part
from nodes.reading.tokens import HARD
from nodes.reading.word_sets import word_set

JOINS = frozenset({"to", "till", "until", "til", "through", "thru"})
_GLUE = word_set(
    """
    at on in the around about of for by this say maybe perhaps like any time anytime sometime is a little bit
    preferably then early late if possible or so between from after before until till past approximately roughly
    starting
    """
)
_MOST_GLUE = 4


def gather(line: Line, items: Sequence[Item], today: date | None) -> list[Draft]:
    drafts: list[Draft] = []
    for item in items:
        last = drafts[-1] if drafts else None
        if last is not None and item.start < last.end:
            _overlap(last, item)
            continue
        if last is not None and isinstance(item, DaySpan) and _said_twice(line, last, item):
            last.end = item.end
        elif last is not None and not isinstance(item, (Part, Length)) and _closes_range(line, last, item):
            _close(last, item)
        elif (last is not None and last.takes(item) and _near(line, last.end, item.start)) or (
            isinstance(item, Length) and last is not None and last.length is None and item.start - last.end <= 1
        ):
            last.take(item)
        else:
            draft = Draft(item.start, item.end)
            draft.take(item)
            drafts.append(draft)
    return _with_lengths(drafts)


def _overlap(draft: Draft, item: Item) -> None:
    """ "Tonight" is a day and a part of it, and so is "late this morning"."""
    if (isinstance(item, Part) and draft.day is not None and draft.part is None) or (
        isinstance(item, DaySpan) and draft.part is not None and draft.day is None
    ):
        draft.take(item)


def _with_lengths(drafts: list[Draft]) -> list[Draft]:
    """A length with no time of its own is none: "for three hours" says nothing about when."""
    return [d for d in drafts if d.day is not None or d.clock is not None or d.part is not None]


def _near(line: Line, start: int, end: int) -> bool:
    """Nothing but words that join times stands between two places."""
    return (
        end - start <= _MOST_GLUE
        and all(line.words[k] in _GLUE and line.brks[k] < HARD for k in range(start, end))
        and line.brks[end] < HARD
    )


def _said_twice(line: Line, draft: Draft, item: DaySpan) -> bool:
    """ "Today, March 5th": with nothing between them the date says which day is meant."""
    day = draft.day
    if day is None or draft.last_day is not None or line.brks[item.start] >= HARD:
        return False
    gap = item.start - draft.end
    if gap > 1 or (gap == 1 and line.words[draft.end] not in ("the", "on")):
        return False
    if day.first == item.first and day.last == item.last:
        return True
    if item.number and not day.number and day.first == day.last:
        draft.day = item
        return True
    return bool(day.number and item.weekday >= 0 and day.first.weekday() == item.weekday)


def _closes_range(line: Line, draft: Draft, item: DaySpan | ClockSpan) -> bool:
    """ "from two to four", "between Monday and Wednesday", "the 4th through to the 8th"."""
    if not 1 <= item.start - draft.end <= 3:
        return False
    join = line.words[draft.end]
    begin = draft.clock.start if isinstance(item, ClockSpan) and draft.clock is not None else draft.start
    between = "between" in line.words[max(begin - 2, 0) : begin]
    rest = line.words[draft.end + 1 : item.start]
    if (join not in JOINS and not (join == "and" and between)) or not all(
        w in ("to", "the", "on", "until") for w in rest
    ):
        return False
    if isinstance(item, ClockSpan):
        return draft.last_clock is None and (
            (draft.clock is not None and _clock_last(draft)) or (draft.day is not None and draft.day.grain == "now")
        )
    return draft.day is not None and draft.last_day is None and draft.last_clock is None and not draft.day.paired


def _clock_last(draft: Draft) -> bool:
    return draft.clock is not None and (draft.clock.end == draft.end or draft.day is not None)


def _close(draft: Draft, item: DaySpan | ClockSpan) -> None:
    draft.end = item.end
    if isinstance(item, ClockSpan):
        draft.last_clock = item
    elif draft.day is not None:
        draft.day, draft.last_day = _agreed(draft.day, item)


def _agreed(first: DaySpan, last: DaySpan) -> tuple[DaySpan, DaySpan]:
    """The two ends of a range of days: each lends the other the month or year that it leaves out."""
    if first.number and not first.month and last.month:
        day = next_month_day(date(max(last.first.year - 1, 1), 1, 1), last.month, first.number, last.first.year)
        if day is not None:
            day = day if day <= last.first else add_months(day, -1)
            first = first._replace(first=day, last=day)
    if last.year and first.loose and first.month and not first.year:
        first = _in_year(first, last.first.year)
    if last.first <= first.first and last.loose:
        again = _after(last, first)
        if again is not None:
            last = last._replace(first=again, last=max(again, again if last.first == last.last else last.last))
    return first, last


def _in_year(span: DaySpan, year: int) -> DaySpan:
    moved = add_months(span.first, 12 * (year - span.first.year))
    return span._replace(first=moved, last=add_months(span.last, 12 * (year - span.first.year)))


def _after(span: DaySpan, first: DaySpan) -> date | None:
    """The next such day behind the first end."""
    base = add_days(first.first, 1)
    if span.weekday >= 0:
        return next_weekday(first.first, span.weekday)
    if span.number and span.month:
        return next_month_day(base, span.month, span.number)
    return next_number(base, span.number) if span.number else None
