"""Turns the pieces of a time into a mention: which day, from when to when, and how it is meant."""

from dataclasses import dataclass, replace
from datetime import time

from domain.reading import TimeKind, TimeMention
from nodes.reading.calendar_words import add_days
from nodes.reading.clocks import ClockSpan, as_time
from nodes.reading.dates import DaySpan
from nodes.reading.parts import Part
from nodes.reading.time_frames import Frame

Item = DaySpan | ClockSpan | Part


@dataclass(slots=True)
class Draft:
    """A mention while its pieces are gathered."""

    start: int
    end: int
    day: DaySpan | None = None
    last_day: DaySpan | None = None
    clock: ClockSpan | None = None
    last_clock: ClockSpan | None = None
    part: Part | None = None

    def takes(self, item: Item) -> bool:
        if isinstance(item, DaySpan):
            return self.day is None
        return self.clock is None if isinstance(item, ClockSpan) else self.part is None

    def take(self, item: Item) -> None:
        if isinstance(item, DaySpan):
            self.day = item
        elif isinstance(item, ClockSpan):
            self.clock = item
        else:
            self.part = item
        self.start, self.end = min(self.start, item.start), max(self.end, item.end)


def mention_of(draft: Draft, frame: Frame, quote: str) -> TimeMention:
    first = draft.day.first if draft.day else None
    last = draft.last_day.last if draft.last_day else draft.day.last if draft.day else None
    part = draft.part
    clock_from, known = (None, True) if draft.clock is None else as_time(draft.clock, part.name if part else "")
    clock_to = None
    if draft.last_clock is not None and draft.clock is not None:
        clock_from, clock_to, known = _range(draft.clock, draft.last_clock, part.name if part else "")
    if part is not None and draft.clock is None:
        clock_from, clock_to = part.clock_from, part.clock_to
    whole = TimeMention(TimeKind.DAY, quote, first, last, clock_from, clock_to, known)
    if frame is Frame.NOT:
        return replace(whole, kind=TimeKind.EXCLUSION)
    if draft.last_clock is not None:
        return replace(whole, kind=TimeKind.RANGE)
    if frame in (Frame.AFTER, Frame.FROM) and draft.clock is not None:
        return replace(whole, kind=TimeKind.NOT_BEFORE)
    if frame in (Frame.BEFORE, Frame.BY) and draft.clock is not None:
        return replace(whole, kind=TimeKind.NOT_AFTER, clock_from=None, clock_to=clock_from)
    if frame is not Frame.NONE and (draft.day is not None or part is not None):
        return _framed_day(whole, frame)
    if draft.clock is not None:
        return replace(whole, kind=TimeKind.POINT)
    return whole if first == last else replace(whole, kind=TimeKind.RANGE)


def _framed_day(whole: TimeMention, frame: Frame) -> TimeMention:
    """ "after Monday", "from Monday", "by Friday", "before Friday", "after lunch"."""
    if whole.day_from is None or whole.clock_to is not None:
        if frame in (Frame.AFTER, Frame.FROM):
            start = whole.clock_to if frame is Frame.AFTER else whole.clock_from
            return replace(whole, kind=TimeKind.NOT_BEFORE, clock_from=start, clock_to=None)
        return replace(whole, kind=TimeKind.NOT_AFTER, clock_to=whole.clock_from, clock_from=None)
    if frame is Frame.AFTER:
        return replace(
            whole, kind=TimeKind.NOT_BEFORE, day_from=add_days(whole.day_to or whole.day_from, 1), day_to=None
        )
    if frame is Frame.FROM:
        return replace(whole, kind=TimeKind.NOT_BEFORE, day_to=None)
    last = whole.day_to if frame is Frame.BY else add_days(whole.day_from, -1)
    return replace(whole, kind=TimeKind.NOT_AFTER, day_from=None, day_to=last)


def _range(first: ClockSpan, last: ClockSpan, part: str) -> tuple[time, time, bool]:
    """Two hours read so that the second one is later."""
    if first.meridiem == "" and last.meridiem in ("am", "pm"):
        guess = as_time(first._replace(meridiem=last.meridiem))[0]
        end = as_time(last)[0]
        return (guess if guess < end else as_time(first._replace(meridiem="am"))[0]), end, True
    start, known = as_time(first, part)
    end, known_end = as_time(last, part)
    if end <= start and end.hour < 12 and not last.meridiem:
        end = end.replace(hour=end.hour + 12)
    return start, end, known and known_end
