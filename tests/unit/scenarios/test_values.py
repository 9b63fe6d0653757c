"""The values of a scenario as people write them, and what is said about those that cannot be read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from graph.scenarios.compare import matches
from graph.scenarios.values import Duration, Figure, Moment, Move, Path, Record, RecordWant, Tally


def read(kind: Any, raw: object) -> Any:
    return TypeAdapter(kind).validate_python(raw)


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [("40 s", 40), ("3 min", 180), ("5 h", 18000), ("2 d", 172800), ("0.5 s", 0.5), (7, 7), ("3min", 180)],
)
def test_durations(raw: object, seconds: float) -> None:
    assert read(Duration, raw) == timedelta(seconds=seconds)


@pytest.mark.parametrize("raw", ["soon", "5", "-3 s", "3 weeks", True, None, -1])
def test_what_is_no_duration_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError, match="this is no duration such as 40 s"):
        read(Duration, raw)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-11-24T15:00:00Z",
        "2026-11-24T10:00:00-05:00",
        "2026-11-24 10:00 America/New_York",
        "2026-11-24T09:00 America/Chicago",
    ],
)
def test_moments(raw: str) -> None:
    assert read(Moment, raw) == datetime(2026, 11, 24, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw", ["2026-11-24T15:00:00", "2026-11-24 10:00 Mars/Base", "tomorrow", 5, "2026-13-01T00:00:00Z"]
)
def test_what_is_no_moment_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError, match="this is no moment such as"):
        read(Moment, raw)


@pytest.mark.parametrize(
    ("raw", "moves"),
    [
        ("none", ()),
        ("T05 T06", (Move("T05"), Move("T06"))),
        ("T41 (A1) T42 (approved)", (Move("T41", "A1"), Move("T42", "approved"))),
        (
            "T43 PARKED, T44 (to CLOSE.price) T29",
            (Move("T43", None, "PARKED"), Move("T44", None, "CLOSE.price"), Move("T29")),
        ),
        ("T32 WON", (Move("T32", None, "WON"),)),
        ("T43 (line_lost) PARKED", (Move("T43", "line_lost", "PARKED"),)),
    ],
)
def test_paths(raw: str, moves: tuple[Move, ...]) -> None:
    assert read(Path, raw) == moves


@pytest.mark.parametrize(
    "raw", ["T99", "T05 then T06", "(A1) T41", "T05 NOWHERE", "WON", "T44 (to MOON.price)", ["T05"], "t05"]
)
def test_what_is_no_path_is_refused(raw: object) -> None:
    with pytest.raises(ValidationError, match=r"is no row T01 to T54|written as one text"):
        read(Path, raw)


@pytest.mark.parametrize(
    ("raw", "found", "problem"),
    [
        (2, 2, None),
        (2, 3, "3 instead of 2"),
        ({"at_least": 1}, 0, "0 instead of at least 1"),
        ({"at_least": 1, "at_most": 3}, 4, "4 instead of at most 3"),
        ({"at_least": 1, "at_most": 3}, 3, None),
    ],
)
def test_tallies(raw: object, found: int, problem: str | None) -> None:
    assert read(Tally, raw).problem(found) == problem


@pytest.mark.parametrize(
    ("raw", "found", "problem"),
    [
        (Decimal("0.63"), 0.645, None),
        (Decimal("0.63"), 0.655, "0.655 instead of 0.630 (+-0.02)"),
        ({"about": Decimal("0.63"), "within": Decimal("0.04")}, 0.655, None),
        ({"at_least": Decimal("0.6")}, 0.6, None),
        ({"at_most": Decimal("0.55")}, 0.5501, "0.550 instead of at most 0.55"),
        ({"below": Decimal("0.6")}, 0.6, "0.600 instead of below 0.6"),
    ],
)
def test_figures(raw: object, found: float, problem: str | None) -> None:
    assert read(Figure, raw).problem(found) == problem


def test_records() -> None:
    assert read(Record, "owner=human") == RecordWant("owner=human", {})
    assert read(Record, {"price_ack": {"amount": 5}}) == RecordWant("price_ack", {"amount": 5})
    for raw in ({"a": {}, "b": {}}, {"a": 5}, 5, {}):
        with pytest.raises(ValidationError, match="a record is a name, or one name with a block of fields"):
            read(Record, raw)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (Decimal("2388.00"), "2388.0"),
        (15, "15"),
        ("2026-11-25 14:00 America/New_York", "2026-11-25T19:00:00+00:00"),
        ({"kind": "discount", "value": None}, {"kind": "discount", "value": None, "unit": "percent"}),
        ([1, {"a": 2}], ("1", {"a": 2, "b": 3})),
        (True, True),
        ("sms", "sms"),
    ],
)
def test_what_matches(want: Any, got: Any) -> None:
    assert matches(want, got)


@pytest.mark.parametrize(
    ("want", "got"),
    [
        (15, "15.5"),
        ({"a": 1}, {}),
        ([1], [1, 2]),
        (None, 0),
        (True, 1),
        (1, True),
        ("sms", None),
        ({"a": 1}, None),
        ([1], "1"),
    ],
)
def test_what_does_not_match(want: Any, got: Any) -> None:
    assert not matches(want, got)
