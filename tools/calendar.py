"""Which meetings can be offered: working hours, holidays and zones, so that no buyer is promised a closed hour."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.ports import Slot, SlotQuery
from tools.opening_hours import CalendarRules

Busy = Callable[[datetime, datetime], Awaitable[Sequence[tuple[datetime, datetime]]]]

_DAYS_OFFERED = 2  # where the buyer named no day
_STRETCH = timedelta(days=5)  # how far ahead the first question to the bookings looks; each further one twice as far
_LIKED_HOURS = (10, 14, 16, 11, 15, 9, 13, 17, 12, 8)


class LocalCalendar:
    """The calendar of one team. `busy` tells what is taken; everything else are rules."""

    def __init__(self, busy: Busy, rules: CalendarRules) -> None:
        self._busy = busy
        self._rules = rules

    def working_day(self, day: date) -> bool:
        return self._rules.open_on(day)

    async def free(self, query: SlotQuery) -> Sequence[Slot]:
        """Free slots as the port promises: inside working hours, no holiday, spread over the day, in time order."""
        by_day: dict[date, list[Slot]] = {}
        enough = 1 if query.at or query.days else _DAYS_OFFERED
        for first, last in self._stretches(query):
            for slot in await self._open(query, first, last):
                by_day.setdefault(_local(slot, query).date(), []).append(slot)
            if not query.days and len(by_day) > enough:  # the last day looked at may be cut off
                break
        days = sorted(by_day) if query.days else sorted(by_day)[:enough]
        return self._spread({day: by_day[day] for day in days}, query)

    def _stretches(self, query: SlotQuery) -> Iterator[tuple[datetime, datetime]]:
        """Spans to look at, nearest first, between the lead time and the horizon."""
        first = query.now + self._rules.lead
        last = query.now + self._rules.horizon
        if query.at:
            first, last = max(first, query.at), min(last, query.at)
        elif query.days:
            zone = ZoneInfo(query.zone)
            first = max(first, datetime.combine(min(query.days), time(), zone).astimezone(UTC))
            last = min(last, datetime.combine(max(query.days) + timedelta(days=1), time(), zone).astimezone(UTC))
        stretch = last - first if query.days else _STRETCH
        while first <= last:
            yield first, min(first + stretch, last)
            first += stretch + timedelta(microseconds=1)
            stretch *= 2

    async def _open(self, query: SlotQuery, first: datetime, last: datetime) -> list[Slot]:
        wanted = list(filter(self._wanted(query), self._rules.slots(first, last)))
        if not wanted:
            return []
        taken = await self._busy(wanted[0].starts, max(slot.ends for slot in wanted))
        return [s for s in wanted if not any(starts < s.ends and s.starts < ends for starts, ends in taken)]

    def _wanted(self, query: SlotQuery) -> Callable[[Slot], bool]:
        """Whether a slot is one that the buyer can mean; what the question says is read once, not once a slot."""
        if query.at:
            return lambda slot: slot.starts == query.at
        zone, (from_, to) = ZoneInfo(query.zone), self._rules.buyer_hours
        earliest = time.fromisoformat(query.clock_from) if query.clock_from else from_
        latest = time.fromisoformat(query.clock_to) if query.clock_to else None

        def wanted(slot: Slot) -> bool:
            local = slot.starts.astimezone(zone)
            day, starts = local.date(), local.time()
            if slot.starts in query.exclude or day in query.not_days or (query.days and day not in query.days):
                return False
            if latest is not None:
                return earliest <= starts <= latest
            ends = slot.ends.astimezone(zone)
            return earliest <= starts and ends.date() == day and ends.time() <= to

        return wanted

    def _spread(self, by_day: Mapping[date, Sequence[Slot]], query: SlotQuery) -> list[Slot]:
        """Liked hours first, a day at a time in turn, never two that almost touch while there is another choice."""
        ranked = {day: sorted(slots, key=lambda s: _liking(_local(s, query))) for day, slots in by_day.items()}
        chosen: list[Slot] = []
        for gap in (self._rules.gap, timedelta(0)):
            found = True
            while found and len(chosen) < query.limit:
                found = False
                for slots in ranked.values():
                    slot = _next(slots, chosen, query.exclude, gap)
                    if slot and len(chosen) < query.limit:
                        chosen.append(slot)
                        found = True
        return sorted(chosen, key=lambda slot: slot.starts)


def _local(slot: Slot, query: SlotQuery) -> datetime:
    return slot.starts.astimezone(ZoneInfo(query.zone))


def _liking(local: datetime) -> tuple[bool, int, datetime]:
    liked = _LIKED_HOURS.index(local.hour) if local.hour in _LIKED_HOURS else len(_LIKED_HOURS)
    return local.minute != 0, liked, local


def _next(slots: Sequence[Slot], chosen: Sequence[Slot], rejected: Sequence[datetime], gap: timedelta) -> Slot | None:
    """The best slot that keeps its distance from what is offered already and from what the buyer turned down."""
    others = [slot.starts for slot in chosen]
    for slot in slots:
        near = any(abs(slot.starts - other) < gap for other in (*others, *rejected))
        if not near and slot.starts not in others:
            return slot
    return None
