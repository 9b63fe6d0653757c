"""Puts days, clock times and the words around them together into the times a buyer means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.calendar_words import add_days
from nodes.reading.clocks import ClockSpan, find_clocks
from nodes.reading.dates import COARSE, DaySpan
from nodes.reading.days import find_days
from nodes.reading.durations import read_from_now
from nodes.reading.mentions import Draft, Item, mention_of
from nodes.reading.offers import match_offers
from nodes.reading.parts import Part, find_parts
from nodes.reading.time_frames import Frame, correction_between, excluded, frame_before, open_hours
from nodes.reading.tokens import HARD, Token, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

TIME_QUESTIONS = frozenset(
    {"slot", "slot_readback", "callback_time", "callback_readback", "callback_choice", "meeting_offer"}
)
NEAR_WEEK = 3  # words between a week and the day of it
_GLUE = word_set(
    """
    at on in the around about of for by this say maybe perhaps like any time anytime sometime is a little bit
    preferably then early late if possible or so between from after before until till past approximately roughly
    """
)
_JOINS = frozenset({"to", "till", "until", "through", "thru"})


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
    usable += find_parts(tokens, taken)
    usable.sort(key=lambda item: item.start)
    drafts = [d for d in _gather(tokens, usable) if _meant(d, wanted, wanted or heard.has("preference.time"))]
    mentions = _finished(heard, context, _within_week(_corrected(tokens, drafts)))
    if not any(m.clock_from for m in mentions):
        mentions += read_from_now(heard, context)
    if wanted or context.offered_times:
        mentions = match_offers(heard, context, mentions)
    hours = {k for d in drafts for c in (d.clock, d.last_clock) if c is not None for k in range(c.start, c.end)}
    if not wanted:
        mentions = [m for m in mentions if m.kind is not TimeKind.EXCLUSION or m.day_from != context.today]
    return Times(tuple(mentions), tuple(days), frozenset(hours))


def _past(tokens: Sequence[Token], i: int) -> bool:
    return word(tokens, i - 1) in ("last", "since", "past", "previous") or word(tokens, i) == "yesterday"


def _near(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Nothing but words that join times stands between two places."""
    return (
        end - start <= 4
        and all(tokens[k].text in _GLUE and tokens[k].brk < HARD for k in range(start, end))
        and (end >= len(tokens) or tokens[end].brk < HARD)
    )


def _gather(tokens: Sequence[Token], items: Sequence[Item]) -> list[Draft]:
    drafts: list[Draft] = []
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
            draft = Draft(item.start, item.end)
            draft.take(item)
            drafts.append(draft)
    return drafts


def _closes_range(tokens: Sequence[Token], draft: Draft, item: Item) -> bool:
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


def _meant(draft: Draft, wanted: bool, parts: bool) -> bool:
    """A bare number or a part of the day is a time only beside a day, or where the talk is of times."""
    if draft.day is None and draft.clock is not None and draft.clock.bare:
        return draft.part is not None or draft.last_clock is not None or wanted
    return draft.day is not None or draft.clock is not None or parts


def _corrected(tokens: Sequence[Token], drafts: list[Draft]) -> list[Draft]:
    """Leave out what the buyer took back: "Tuesday, no sorry, Wednesday"."""
    kept: list[Draft] = []
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


def _finished(heard: Utterance, context: ReadingContext, drafts: Sequence[Draft]) -> list[TimeMention]:
    mentions: list[TimeMention] = []
    for draft in drafts:
        frame, start = frame_before(heard.tokens, draft.start)
        if frame is Frame.NONE and draft.clock is not None and draft.clock.start > draft.start:
            frame = frame_before(heard.tokens, draft.clock.start)[0]
        if excluded(heard, start, draft.end):
            frame = Frame.NOT
        quote = heard.quote(start, draft.end)
        mentions.append(mention_of(draft, frame, quote))
    return [m for m in mentions if context.today is None or m.day_to is None or m.day_to >= context.today]


def horizon(days: Sequence[DaySpan], today: date) -> int | None:
    """Days until the first of the named spans begins; 0 while one is under way."""
    return max((days[0].first - today).days, 0) if days else None
