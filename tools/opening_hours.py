"""The rules of policy/calendar.yaml, checked on load, and the slots that they allow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import holidays
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from domain.errors import BadInput
from domain.ports import Slot

Span = tuple[time, time]
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """Working hours of the team, in its own zone."""

    zone: ZoneInfo
    hours: tuple[tuple[Span, ...], ...]  # by weekday, Monday first
    buyer_hours: Span
    length: timedelta
    step: timedelta
    lead: timedelta
    horizon: timedelta
    gap: timedelta
    country: str
    subdivision: str | None = None
    closed: frozenset[date] = frozenset()

    def open_on(self, day: date) -> bool:
        return bool(self.hours[day.weekday()]) and not self.holiday(day)

    def holiday(self, day: date) -> bool:
        return day in self.closed or day in _public_holidays(self.country, self.subdivision)

    def slots(self, first: datetime, last: datetime) -> Iterator[Slot]:
        """Every slot that starts between two instants. The steps are real time, so that a clock change skips none."""
        day = first.astimezone(self.zone).date() - timedelta(days=1)
        while day <= last.astimezone(self.zone).date():
            for opens, closes in self.hours[day.weekday()] if self.open_on(day) else ():
                starts = datetime.combine(day, opens, self.zone).astimezone(UTC)
                end = datetime.combine(day, closes, self.zone).astimezone(UTC)
                while starts + self.length <= end:
                    if first <= starts <= last:
                        yield Slot(starts, starts + self.length)
                    starts += self.step
            day += timedelta(days=1)


def load_rules(path: Path) -> CalendarRules:
    """The rules of a calendar file; raises BadInput naming the field and the remedy."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise BadInput(str(path), f"cannot be read ({error.strerror})", "Put the calendar file back") from None
    except yaml.YAMLError as error:
        raise BadInput(str(path), f"is no YAML: {str(error).splitlines()[0]}", "Check quotes and indentation") from None
    return rules_from(raw, path.name)


def rules_from(raw: Any, origin: str = "calendar") -> CalendarRules:
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        problem = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{origin}: {field}", problem, "See the comments in policy/calendar.yaml") from None
    hours = {name: tuple(sorted(_span(text) for text in spans)) for name, spans in file.hours.items()}
    return CalendarRules(
        zone=ZoneInfo(file.zone),
        hours=tuple(hours.get(name, ()) for name in _WEEKDAYS),
        buyer_hours=_span(file.buyer_hours),
        length=timedelta(minutes=file.meeting_minutes),
        step=timedelta(minutes=file.step_minutes),
        lead=timedelta(minutes=file.lead_minutes),
        horizon=timedelta(days=file.horizon_days),
        gap=timedelta(minutes=file.gap_minutes),
        country=file.holidays.country,
        subdivision=file.holidays.subdivision,
        closed=frozenset(file.holidays.closed),
    )


def _span(text: str) -> Span:
    opens, _, closes = text.partition("-")
    return time.fromisoformat(opens), time.fromisoformat(closes)


def _check_span(text: str) -> str:
    try:
        opens, closes = _span(text)
    except ValueError:
        raise ValueError(f"{text!r} is no span such as 07:00-19:00") from None
    if opens >= closes:
        raise ValueError(f"{text!r} ends before it begins")
    return text


def _check_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone such as America/Chicago")
    return name


def _check_spans(spans: list[str]) -> list[str]:
    ordered = sorted(_span(text) for text in spans)
    if any(before[1] > after[0] for before, after in pairwise(ordered)):
        raise ValueError("two spans of a day overlap")
    return spans


_SpanText = Annotated[str, AfterValidator(_check_span)]
_Minutes = Annotated[int, Field(gt=0, le=1440)]


class _Holidays(BaseModel):
    model_config = ConfigDict(extra="forbid")
    country: str
    subdivision: str | None = None
    closed: list[date] = []

    def model_post_init(self, context: Any) -> None:
        known = holidays.list_supported_countries()
        if self.country not in known:
            raise ValueError(f"no holidays are known for the country {self.country!r}")
        if self.subdivision and self.subdivision not in known[self.country]:
            raise ValueError(f"no holidays are known for {self.country}-{self.subdivision}")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    zone: Annotated[str, AfterValidator(_check_zone)]
    hours: dict[
        Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        Annotated[list[_SpanText], AfterValidator(_check_spans)],
    ]
    buyer_hours: _SpanText
    meeting_minutes: _Minutes
    step_minutes: _Minutes
    lead_minutes: Annotated[int, Field(ge=0)]
    horizon_days: Annotated[int, Field(gt=0, le=366)]
    gap_minutes: Annotated[int, Field(ge=0, le=1440)]
    holidays: _Holidays


_KNOWN: dict[tuple[str, str | None], holidays.HolidayBase] = {}


def _public_holidays(country: str, subdivision: str | None) -> holidays.HolidayBase:
    """Computed year by year as it is asked; shared, because it costs milliseconds to make."""
    key = (country, subdivision)
    if key not in _KNOWN:
        _KNOWN[key] = holidays.country_holidays(country, subdiv=subdivision)
    return _KNOWN[key]
