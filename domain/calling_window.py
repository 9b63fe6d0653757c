"""May a call start now? The intersection over every zone and state a buyer may be in; without a place, never."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.regions import Place, Regions, Week

# The only state whose exception for consent was read in the statute. `consent_exception` of other rows is an unchecked
# default: it counts once counsel has signed the row.
CONSENT_LIFTS = frozenset({"UT"})
_DAYS_AHEAD = 10


@dataclass(frozen=True, slots=True)
class Candidates:
    """Where the called party may be: every zone and every region in question."""

    zones: tuple[str, ...]
    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the window is open; otherwise why not, such as `US-FL America/New_York 20:10: outside 08:00-20:00`."""

    open: bool
    reasons: tuple[str, ...] = ()


def candidates(place: Place, confirmed_region: str | None = None, confirmed_zone: str | None = None) -> Candidates:
    """Numbers move with people: an address adds its state, and its zone stands alone only in the number's own state."""
    regions = tuple(dict.fromkeys(r for r in (place.region, confirmed_region) if r))
    if not confirmed_zone:
        return Candidates(place.zones, regions)
    if place.region is None or confirmed_region == place.region:
        # A number that says nothing needs both: a zone without an address is no place.
        return Candidates((confirmed_zone,) if confirmed_region else (), regions)
    return Candidates(tuple(dict.fromkeys((*place.zones, confirmed_zone))), regions)


def check(
    regions: Regions, where: Candidates, now: datetime, *, consented: bool = False, holidays: Collection[date] = ()
) -> Answer:
    """`consented`: prior express consent or a requested callback. `holidays`: days on which some states stay closed."""
    if not where.zones or not where.regions:
        return Answer(False, ("no place is known",))
    reasons: list[str] = []
    for zone in where.zones:
        local = now.astimezone(ZoneInfo(zone))
        for region in where.regions:
            closed = _closed(regions, region, local, consented, local.date() in holidays)
            reasons += [f"{region} {zone} {local:%H:%M}: {why}" for why in closed]
    return Answer(not reasons, tuple(reasons))


def _closed(regions: Regions, region: str, local: datetime, consented: bool, holiday: bool) -> Iterator[str]:
    week, closed_on_holidays = _week(regions, region, consented)
    if week is None:
        yield "no rules are known for this region"
        return
    federal = regions.tables.federal.hours
    if region.startswith("US-") and not federal.hold(local.time()):
        yield f"outside the federal {federal}"
    hours = week.of(local.date())
    if holiday and closed_on_holidays:
        yield "closed on holidays"
    elif hours is None:
        yield f"closed on {local:%A}s"
    elif not hours.hold(local.time()):
        yield f"outside {hours}"


def _week(regions: Regions, region: str, consented: bool) -> tuple[Week | None, bool]:
    state = regions.state(region)
    if state is None:
        country = regions.country(region)
        return (country.hours if country and not region.startswith("US") else None), False
    rule = state.hours_ai_voice
    if consented and rule.consent_exception and (region.removeprefix("US-") in CONSENT_LIFTS or state.signed_by):
        return regions.tables.countries["US"].hours, False
    return rule, rule.holidays == "none"


def next_open(
    regions: Regions, where: Candidates, now: datetime, *, consented: bool = False, holidays: Collection[date] = ()
) -> datetime | None:
    """The first moment from now on at which the window is open; None where it never is."""
    if check(regions, where, now, consented=consented, holidays=holidays).open:
        return now
    for moment in _openings(regions, where, now):
        if check(regions, where, moment, consented=consented, holidays=holidays).open:
            return moment
    return None


def _openings(regions: Regions, where: Candidates, now: datetime) -> list[datetime]:
    """A window can only open where one of its parts opens, so these moments are all there are to try."""
    found: set[datetime] = set()
    for zone in where.zones:
        here = ZoneInfo(zone)
        first = now.astimezone(here).date()
        for ahead in range(_DAYS_AHEAD):
            day = first + timedelta(days=ahead)
            found |= {
                datetime.combine(day, opens, here).astimezone(UTC) for opens in _opening_times(regions, where, day)
            }
    return sorted(moment for moment in found if moment > now)


def _opening_times(regions: Regions, where: Candidates, day: date) -> set[time]:
    weeks = [_week(regions, region, consented) for region in where.regions for consented in (False, True)]
    hours = [week.of(day) for week, _ in weeks if week]
    return {regions.tables.federal.hours.opens, *(window.opens for window in hours if window)}
