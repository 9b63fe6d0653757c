"""Puts days, clock times and the words around them together into the times a buyer means."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.calendar_words import PARTS, add_days
from nodes.reading.clocks import ClockSpan, as_time, find_clocks
from nodes.reading.days import COARSE, DaySpan, find_days, word
from nodes.reading.offers import match_offers
from nodes.reading.time_frames import Frame, correction_between, excluded, frame_before, open_hours
from nodes.reading.tokens import HARD, Token
from nodes.reading.utterance import Utterance

TIME_QUESTIONS = frozenset(
    {"slot", "slot_readback", "callback_time", "callback_readback", "callback_choice", "meeting_offer"}
)
_GLUE = frozenset(
    [
        "at",
        "on",
        "in",
        "the",
        "around",
        "about",
        "of",
        "for",
        "by",
        "this",
        "say",
        "maybe",
        "perhaps",
        "like",
        "any",
        "time",
        "anytime",
        "sometime",
        "is",
        "a",
        "little",
        "bit",
        "preferably",
        "then",
        "early",
        "late",
        "if",
        "possible",
        "or",
        "so",
        "between",
        "from",
        "after",
        "before",
        "until",
        "till",
        "past",
        "around",
        "approximately",
        "roughly",
    ]
)
_JOINS = frozenset({"to", "till", "until", "through", "thru"})


@dataclass(frozen=True, slots=True)
class Part:
    start: int
    end: int
    name: str
    clock_from: time
    clock_to: time


Item = DaySpan | ClockSpan | Part


@dataclass(slots=True)
class _Draft:
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


@dataclass(frozen=True, slots=True)
class Times:
    mentions: tuple[TimeMention, ...]
    days: tuple[DaySpan, ...]  # months and longer included, for whoever asks when the buyer starts
    used: frozenset[int]  # tokens that belong to a clock time


def read_times(heard: Utterance, context: ReadingContext, used: frozenset[int]) -> Times:
    tokens = heard.tokens
    wanted = context.asked in TIME_QUESTIONS or heard.has("meeting", "reschedule", "call_back")
    days = [] if context.today is None else find_days(tokens, context.today, used)
    taken = used | {k for span in days for k in range(span.start, span.end)}
    clocks = find_clocks(tokens, taken, wanted)
    usable: list[Item] = [d for d in days if (d.grain != COARSE or wanted) and not _past(tokens, d.start)]
    usable += [c for c in clocks if not open_hours(tokens, c.start)]
    usable += _parts(tokens, taken)
    usable.sort(key=lambda item: item.start)
    drafts = [d for d in _gather(tokens, usable) if _meant(d, wanted)]
    mentions = _finished(heard, context, _corrected(tokens, drafts))
    mentions += _relative(heard, context)
    if wanted or context.offered_times:
        mentions = match_offers(heard, context, mentions)
    hours = {k for d in drafts for c in (d.clock, d.last_clock) if c is not None for k in range(c.start, c.end)}
    if not wanted:
        mentions = [m for m in mentions if m.kind is not TimeKind.EXCLUSION or m.day_from != context.today]
    return Times(tuple(mentions), tuple(days), frozenset(hours))


def _past(tokens: Sequence[Token], i: int) -> bool:
    return word(tokens, i - 1) in ("last", "since", "past", "previous") or word(tokens, i) == "yesterday"


def _parts(tokens: Sequence[Token], used: frozenset[int] | set[int]) -> list[Part]:
    found: list[Part] = []
    for i, token in enumerate(tokens):
        span = PARTS.get(token.text)
        before = word(tokens, i - 1)
        if span is None:
            if token.text == "day" and word(tokens, i - 1) == "of" and word(tokens, i - 2) in ("end", "close"):
                found.append(Part(i - 2, i + 1, "afternoon", time(16), time(17)))
            elif token.text == "eod":
                found.append(Part(i, i + 1, "afternoon", time(16), time(17)))
            elif token.text == "thing" and before == "first":
                found.append(Part(i - 1, i + 1, "morning", time(8), time(10)))
            continue
        if (i in used and token.text != "tonight") or before in ("good", "each", "every", "over", "all", "at"):
            continue
        if token.text in ("lunch", "night", "nights") and before not in (
            "at",
            "over",
            "during",
            "tomorrow",
            "around",
            "after",
            "before",
        ):
            continue
        start, end = span
        if before == "early":
            end = time((start.hour + end.hour) // 2 + 1)
        elif before == "late":
            start = time((start.hour + end.hour + 1) // 2)
        begin = i - (before in ("early", "late", "mid"))
        if before == "mid":
            start, end = time(start.hour + 2), time(end.hour - 1)
        found.append(Part(begin, i + 1, token.text, start, end))
    return found


def _near(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Nothing but words that join times stands between two places."""
    return (
        end - start <= 4
        and all(tokens[k].text in _GLUE and tokens[k].brk < HARD for k in range(start, end))
        and (end >= len(tokens) or tokens[end].brk < HARD)
    )


def _gather(tokens: Sequence[Token], items: Sequence[Item]) -> list[_Draft]:
    drafts: list[_Draft] = []
    for item in items:
        last = drafts[-1] if drafts else None
        if last is not None and item.start < last.end:
            continue
        if last is not None and _closes_range(tokens, last, item):
            last.end = item.end
            if isinstance(item, ClockSpan):
                last.last_clock = item
            elif isinstance(item, DaySpan):
                last.last_day = item
        elif last is not None and last.takes(item) and _near(tokens, last.end, item.start):
            last.take(item)
        else:
            draft = _Draft(item.start, item.end)
            draft.take(item)
            drafts.append(draft)
    return drafts


def _closes_range(tokens: Sequence[Token], draft: _Draft, item: Item) -> bool:
    """ "from two to four", "between Monday and Wednesday"."""
    if isinstance(item, Part) or item.start - draft.end != 1:
        return False
    join = word(tokens, draft.end)
    between = word(tokens, draft.start - 1) == "between" or word(tokens, draft.start - 2) == "between"
    if join not in _JOINS and not (join == "and" and between):
        return False
    if isinstance(item, ClockSpan):
        return draft.clock is not None and draft.last_clock is None and draft.clock.end == draft.end
    return draft.day is not None and draft.last_day is None and draft.day.end == draft.end


def _meant(draft: _Draft, wanted: bool) -> bool:
    """A bare number is a time only beside a day or a part of one, or where a time was asked for."""
    if draft.day is None and draft.clock is not None and draft.clock.bare:
        return draft.part is not None or draft.last_clock is not None or wanted
    return draft.day is not None or draft.clock is not None or draft.part is not None


def _corrected(tokens: Sequence[Token], drafts: list[_Draft]) -> list[_Draft]:
    """Leave out what the buyer took back: "Tuesday, no sorry, Wednesday"."""
    kept: list[_Draft] = []
    for draft in drafts:
        last = kept[-1] if kept else None
        if last is not None and correction_between(tokens, last.end, draft.start):
            kept.pop()
            if draft.day is None and last.day is not None:
                draft.day = last.day
            elif draft.clock is None and draft.part is None and last.clock is not None:
                draft.clock, draft.last_clock = last.clock, last.last_clock
        kept.append(draft)
    return kept


def _finished(heard: Utterance, context: ReadingContext, drafts: Sequence[_Draft]) -> list[TimeMention]:
    mentions: list[TimeMention] = []
    for draft in drafts:
        frame, start = frame_before(heard.tokens, draft.start)
        if excluded(heard, start, draft.end):
            frame = Frame.NOT
        quote = heard.quote(start, draft.end)
        mentions.append(_mention(draft, frame, quote))
    return [m for m in mentions if context.today is None or m.day_to is None or m.day_to >= context.today]


def _mention(draft: _Draft, frame: Frame, quote: str) -> TimeMention:
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
    if frame is Frame.AFTER and draft.clock is not None:
        return replace(whole, kind=TimeKind.NOT_BEFORE)
    if frame is Frame.BEFORE and draft.clock is not None:
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


_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}


def _relative(heard: Utterance, context: ReadingContext) -> list[TimeMention]:
    """ "in an hour", "in half an hour", "twenty minutes from now", "later today"."""
    tokens = heard.tokens
    if context.today is None or context.clock is None:
        return []
    now = datetime.combine(context.today, context.clock)
    for i in range(len(tokens)):
        found = _span_of_minutes(tokens, i)
        if found is None:
            continue
        minutes, end = found
        at = now + timedelta(minutes=minutes)
        return [TimeMention(TimeKind.POINT, heard.quote(i, end), at.date(), at.date(), at.time())]
    for i, token in enumerate(tokens):
        if token.text == "later" and word(tokens, i + 1) in ("today", "on") and word(tokens, i + 1) == "today":
            return [TimeMention(TimeKind.NOT_BEFORE, heard.quote(i, i + 2), context.today, context.today, now.time())]
    return []


def _span_of_minutes(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    lead = word(tokens, i) in ("in", "within")
    at = i + lead
    at += word(tokens, at) in ("about", "around", "like", "maybe")
    half = word(tokens, at) == "half" and word(tokens, at + 1) in ("a", "an")
    at += 2 if half else word(tokens, at) == "a" and word(tokens, at + 1) == "half"
    text = word(tokens, at)
    if half:
        count, at = 0.5, at - 1
    elif text in ("a", "an"):
        count = 1.0
    elif text in ("couple", "few"):
        count = 2.0 if text == "couple" else 3.0
    elif at < len(tokens) and (num := tokens[at].num) is not None and 0 < num < 1000:
        count = float(num)
    else:
        return None
    at += 1
    at += word(tokens, at) in ("couple", "of")
    extra = 0.0
    if word(tokens, at) == "and" and word(tokens, at + 1) == "a" and word(tokens, at + 2) == "half":
        extra, at = 0.5, at + 3
    unit = _MINUTES.get(word(tokens, at))
    if unit is None:
        return None
    end = at + 1
    if unit == 60 and word(tokens, end) == "and" and word(tokens, end + 1) == "a" and word(tokens, end + 2) == "half":
        extra, end = 0.5, end + 3
    if not lead:
        if word(tokens, end) not in ("from", "later") or (
            word(tokens, end) == "from" and word(tokens, end + 1) != "now"
        ):
            return None
        end += 1 + (word(tokens, end) == "from")
    return int((count + extra) * unit), end


def horizon(days: Sequence[DaySpan], today: date) -> int | None:
    """Days until the first of the named spans begins; 0 while one is under way."""
    return max((days[0].first - today).days, 0) if days else None
