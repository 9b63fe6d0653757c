"""Puts days, clock times and the words around them together into the times a buyer means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.calendar_words import add_days
from nodes.reading.clocks import BARE, PLAIN, ClockSpan, find_clocks
from nodes.reading.dates import COARSE, DaySpan
from nodes.reading.days import find_days
from nodes.reading.durations import find_lengths, read_from_now
from nodes.reading.gathering import JOINS, gather
from nodes.reading.line import Line, laid_out
from nodes.reading.mentions import Draft, Item, joined, mention_of
from nodes.reading.offers import match_offers
from nodes.reading.parts import find_parts
from nodes.reading.time_frames import Frame, correction_between, excluded, frame_before, open_hours
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

TIME_QUESTIONS = frozenset(
    {"slot", "slot_readback", "callback_time", "callback_readback", "callback_choice", "meeting_offer"}
)
NEAR_WEEK = 3  # words between a week and the day of it
NEAR_FRAMES = 8  # words between "from Monday" and "until Friday" that still belong together
_OVER = word_set("last since past previous")
_LISTED = frozenset({"and", "or", "nor", "than"})


@dataclass(frozen=True, slots=True)
class Times:
    mentions: tuple[TimeMention, ...]
    days: tuple[DaySpan, ...]  # months and longer included, for whoever asks when the buyer starts
    used: frozenset[int]  # tokens that belong to a clock time


def read_times(heard: Utterance, context: ReadingContext, used: frozenset[int]) -> Times:
    line = laid_out(heard.tokens)
    wanted = context.asked in TIME_QUESTIONS or heard.has("meeting", "reschedule", "call_back")
    days = [] if context.today is None else find_days(line, context.today, used)
    taken = used | {k for span in days for k in range(span.start, span.end)}
    clocks = _plausible(line, find_clocks(line, taken))
    usable: list[Item] = [d for d in days if (wanted or d.grain not in COARSE) and not _past(line, d.start)]
    usable += [c for c in clocks if not open_hours(line, c.start)]
    usable += find_parts(line, taken | {k for c in clocks for k in range(c.start, c.end)})
    usable += find_lengths(line)
    usable.sort(key=lambda item: item.start)
    gathered = gather(line, usable, context.today)
    drafts = [
        d
        for k, d in enumerate(gathered)
        if _meant(d, wanted, wanted or heard.has("preference.time")) or (k and _instead(line, d))
    ]
    mentions = _finished(heard, line, context, _within_week(_corrected(line, drafts)))
    if not any(m.clock_from for m in mentions):
        mentions += read_from_now(heard, line, context)
    if wanted or context.offered_times:
        mentions = match_offers(heard, context, mentions)
    hours = {k for d in drafts for c in (d.clock, d.last_clock) if c is not None for k in range(c.start, c.end)}
    if not wanted:
        mentions = [m for m in mentions if m.kind is not TimeKind.EXCLUSION or m.day_from != context.today]
    return Times(tuple(mentions), tuple(days), frozenset(hours))


def _past(line: Line, i: int) -> bool:
    return line.words[i - 1] in _OVER or line.words[i] == "yesterday"


def _plausible(line: Line, clocks: list[ClockSpan]) -> list[ClockSpan]:
    """Beside a certain time of day a mere number is none, unless both are joined: "2 and 4 pm", "two or 2:30"."""
    if not any(c.strength == PLAIN for c in clocks):
        return clocks
    ends = {c.end for c in clocks if c.strength > BARE}
    starts = {c.start for c in clocks if c.strength > BARE}
    kept: list[ClockSpan] = []
    for clock in clocks:
        if _made(line, clock.start):
            kept.append(clock)
            continue
        before = clock.start - 1 in ends and line.words[clock.start - 1] in (JOINS | _LISTED)
        behind = clock.end + 1 in starts and line.words[clock.end] in (JOINS | _LISTED)
        if clock.strength > BARE or before or behind:
            kept.append(clock)
    return kept


def _made(line: Line, at: int) -> bool:
    """ "Make it four": behind a time these words change it."""
    return at > 1 and line.words[at - 2] == "make" and line.words[at - 1] in ("it", "that")


def _instead(line: Line, draft: Draft) -> bool:
    return draft.clock is not None and _made(line, draft.clock.start)


def _meant(draft: Draft, wanted: bool, parts: bool) -> bool:
    """A bare number or a part of the day is a time only beside a day, or where the talk is of times."""
    if draft.day is None and draft.clock is not None and draft.clock.bare:
        return draft.part is not None or draft.last_clock is not None or wanted
    return draft.day is not None or draft.clock is not None or parts


def _corrected(line: Line, drafts: list[Draft]) -> list[Draft]:
    """Leave out what the buyer took back: "Tuesday, no sorry, Wednesday"."""
    kept: list[Draft] = []
    for draft in drafts:
        last = kept[-1] if kept else None
        if last is not None and correction_between(line, last.end, draft.start):
            kept.pop()
            if draft.day is None and last.day is not None:
                draft.day = last.day
            elif draft.clock is None and draft.part is None and last.clock is not None:
                draft.clock, draft.last_clock = last.clock, last.last_clock
        kept.append(draft)
    return kept


def _within_week(drafts: list[Draft]) -> list[Draft]:
    """ "Next week, maybe Thursday" means the Thursday of that week."""
    kept: list[Draft] = []
    for draft in drafts:
        last = kept[-1].day if kept else None
        day = draft.day
        if last is not None and day is not None and last.grain == "week" and day.first == day.last:
            shifted = add_days(day.first, 7)
            inside = day.first if last.first <= day.first <= last.last else shifted
            if last.first <= inside <= last.last and last.last > last.first and day.start - last.end <= NEAR_WEEK:
                draft.day = day._replace(first=inside, last=inside)
                draft.start = kept.pop().start
        kept.append(draft)
    return kept


def _finished(heard: Utterance, line: Line, context: ReadingContext, drafts: Sequence[Draft]) -> list[TimeMention]:
    mentions: list[TimeMention] = []
    begun, before = 0, None
    for draft in drafts:
        frame, start = frame_before(line, draft.start)
        if frame is Frame.NONE and draft.clock is not None and draft.clock.start > draft.start:
            frame = frame_before(line, draft.clock.start)[0]
        listed = before is not None and before[1] + 1 >= draft.start and line.words[draft.start - 1] in _LISTED
        if excluded(line, start, draft.end) or (listed and before is not None and before[0] is Frame.NOT):
            frame = Frame.NOT
        mention = mention_of(draft, frame, heard.quote(start, draft.end))
        whole = joined(mentions[-1], mention, heard.quote(begun, draft.end)) if mentions else None
        if whole is not None and before is not None and draft.start - before[1] <= NEAR_FRAMES:
            mentions[-1] = whole
        else:
            mentions.append(mention)
            begun = start
        before = (frame, draft.end)
    return [m for m in mentions if context.today is None or m.day_to is None or m.day_to >= context.today]


def horizon(days: Sequence[DaySpan], today: date) -> int | None:
    """Days until the first of the named spans begins; 0 while one is under way."""
    return max((days[0].first - today).days, 0) if days else None
