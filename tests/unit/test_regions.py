"""Places of numbers, spoken zones, the facts of states, and the calling window with its ten known cases."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.calling_window import Answer, candidates, check, next_open
from domain.regions import Place, RegionsRefused, read_regions

RAW: dict[str, Any] = {
    name: json.loads(Path(f"policy/data/{name}.json").read_text("utf-8"))
    for name in ("us_states", "us_area_codes", "regions")
}
REGIONS = read_regions(**RAW)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "region", "zones"),
    [
        ("+15125550101", "US-TX", ("America/Chicago",)),
        ("+16145550102", "US-OH", ("America/New_York",)),
        ("+13055550103", "US-FL", ("America/New_York",)),
        ("+18505550123", "US-FL", ("America/New_York", "America/Chicago")),
        ("+12195550100", "US-IN", ("America/Chicago", "America/New_York")),
        ("+14155550107", "US-CA", ("America/Los_Angeles",)),
        ("+4930123456", "DE", ("Europe/Berlin",)),
        ("+442079460000", "GB", ("Europe/London",)),
        ("+14165550100", "CA", ("America/Toronto",)),
        ("+18005550199", None, ()),
        ("+12995550100", None, ()),
        ("not a number", None, ()),
        ("", None, ()),
    ],
)
def test_place_of_a_number(number: str, region: str | None, zones: tuple[str, ...]) -> None:
    found, candidate_zones = REGIONS.of(number)
    assert found == region
    assert set(candidate_zones) == set(zones)
    assert REGIONS.place_of(number).split is (len(zones) > 1)


def test_california_is_not_canada() -> None:
    california, canada = REGIONS.place_of("+14155550107"), REGIONS.place_of("+14165550100")
    assert (california.country, california.state) == ("US", "CA")
    assert (canada.country, canada.state) == ("CA", None)
    assert REGIONS.state(canada.region) is None
    assert REGIONS.country(canada.region) is not None


@pytest.mark.parametrize(
    ("region", "zone", "spoken"),
    [
        ("US-TX", "America/Chicago", "Central"),
        ("US-OH", "America/New_York", "Eastern"),
        ("US-AZ", "America/Phoenix", "Arizona"),
        ("US-CA", "America/Los_Angeles", "Pacific"),
    ],
)
def test_zone_of_a_region_and_its_name(region: str, zone: str, spoken: str) -> None:
    assert REGIONS.zone_of(region) == zone
    assert REGIONS.zone_name(zone) == spoken


@pytest.mark.parametrize("region", ["US-ND", "US-ID", "US-ZZ", "DE", ""])
def test_an_undecided_region_has_to_be_asked(region: str) -> None:
    assert REGIONS.zone_of(region) is None


def test_foreign_zones_are_spoken_by_their_city() -> None:
    assert REGIONS.zone_name("Europe/Berlin") == "Berlin"
    assert REGIONS.zone_name("America/Argentina/Buenos_Aires") == "Buenos Aires"


def test_tables_are_complete_and_unsigned() -> None:
    assert len(REGIONS.tables.states) == 51
    assert len(REGIONS.tables.area_codes) == 359
    assert sum(row.split for row in REGIONS.tables.area_codes.values()) == 25
    assert all(len(row.tz) == 2 for row in REGIONS.tables.area_codes.values() if row.split)
    assert {row.state for row in REGIONS.tables.area_codes.values()} == set(REGIONS.tables.states)
    assert all(state.signed_by is None for state in REGIONS.tables.states.values())
    waiting = {name for name, state in REGIONS.tables.states.items() if state.recording.law == "all_party"}
    assert waiting == {"CA", "FL", "IL", "MD", "MA", "MT", "NV", "NH", "PA", "WA"}


def test_caps_of_number_and_address_both_hold() -> None:
    caps = REGIONS.attempt_caps("US-ME", "US-FL", None, "US-NY", "US-FL", "GB")
    assert [(cap.calls, cap.hours) for cap in caps] == [(1, 8), (3, 24)]


def test_members_of_the_union_share_their_rules() -> None:
    assert REGIONS.country("DE") is REGIONS.country("FR") is not None
    assert REGIONS.country("CH") is None
    assert REGIONS.country(None) is None


@pytest.mark.parametrize(
    ("table", "path", "value", "field"),
    [
        ("us_states", ["states", "FL", "hours_ai_voice", "sun"], ["08:00"], "states.FL.hours_ai_voice.sun"),
        (
            "us_states",
            ["states", "FL", "hours_ai_voice", "mon_fri"],
            ["8", "20"],
            "states.FL.hours_ai_voice.mon_fri.opens",
        ),
        ("us_states", ["states", "FL", "hours_ai_voice", "verified"], "sure", "states.FL.hours_ai_voice.verified"),
        ("us_states", ["states", "FL", "cooling_off_days"], 0, "states.FL.cooling_off_days"),
        ("us_area_codes", ["npa", "212", "tz"], [], "area_codes.212.tz"),
        ("regions", ["regions", "GB", "cite"], None, "countries.GB.cite"),
    ],
)
def test_bad_table_is_refused(table: str, path: list[str], value: Any, field: str) -> None:
    raw = copy.deepcopy(RAW)
    node = raw[table]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(RegionsRefused) as caught:
        read_regions(**raw)
    assert field in [problem.field for problem in caught.value.problems], str(caught.value)


def ask(
    number: str, moment: str, region: str | None = None, zone: str | None = None, consented: bool = False
) -> Answer:
    where = candidates(REGIONS.place_of(number), region, zone)
    return check(REGIONS, where, utc(moment), consented=consented)


TEN_CASES = {
    "FL, Monday 19:30 Eastern, 18:30 Central": (("+18505550100", "2026-11-24T00:30"), True, ""),
    "FL, 20:30 in the Eastern candidate": (("+18505550100", "2026-11-24T01:30"), False, "US-FL America/New_York 20:30"),
    "FL, zone confirmed Central": (("+18505550100", "2026-11-24T01:30", "US-FL", "America/Chicago"), True, ""),
    "NY, 20:30": (("+12125550100", "2026-11-24T01:30"), True, ""),
    "TX, Sunday 11:30": (("+15125550100", "2026-11-22T17:30"), False, "outside 12:00-21:00"),
    "UT, Sunday": (("+18015550100", "2026-11-22T20:00"), False, "closed on Sundays"),
    "UT, Sunday with consent": (("+18015550100", "2026-11-22T20:00", None, None, True), True, ""),
    "LA, Sunday even with consent": (
        ("+15045550100", "2026-11-22T20:00", None, None, True),
        False,
        "closed on Sundays",
    ),
    "NY number, FL address, 20:30": (("+12125550100", "2026-11-24T01:30", "US-FL", "America/New_York"), False, "US-FL"),
    "toll-free without an address": (("+18005550199", "2026-11-23T18:00"), False, "no place"),
}


@pytest.mark.parametrize("name", TEN_CASES)
def test_ten_cases(name: str) -> None:
    asked, is_open, word = TEN_CASES[name]
    answer = ask(*asked)
    assert answer.open is is_open
    assert word in " ".join(answer.reasons)
    assert bool(answer.reasons) is not is_open


@pytest.mark.parametrize(
    ("asked", "is_open"),
    [
        (("+18005550199", "2026-11-23T18:00", "US-TX", "America/Chicago"), True),  # toll-free with an address
        (("+18005550199", "2026-11-23T18:00", None, "America/Chicago"), False),  # a zone alone is no place
        (
            ("+18505550100", "2026-11-24T01:30", "US-AL", "America/Chicago"),
            False,
        ),  # an address elsewhere narrows nothing
        (("+13125550104", "2026-11-24T15:00"), True),  # Illinois opens at nine
        (("+13125550104", "2026-11-24T14:59"), False),
        (("+12065550119", "2026-11-24T15:00"), False),  # Washington, 07:00
        (("+12065550119", "2026-11-24T18:00"), True),
        (("+12065550119", "2026-11-25T04:00"), False),  # Washington closes at eight in the evening
        (
            ("+16015550100", "2026-11-22T20:00", None, None, True),
            False,
        ),  # unchecked exceptions for consent do not count
        (("+4930123456", "2026-11-24T18:59"), True),  # 19:59 in Berlin
        (("+4930123456", "2026-11-24T19:00"), False),
        (("+442079460000", "2026-11-22T12:00"), False),  # a Sunday
        (("+14165550100", "2026-11-22T14:59"), False),  # Toronto, Sunday 09:59
        (("+14165550100", "2026-11-22T15:00"), True),
        (("+41446681800", "2026-11-24T12:00"), False),  # Switzerland has no rules here
    ],
)
def test_more_windows(asked: tuple[Any, ...], is_open: bool) -> None:
    assert ask(*asked).open is is_open


def test_holidays_close_some_states_only() -> None:
    thanksgiving, moment = [date(2026, 11, 26)], utc("2026-11-26T18:00")
    rhode_island, new_york = (candidates(REGIONS.place_of(number)) for number in ("+14015550100", "+12125550100"))
    closed = check(REGIONS, rhode_island, moment, holidays=thanksgiving)
    assert closed.reasons == ("US-RI America/New_York 13:00: closed on holidays",)
    assert check(REGIONS, rhode_island, moment).open
    assert check(REGIONS, new_york, moment, holidays=thanksgiving).open


def test_a_signed_row_makes_its_exception_count() -> None:
    raw = copy.deepcopy(RAW)
    raw["us_states"]["states"]["MS"]["signed_by"] = "counsel"
    raw["us_states"]["states"]["LA"]["signed_by"] = "counsel"
    signed, sunday = read_regions(**raw), utc("2026-11-22T20:00")
    for number, is_open in (("+16015550100", True), ("+15045550100", False)):
        assert check(signed, candidates(signed.place_of(number)), sunday, consented=True).open is is_open


@pytest.mark.parametrize(
    ("number", "now", "opens"),
    [
        ("+18505550123", "2026-11-24T01:10", "2026-11-24T14:00"),  # 08:00 in the later of two zones
        ("+12125550106", "2026-11-24T15:00", "2026-11-24T15:00"),
        ("+12125550106", "2026-11-24T02:00", "2026-11-24T13:00"),
        ("+15125550100", "2026-11-22T03:30", "2026-11-22T18:00"),  # Texas opens at noon on Sundays
        ("+14015550100", "2026-11-21T22:00", "2026-11-23T14:00"),  # Rhode Island: Saturday 17:00 to Monday 09:00
    ],
)
def test_next_open(number: str, now: str, opens: str) -> None:
    where = candidates(REGIONS.place_of(number))
    found = next_open(REGIONS, where, utc(now))
    assert found == utc(opens)
    assert found is not None and check(REGIONS, where, found).open


def test_next_open_is_the_first_such_minute() -> None:
    where = candidates(REGIONS.place_of("+18505550123"))
    now = utc("2026-11-24T01:10")
    found = next_open(REGIONS, where, now)
    assert found is not None
    minutes = int((found - now) / timedelta(minutes=1))
    assert not any(check(REGIONS, where, now + timedelta(minutes=m)).open for m in range(minutes))


def test_a_place_without_rules_never_opens() -> None:
    assert next_open(REGIONS, candidates(Place()), utc("2026-11-24T15:00")) is None
    assert next_open(REGIONS, candidates(REGIONS.place_of("+41446681800")), utc("2026-11-24T15:00")) is None


def test_daylight_saving_moves_the_opening() -> None:
    """Clocks in Chicago go back on 2026-11-01: nine o'clock is 14:00Z before and 15:00Z after."""
    where = candidates(REGIONS.place_of("+13125550104"))
    assert next_open(REGIONS, where, utc("2026-10-31T03:00")) == utc("2026-10-31T14:00")
    assert next_open(REGIONS, where, utc("2026-11-02T03:00")) == utc("2026-11-02T15:00")
