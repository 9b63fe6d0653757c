"""The calendar of a replayed dialogue: an hour is free where the human agent's knowledge base said so."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bench.packs import Row
from domain.ports import Slot, SlotQuery
from nodes.reading.calendar_words import WEEKDAYS

LENGTH = timedelta(minutes=30)
LOOKS_AHEAD = 8  # days: every weekday comes once
_QUOTED = re.compile(r'^api\.is_equal_to\("([^"]*)"\)$')
_HOUR = re.compile(r"^(\d{1,2})(?::(\d{2}))? ?(am|pm)$")
_FREE = re.compile(r"\bis available|^available|success|confirmed|your rsvp|booked", re.IGNORECASE)
_BOOKED = re.compile(r"success|confirmed|your rsvp|booked", re.IGNORECASE)

Hour = tuple[int | None, time]  # weekday, Monday first; None where the booking was for no day in particular


@dataclass(slots=True)
class Dialogue:
    """What of a dialogue between people is replayed, and where it ended."""

    name: str
    words: list[str]  # the buyer's turns
    free: set[Hour] = field(default_factory=set[Hour])
    booked: set[Hour] = field(default_factory=set[Hour])  # what the human agent booked


def dialogue_of(row: Row) -> Dialogue:
    turns: list[Row] = row["turns"]
    found = Dialogue(str(row["id"]), [turn["text"] for turn in turns if turn["who"] == "user"])
    for asked, answer in pairwise(turns):
        if asked["who"] != "query" or answer["who"] != "kb":
            continue
        hour, said = _hour(asked["constraints"]), f"{answer['message']} {answer['item'].get('ReservationStatus', '')}"
        if hour is None:
            continue
        if _FREE.search(said.removeprefix("None ")):
            found.free.add(hour)
        if _BOOKED.search(said) and asked["constraints"].get("RequestType", "Book") == "Book":
            found.booked = {hour}  # a later booking takes the place of an earlier one
    return found


def _hour(constraints: Row) -> Hour | None:
    day = _plain(constraints.get("Day"))
    clock = _HOUR.match(_plain(constraints.get("StartTimeHour") or constraints.get("Time")).lower())
    if clock is None or (day and day.lower() not in WEEKDAYS):
        return None
    hour = int(clock[1]) % 12 + (12 if clock[3] == "pm" else 0)
    return (WEEKDAYS[day.lower()] if day else None), time(hour, int(clock[2] or 0))


def _plain(value: object) -> str:
    text = str(value or "")
    quoted = _QUOTED.match(text)
    return quoted[1] if quoted else text


@dataclass(slots=True)
class ToldCalendar:
    """Stands for the calendar port. Each dialogue has a resource of its own, so that none takes another's hours."""

    free_hours: set[Hour] = field(default_factory=set[Hour])
    resource: int = 1

    def working_day(self, day: date) -> bool:
        return True

    async def free(self, query: SlotQuery) -> Sequence[Slot]:
        zone = ZoneInfo(query.zone)
        if query.at is not None:
            return self._slots([query.at]) if self._told(query.at.astimezone(zone)) else []
        today = query.now.astimezone(zone).date()
        days = query.days or tuple(today + timedelta(days=n) for n in range(1, LOOKS_AHEAD))
        starts = [
            datetime.combine(day, clock, zone)
            for day in days
            for weekday, clock in self.free_hours
            if weekday in (None, day.weekday()) and day not in query.not_days and _inside(clock, query)
        ]
        fit = sorted({start.astimezone(UTC) for start in starts} - set(query.exclude))
        return self._slots([start for start in fit if start > query.now][: query.limit])

    def _told(self, at: datetime) -> bool:
        return not self.free_hours.isdisjoint({(at.weekday(), at.time()), (None, at.time())})

    def _slots(self, starts: Sequence[datetime]) -> list[Slot]:
        return [Slot(start, start + LENGTH, self.resource) for start in starts]


def _inside(clock: time, query: SlotQuery) -> bool:
    text = f"{clock:%H:%M}"
    return (query.clock_from or "00:00") <= text <= (query.clock_to or "23:59")
