"""What is offered as a meeting: working hours, holidays, zones, clock changes, spread."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from domain.errors import BadInput
from domain.ports import Slot, SlotQuery
from tools.calendar import LocalCalendar
from tools.opening_hours import CalendarRules, load_rules, rules_from

FILE = Path(__file__).parents[2] / "policy" / "calendar.yaml"
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
NEW_YORK = "America/New_York"
Taken = Sequence[tuple[datetime, datetime]]


def calendar(taken: Taken = (), rules: CalendarRules | None = None) -> LocalCalendar:
    async def busy(starts: datetime, ends: datetime) -> Taken:
        return [span for span in taken if span[0] < ends and starts < span[1]]

    return LocalCalendar(busy, rules or load_rules(FILE))


def free(query: SlotQuery, taken: Taken = (), rules: CalendarRules | None = None) -> Sequence[Slot]:
    return asyncio.run(calendar(taken, rules).free(query))


def local(slots: Sequence[Slot], zone: str) -> list[datetime]:
    return [slot.starts.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for slot in slots]


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        (NEW_YORK, "2026-11-25 14:00", datetime(2026, 11, 25, 19, tzinfo=UTC)),
        (NEW_YORK, "2026-11-25 10:00", datetime(2026, 11, 25, 15, tzinfo=UTC)),
        (NEW_YORK, "2026-11-30 10:00", datetime(2026, 11, 30, 15, tzinfo=UTC)),
        ("America/Los_Angeles", "2026-11-30 09:00", datetime(2026, 11, 30, 17, tzinfo=UTC)),
        ("America/Chicago", "2026-11-30 11:00", datetime(2026, 11, 30, 17, tzinfo=UTC)),
    ],
)
def test_a_named_time_is_free_and_lies_at_the_right_instant(zone: str, wall: str, utc: datetime) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone))
    assert free(SlotQuery(zone, NOW, at=at)) == [Slot(utc, utc + timedelta(minutes=30))]


def test_no_meeting_on_a_holiday_whatever_is_asked() -> None:
    thanksgiving = date(2026, 11, 26)
    book = calendar()
    assert not book.working_day(thanksgiving)
    assert book.working_day(date(2026, 11, 25))
    assert not book.working_day(date(2026, 11, 28))
    assert free(SlotQuery(NEW_YORK, NOW, days=(thanksgiving,))) == []
    assert free(SlotQuery(NEW_YORK, NOW, at=datetime(2026, 11, 26, 14, tzinfo=ZoneInfo(NEW_YORK)))) == []
    for hour in range(72):
        offered = free(SlotQuery(NEW_YORK, NOW + timedelta(hours=hour), limit=9))
        assert offered
        assert all(moment.date() != thanksgiving for moment in local(offered, NEW_YORK))


def test_an_observed_holiday_and_a_state_holiday_are_closed() -> None:
    rules = load_rules(FILE)
    assert not rules.open_on(date(2027, 7, 5))  # Independence Day falls on a Sunday
    friday_after = date(2026, 11, 27)
    assert rules.open_on(friday_after)
    assert not replace(rules, subdivision="TX").open_on(friday_after)
    assert not replace(rules, closed=frozenset({friday_after})).open_on(friday_after)


def test_choices_are_spread_over_days_and_hours() -> None:
    offered = local(free(SlotQuery(NEW_YORK, NOW)), NEW_YORK)
    assert offered == sorted(offered)
    assert len(offered) == 3
    assert len({moment.date() for moment in offered}) == 2
    one_day = local(free(SlotQuery(NEW_YORK, NOW, days=(date(2026, 11, 25),))), NEW_YORK)
    assert [moment.time() for moment in one_day] == [time(10), time(14), time(16)]


def test_an_afternoon_holds_two_o_clock_and_nothing_else_than_the_afternoon() -> None:
    query = SlotQuery(NEW_YORK, NOW, days=(date(2026, 11, 25),), clock_from="12:00", clock_to="17:00")
    offered = [moment.time() for moment in local(free(query), NEW_YORK)]
    assert time(14) in offered
    assert all(time(12) <= moment <= time(17) for moment in offered)


def test_three_half_hours_in_a_row_are_offered_only_when_nothing_else_is_left() -> None:
    query = SlotQuery(NEW_YORK, NOW, days=(date(2026, 11, 25),), clock_from="10:00", clock_to="11:00")
    assert [m.time() for m in local(free(query), NEW_YORK)] == [time(10), time(10, 30), time(11)]
    assert [m.time() for m in local(free(replace(query, limit=2)), NEW_YORK)] == [time(10), time(11)]


def test_what_the_buyer_turned_down_is_not_offered_again_nor_its_neighbour() -> None:
    query = SlotQuery(NEW_YORK, NOW, days=(date(2026, 11, 25),))
    first = free(query)
    second = free(replace(query, exclude=tuple(slot.starts for slot in first)))
    assert len(second) == 3
    assert all(abs(a.starts - b.starts) >= timedelta(hours=1) for a in first for b in second)
    other_day = free(SlotQuery(NEW_YORK, NOW, not_days=(date(2026, 11, 24), date(2026, 11, 25))))
    assert {moment.date() for moment in local(other_day, NEW_YORK)} == {date(2026, 11, 27), date(2026, 11, 30)}


def test_a_taken_hour_is_not_offered_and_its_neighbours_are() -> None:
    starts = datetime(2026, 11, 25, 19, tzinfo=UTC)
    taken = [(starts, starts + timedelta(minutes=30))]
    query = SlotQuery(NEW_YORK, NOW, at=starts)
    assert free(query, taken) == []
    assert free(replace(query, at=starts + timedelta(minutes=30)), taken)
    assert free(replace(query, at=starts - timedelta(minutes=30)), taken)
    assert free(replace(query, at=starts), [(starts + timedelta(minutes=29), starts + timedelta(minutes=40))]) == []


def test_lead_time_horizon_and_the_past() -> None:
    soon = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert free(SlotQuery(NEW_YORK, NOW, at=soon)) == []
    assert free(SlotQuery(NEW_YORK, NOW, at=soon + timedelta(minutes=30)))
    assert free(SlotQuery(NEW_YORK, NOW, at=NOW - timedelta(days=1))) == []
    assert free(SlotQuery(NEW_YORK, NOW, days=(date(2027, 6, 1),))) == []
    assert free(SlotQuery(NEW_YORK, NOW, days=(date(2026, 11, 23),))) == []


def test_the_buyers_own_day_limits_what_is_offered_but_not_what_he_names() -> None:
    """07:00 in Chicago is 05:00 in Los Angeles: open, but nobody is offered that."""
    zone = "America/Los_Angeles"
    offered = free(SlotQuery(zone, NOW, days=(date(2026, 11, 30),), limit=50))
    assert min(moment.time() for moment in local(offered, zone)) == time(8)
    assert free(SlotQuery(zone, NOW, at=datetime(2026, 11, 30, 5, tzinfo=ZoneInfo(zone))))
    early = SlotQuery(zone, NOW, days=(date(2026, 11, 30),), clock_from="05:00", clock_to="07:00")
    assert local(free(early), zone)[0].time() == time(5)


def test_a_day_is_the_buyers_day() -> None:
    """In Auckland the American working day falls on the next date."""
    zone = "Pacific/Auckland"
    offered = free(SlotQuery(zone, NOW, days=(date(2026, 12, 1),), limit=50))
    assert offered
    assert {moment.date() for moment in local(offered, zone)} == {date(2026, 12, 1)}
    assert {moment.date() for moment in local(offered, "America/Chicago")} == {date(2026, 11, 30)}


@pytest.mark.parametrize(
    ("day", "hour_utc"),
    [
        (date(2026, 10, 30), 14),  # Friday before the clocks go back on 1 November: UTC-4
        (date(2026, 11, 2), 15),
        (date(2027, 3, 12), 15),  # Friday before the clocks go forward on 14 March
        (date(2027, 3, 15), 14),
    ],
)
def test_ten_in_the_morning_stays_ten_across_a_clock_change(day: date, hour_utc: int) -> None:
    now = datetime.combine(day, time(), UTC) - timedelta(days=5)
    slots = free(SlotQuery(NEW_YORK, now, days=(day,), clock_from="10:00", clock_to="10:00"))
    assert [slot.starts for slot in slots] == [datetime.combine(day, time(hour_utc), UTC)]


def test_zones_that_change_their_clocks_on_another_day_are_right() -> None:
    """Between 14 and 28 March 2027 London is four hours from New York, afterwards five."""
    now = datetime(2027, 3, 10, tzinfo=UTC)
    for day, hour_utc in ((date(2027, 3, 22), 15), (date(2027, 3, 29), 14)):
        slots = free(SlotQuery("Europe/London", now, days=(day,), clock_from="15:00", clock_to="15:00"))
        assert [slot.starts for slot in slots] == [datetime.combine(day, time(hour_utc), UTC)]


def test_a_span_over_the_clock_change_itself_neither_skips_nor_doubles_a_slot() -> None:
    raw = yaml.safe_load(FILE.read_text())
    rules = rules_from({**raw, "hours": {"sun": ["00:00-06:00"]}})
    back = list(rules.slots(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)))
    forward = list(rules.slots(datetime(2027, 3, 14, tzinfo=UTC), datetime(2027, 3, 15, tzinfo=UTC)))
    assert (len(back), len(forward)) == (14, 10)  # seven and five real hours
    for slots in (back, forward):
        assert all(b.starts - a.starts == timedelta(minutes=30) for a, b in pairwise(slots))


def test_the_same_question_has_the_same_answer() -> None:
    query = SlotQuery(NEW_YORK, NOW, limit=5)
    assert free(query) == free(query)
    assert len(free(query)) == 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Central"}, "zone"),
        ({"hours": {"mon": ["19:00-07:00"]}}, "hours.mon"),
        ({"hours": {"mon": ["07:00-12:00", "11:00-15:00"]}}, "hours.mon"),
        ({"hours": {"monday": ["07:00-12:00"]}}, "hours.monday"),
        ({"step_minutes": 0}, "step_minutes"),
        ({"holidays": {"country": "Texas"}}, "holidays"),
        ({"holidays": {"country": "US", "subdivision": "ZZ"}}, "holidays"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_bad_file_is_refused_with_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        rules_from({**yaml.safe_load(FILE.read_text()), **change})
    assert field in refusal.value.field


def test_a_missing_or_broken_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load_rules(tmp_path / "calendar.yaml")
    (tmp_path / "calendar.yaml").write_text("zone: [")
    with pytest.raises(BadInput, match="no YAML"):
        load_rules(tmp_path / "calendar.yaml")
