"""What the buyer's times mean in the calendar: the days and hours they narrow it to, and the one instant they name."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.reading import TimeKind, TimeMention
from domain.turn import Turn
from nodes.whereabouts import zone_of


def focus_of(turn: Turn) -> dict[str, Any]:
    """What the buyer wants of the calendar: newer words narrow or replace older ones."""
    focus: dict[str, Any] = turn.deal.setdefault("focus", {})
    for mention in turn.reading.times:
        _narrow(focus, mention)
    return focus


def _narrow(focus: dict[str, Any], mention: TimeMention) -> None:
    if mention.kind is TimeKind.EXCLUSION:
        focus["not_days"] = [*focus.get("not_days", []), *(d.isoformat() for d in days_of(mention))]
        return
    days = [d.isoformat() for d in days_of(mention)]
    if days:
        focus["days"] = days
        focus.pop("at_clock", None)
        focus.pop("clock_from", None)
        focus.pop("clock_to", None)
    if mention.kind is TimeKind.POINT and mention.clock_from:
        focus["at_clock"] = _hhmm(mention.clock_from)
        return
    if mention.clock_from or mention.clock_to:
        focus.pop("at_clock", None)
        focus["clock_from"] = _hhmm(mention.clock_from) if mention.clock_from else None
        focus["clock_to"] = _hhmm(mention.clock_to) if mention.clock_to else None


def days_of(mention: TimeMention) -> list[date]:
    if mention.day_from is None:
        return []
    last = mention.day_to or mention.day_from
    if mention.kind is TimeKind.NOT_BEFORE and mention.day_to is None:
        last = mention.day_from + timedelta(days=6)
    count = min((last - mention.day_from).days, 30)
    return [mention.day_from + timedelta(days=i) for i in range(count + 1)]


def _hhmm(clock: time) -> str:
    return f"{clock.hour:02d}:{clock.minute:02d}"


def exact_time(turn: Turn, focus: dict[str, Any]) -> datetime | None:
    """The one instant that the words mean: a clock time on the day they speak of, or one of the slots on offer."""
    clock = focus.pop("at_clock", None)  # meant once: what is offered next is measured by newer words
    if not clock:
        return None
    zone = ZoneInfo(zone_of(turn))
    offered = [datetime.fromisoformat(s) for s in turn.deal.get("slots", [])]
    days = [date.fromisoformat(d) for d in focus.get("days", [])]
    match = [
        s
        for s in offered
        if s.astimezone(zone).strftime("%H:%M") == clock and (not days or s.astimezone(zone).date() in days)
    ]
    if match:
        return match[0]
    day = days[0] if days else _day_on_offer(offered, zone)
    if day is None:
        return None
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(ZoneInfo("UTC"))


def _day_on_offer(offered: list[datetime], zone: ZoneInfo) -> date | None:
    return offered[0].astimezone(zone).date() if offered else None
