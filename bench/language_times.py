"""The tasks of the language packs that ask for times and prices."""

from collections.abc import Sequence
from datetime import datetime as moment
from datetime import timedelta
from decimal import Decimal

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.read import read


def datetime(utterance: str, reference: moment, system: str) -> str | None:
    """The day, the clock time or both that an utterance names."""
    named = _times(utterance, reference, system)
    day = next((m.day_from for m in named if m.day_from and m.day_from == m.day_to), None)
    clock = next((m.clock_from for m in named if m.clock_from and m.kind is TimeKind.POINT), None)
    if day is None:
        return f"{clock:%H:%M}" if clock else None
    return f"{day}T{clock:%H:%M}" if clock else str(day)


def ranges(utterance: str, reference: moment) -> tuple[str, str] | None:
    for mention in _times(utterance, reference, ""):
        if mention.clock_from and mention.clock_to:
            if mention.day_from is None:
                return f"{mention.clock_from:%H:%M}", f"{mention.clock_to:%H:%M}"
            return f"{mention.day_from}T{mention.clock_from:%H:%M}", f"{mention.day_from}T{mention.clock_to:%H:%M}"
        if mention.day_from and mention.day_to and mention.day_from != mention.day_to:
            return str(mention.day_from), str(mention.day_to + timedelta(days=1))
    return None


def booking(turns: Sequence[dict[str, str]], reference: moment) -> tuple[str | None, str | None]:
    """The day and the clock time that a dialogue arrives at: the last ones that were named."""
    day: str | None = None
    clock: str | None = None
    for turn in turns:
        named = datetime(turn["text"], reference, "")
        if named and "T" in named:
            day, clock = named.split("T")
        elif named and ":" in named:
            clock = named
        elif named:
            day = named
    return day, clock


def bargain(turns: Sequence[dict[str, str]], list_price: float) -> tuple[bool, float | None]:
    """Whether two parties agreed, and on which price: the last one named."""
    price: float | None = None
    agreed = False
    table = Decimal(str(list_price))
    for turn in turns:
        reading = read(turn["text"], ReadingContext(asked="price_readback", amount_on_table=table))
        if reading.money:
            price = float(reading.money[-1].amount)
        agreed = reading.affirmative
    return agreed, price if price is not None else list_price


def _times(utterance: str, reference: moment, system: str) -> tuple[TimeMention, ...]:
    context = ReadingContext(asked="slot", asked_words=system, today=reference.date(), clock=reference.time())
    return read(utterance, context).times
