"""Turns the pieces of a time into a mention: which day, from when to when, and how it is meant."""

from dataclasses import dataclass, replace
from datetime import time

from domain.reading import TimeKind, TimeMention
from nodes.reading.calendar_words import add_days
from nodes.reading.clocks import ClockSpan, as_time
from nodes.reading.dates import DaySpan
from nodes.reading.durations import Length
from nodes.reading.parts import Part
from nodes.reading.time_frames import Frame

Item = DaySpan | ClockSpan | Part | Length


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
    length: Length | None = None

    def takes(self, item: Item) -> bool:
        if isinstance(item, DaySpan):
            return self.day is None or (self.last_clock is not None and self.last_day is None)
        if isinstance(item, Length):
            return self.length is None and (self.day is not None or self.clock is not None)
        if isinstance(item, ClockSpan):
            return self.clock is None or (self.last_day is not None and self.last_clock is None)
        return self.part is None

    def take(self, item: Item) -> None:
        if isinstance(item, DaySpan):
            if self.day is None:
                self.day = item
            else:
                self.last_day = item
        elif isinstance(item, ClockSpan):
            if self.clock is None:
                self.clock = item
            else:
                self.last_clock = item
        elif isinstance(item, Length):
            self.length = item
        else:
            self.part = item
        self.start, self.end = min(self.start, item.start), max(self.end, item.end)


def mention_of(draft: Draft, frame: Frame, quote: str) -> TimeMention:
    whole = _whole(draft, quote)
    if draft.length is not None and frame in (Frame.FROM, Frame.AFTER):
        frame = Frame.NONE  # "from 9:30 for two hours" is no "any time after 9:30"
    if frame is Frame.NOT:
        return replace(whole, kind=TimeKind.EXCLUSION)
    if draft.last_clock is not None:
        return replace(whole, kind=TimeKind.RANGE)
    if frame in (Frame.AFTER, Frame.FROM) and draft.clock is not None:
        return replace(whole, kind=TimeKind.NOT_BEFORE)
    if frame in (Frame.BEFORE, Frame.BY) and draft.clock is not None:
        return replace(whole, kind=TimeKind.NOT_AFTER, clock_from=None, clock_to=whole.clock_from)
    if frame is not Frame.NONE and not whole.paired and (draft.day is not None or draft.part is not None):
        return _framed_day(whole, frame)
    if draft.clock is not None and draft.last_day is None:
        return replace(whole, kind=TimeKind.POINT)
    return whole if whole.day_from == whole.day_to else replace(whole, kind=TimeKind.RANGE)


def _whole(draft: Draft, quote: str) -> TimeMention:
    """Days and clock times of a draft, however they are framed."""
    part, day, last = draft.part, draft.day, draft.last_day or draft.day
    name = part.name if part else ""
    clock_from, known = (None, True) if draft.clock is None else as_time(draft.clock, name)
    clock_to = None
    if draft.last_clock is not None and draft.clock is not None:
        clock_from, clock_to, known = _range(draft.clock, draft.last_clock, name)
    elif draft.last_clock is not None:
        clock_to = as_time(draft.last_clock, name)[0]  # "between now and eight"
    elif part is not None and draft.clock is None and draft.last_day is None:
        clock_from, clock_to = part.clock_from, part.clock_to
    day_to, paired = (last.last if last else None), draft.last_day is not None or bool(day and day.paired)
    if draft.length is not None and clock_from is not None and draft.length.minutes:
        ends = clock_from.hour * 60 + clock_from.minute + int(draft.length.minutes)
        clock_to = time(ends // 60 % 24, ends % 60)
    elif draft.length is not None and day is not None and draft.length.days:
        day_to, paired = add_days(day.first, draft.length.days - 1), False
    return TimeMention(
        TimeKind.DAY,
        quote,
        day.first if day else None,
        day_to,
        clock_from,
        clock_to,
        known,
        part=f"{part.edge} {name}".strip() if part else "",
        grain=_grain(last),
        paired=paired,
        timed=draft.clock is not None,
        clipped=bool(day and day.clipped),
    )


def _grain(last: DaySpan | None) -> str:
    if last is None:
        return ""
    return f"part of {last.grain}" if last.edged else last.grain


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


def joined(first: TimeMention, last: TimeMention, quote: str) -> TimeMention | None:
    """ "Starting tomorrow until next Friday": two frames that together are a range."""
    if first.kind is not TimeKind.NOT_BEFORE or last.kind is not TimeKind.NOT_AFTER or first.paired or last.paired:
        return None
    if first.day_from is None or last.day_to is None or first.day_from > last.day_to:
        return None
    return TimeMention(
        TimeKind.RANGE,
        quote,
        first.day_from,
        last.day_to,
        first.clock_from if first.timed else None,
        last.clock_to if last.timed else None,
        first.meridiem_known and last.meridiem_known,
        grain=last.grain,
        paired=True,
        timed=first.timed or last.timed,
    )


def _range(first: ClockSpan, last: ClockSpan, part: str) -> tuple[time, time, bool]:
    """Two hours read so that the second one is the next such hour after the first."""
    if first.meridiem == "" and last.meridiem in ("am", "pm"):
        guess = as_time(first._replace(meridiem=last.meridiem))[0]
        end = as_time(last)[0]
        return (guess if guess < end else as_time(first._replace(meridiem="am"))[0]), end, True
    start, known = as_time(first, part)
    end, known_end = as_time(last, part)
    if last.meridiem or (known_end and end > start):
        return start, end, known
    if known:
        hours = (last.hour % 12, last.hour % 12 + 12)
        later = [h for h in hours if (h, last.minute) > (start.hour, start.minute)]
        return start, time(later[0] if later else hours[0], last.minute), True
    if end <= start and end.hour < 12:
        end = end.replace(hour=end.hour + 12)
    return start, end, False
