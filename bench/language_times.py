"""The tasks of the language packs that ask for times and prices."""

from collections.abc import Callable, Sequence
from datetime import date, time, timedelta
from datetime import datetime as moment
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.training.crossing import odds_of
from domain.reading import Answer, ReadingContext, TimeKind, TimeMention
from nodes.reading.haggling import closing_words, deal_reached, standing_price
from nodes.reading.read import read
from nodes.reading.times import read_times
from nodes.reading.utterance import listen

# The hours that the packs' sources give to parts of the day; ours are those in which people meet.
_PART_HOURS = {
    "morning": ("08:00", "12:00"), "early morning": ("08:00", "10:00"), "late morning": ("10:00", "12:00"),
    "mid morning": ("10:00", "11:00"), "afternoon": ("12:00", "16:00"), "early afternoon": ("12:00", "14:00"),
    "late afternoon": ("14:00", "16:00"), "evening": ("16:00", "20:00"), "early evening": ("16:00", "18:00"),
    "late evening": ("18:00", "20:00"), "night": ("20:00", "23:59"), "early night": ("20:00", "22:00"),
    "late night": ("22:00", "23:59"), "tonight": ("20:00", "23:59"), "late tonight": ("22:00", "23:59"),
    "early tonight": ("20:00", "22:00"), "lunch": ("11:00", "13:00"), "lunchtime": ("11:00", "13:00"),
    "business hours": ("08:00", "18:00"), "daytime": ("08:00", "18:00"),
}  # fmt: skip


def datetime(utterance: str, reference: moment, system: str) -> str | None:
    """The day, the clock time or both that an utterance names, whatever it says about them."""
    return _said(_times(utterance, reference, system))


def _said(named: Sequence[TimeMention]) -> str | None:
    kept = [m for m in named if m.kind is not TimeKind.EXCLUSION] or named
    day = next((d for m in kept if (d := _day(m)) is not None), None)
    clock = next((c for m in kept if (c := m.clock_from or m.clock_to) and (m.timed or not m.part)), None)
    clock = clock or next((m.clock_from for m in kept if m.kind is TimeKind.POINT and m.clock_from), None)
    if day is None:
        return f"{clock:%H:%M}" if clock else None
    return f"{day}T{clock:%H:%M}" if clock else str(day)


def _day(mention: TimeMention) -> date | None:
    if mention.kind is TimeKind.NOT_AFTER:
        return mention.day_to
    one = mention.day_to in (None, mention.day_from) or mention.paired or mention.grain == "day"
    return mention.day_from if one else None


def ranges(utterance: str, reference: moment) -> tuple[str, str] | None:
    """Start and end of the span that an utterance names; of two days that are named, from one to the other."""
    named = _times(utterance, reference, "")
    for mention in named:
        found = _hours(mention, reference) or _days(mention)
        if found is not None:
            return found
    days = [d for m in named if (d := _day(m)) is not None]
    return (str(days[0]), str(days[1])) if len(days) == 2 and days[0] < days[1] else None


def _hours(mention: TimeMention, reference: moment) -> tuple[str, str] | None:
    if mention.grain == "rest of day":
        return f"{reference:%Y-%m-%dT%H:%M}", f"{reference:%Y-%m-%d}T23:59"
    if mention.grain == "now" and mention.clock_to:
        return f"{reference:%Y-%m-%dT%H:%M}", f"{reference:%Y-%m-%d}T{mention.clock_to:%H:%M}"
    if mention.clock_from is None or mention.clock_to is None:
        return None
    start, end = ("", "") if mention.timed else _PART_HOURS.get(mention.part, ("", ""))
    if not start:
        start, end = _as_said(mention, mention.clock_from), _as_said(mention, mention.clock_to)
        end = f"{mention.clock_to:%H:%M}" if end <= start and mention.clock_to > mention.clock_from else end
    if mention.day_from is None:
        return start, end
    one = not mention.paired and mention.grain in ("month", "quarter", "half", "year")
    until = mention.day_from if one else mention.day_to or mention.day_from
    return f"{mention.day_from}T{start}", f"{until}T{end}"


def _as_said(mention: TimeMention, clock: time) -> str:
    """Where am or pm was not said, the packs take the hour as it stands."""
    hour = clock.hour - 12 if clock.hour > 12 and not mention.meridiem_known else clock.hour
    return f"{hour:02d}:{clock.minute:02d}"


def _days(mention: TimeMention) -> tuple[str, str] | None:
    first, last = mention.day_from, mention.day_to
    if first is None and mention.kind is TimeKind.NOT_AFTER:
        return None
    if first is None or last is None or mention.clock_from or (first == last and mention.grain in ("", "day")):
        return None
    if mention.clipped:
        first = _begun(first, mention.grain)
    if mention.paired and mention.grain in ("week", "month", "quarter", "half", "year"):
        return str(first), str(_begun(last, mention.grain))
    if (mention.paired and not mention.grain.startswith("part of")) or mention.grain == "within":
        return str(first), str(last)
    if mention.grain in ("week", "part of week") and last.weekday() == 4:
        last += timedelta(days=2)  # a week at work ends on its Friday
    return str(first), str(last + timedelta(days=1))


def _begun(first: date, grain: str) -> date:
    if grain in ("week", "workweek"):
        return first - timedelta(days=first.weekday())
    months = {"quarter": 3, "half": 6, "year": 12}.get(grain, 1)
    return first.replace(month=(first.month - 1) // months * months + 1, day=1)


def booking(turns: Sequence[dict[str, str]], reference: moment) -> tuple[str | None, str | None]:
    """The day and the clock time that a dialogue arrives at: the last that the user named or took from an offer."""
    settled: dict[str, str] = {}
    offered: dict[str, str] = {}
    for turn in turns:
        if turn["who"] == "system":
            offered = _parts(_said(_times(turn["text"], reference, "", None)))
            if offered == {"day": str(reference.date())}:
                offered = {}  # "anything else for today?" offers nothing
        else:
            declined = offered and read(turn["text"], ReadingContext(asked="slot")).answer is Answer.NO
            settled |= ({} if declined else offered) | _parts(datetime(turn["text"], reference, ""))
            offered = {}
    day, clock = settled.get("day"), settled.get("clock")
    if day is None and clock is not None:  # a clock time alone means its next coming
        day = str(reference.date() + timedelta(days=clock <= f"{reference:%H:%M}"))
    return day, clock


def _parts(named: str | None) -> dict[str, str]:
    if named is None:
        return {}
    day, _, clock = named.rpartition("T")
    if day:
        return {"day": day, "clock": clock}
    return {"clock" if ":" in named else "day": named}


def bargain(turns: Sequence[dict[str, str]], list_price: float) -> tuple[bool, float | None]:
    """Whether two parties agreed, and on which price."""
    messages = [(turn["role"], turn["text"]) for turn in turns]
    listed = Decimal(str(list_price))
    return deal_reached(messages, listed), float(standing_price(messages, listed))


def _bargain_crossed(packs: Path) -> Callable[[dict[str, Any]], tuple[bool, float | None]]:
    """The same with odds from models that have not seen the dialogue."""
    odds = odds_of(packs, "deal")

    def said(row: dict[str, Any]) -> tuple[bool, float | None]:
        messages = [(e["role"], e["text"]) for e in row["events"] if e["action"] == "message"]
        listed = Decimal(str(row["list_price"]))
        deal = deal_reached(messages, listed, odds[closing_words(messages, listed)])
        return deal, float(standing_price(messages, listed))

    return said


CROSSED: dict[str, Callable[[Path], Callable[[dict[str, Any]], Any]]] = {"bargain": _bargain_crossed}


def _times(utterance: str, reference: moment, system: str, asked: str | None = "slot") -> tuple[TimeMention, ...]:
    """The times that the reader finds, by the part of it that looks for them."""
    context = ReadingContext(asked=asked, asked_words=system, today=reference.date(), clock=reference.time())
    return read_times(listen(utterance), context, frozenset()).mentions
