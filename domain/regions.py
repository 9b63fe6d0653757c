"""Where a buyer is and what holds there: numbers, zones and the facts of states and countries, from checked tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal, cast

import phonenumbers
from phonenumbers import timezone as number_zones
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from domain.checked_file import FileRefused, problems_of
from domain.policy_types import Block, Positive, Switch, Table, Word

TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
EUROPEAN_UNION = frozenset(
    "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
)
_SPOKEN = {
    "America/New_York": "Eastern", "America/Detroit": "Eastern", "America/Toronto": "Eastern",
    "America/Chicago": "Central", "America/Winnipeg": "Central",
    "America/Denver": "Mountain", "America/Boise": "Mountain", "America/Edmonton": "Mountain",
    "America/Phoenix": "Arizona", "America/Los_Angeles": "Pacific", "America/Vancouver": "Pacific",
    "America/Anchorage": "Alaska", "America/Adak": "Hawaii-Aleutian", "Pacific/Honolulu": "Hawaii",
    "America/Halifax": "Atlantic", "America/St_Johns": "Newfoundland", "Europe/London": "UK", "UTC": "UTC",
}  # fmt: skip


def _pair(raw: object) -> object:
    if not isinstance(raw, list):
        return raw
    ends = cast("list[object]", raw)
    return {"opens": ends[0], "closes": ends[1]} if len(ends) == 2 else ends


def _clock(raw: object) -> object:
    return time.fromisoformat(raw) if isinstance(raw, str) and len(raw) == 5 else raw


Clock = Annotated[time, BeforeValidator(_clock)]


class Hours(Block):
    """From `opens` up to, not including, `closes`."""

    opens: Clock
    closes: Clock

    def hold(self, moment: time) -> bool:
        return self.opens <= moment < self.closes

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


Window = Annotated[Hours, BeforeValidator(_pair)]


class Week(Block):
    """A day without hours is closed."""

    mon_fri: Window | None
    sat: Window | None
    sun: Window | None

    def of(self, day: date) -> Hours | None:
        return self.mon_fri if day.weekday() < 5 else self.sat if day.weekday() == 5 else self.sun


class AttemptCap(Block):
    calls: Positive
    hours: Positive
    scope: Word


class Conduct(Block):
    identify_within_s: Positive
    end_call_within_s: Positive


class VoiceHours(Week):
    """The strictest reading for an artificial voice. `verified` says how far the row can be trusted."""

    holidays: Literal["none", "allowed"]
    verified: Literal["statute", "secondary", "federal_default", "unverified", "conflict"]
    consent_exception: Switch
    statute: Word | None = None
    src: tuple[Word, ...] = ()
    note: str | None = None
    cap: AttemptCap | None = None
    area_code_presumption: Switch = False
    emergency_moratorium: Switch = False
    registration: Switch = False
    sms_same_hours: Switch = False
    conduct: Conduct | None = None


class RecordingLaw(Block):
    law: Literal["one_party", "all_party", "mixed"]
    statute: Word
    product: Literal["announce", "announce_and_wait"]


class State(Block):
    """One row of the table of states. Without a signature of counsel it must be shown as unsigned."""

    name: Word
    recording: RecordingLaw
    hours_ai_voice: VoiceHours
    ai_disclosure_law: tuple[Word, ...]
    written_contract: Word | None
    cooling_off_days: Positive | None = None
    signed_by: Word | None = None


class Country(Block):
    hours: Week
    voice_ai_marketing: Word
    cite: Word
    hours_basis: Word | None = None
    sms: Word | None = None
    screen: tuple[Word, ...] = ()
    abandoned_retry_h: Positive | None = None
    ai_disclosure: Word | None = None


class AreaCode(Block):
    state: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    tz: Annotated[tuple[Word, ...], Field(min_length=1)]
    split: Switch
    library_fallback: str | tuple[str, ...] | None = None


def _read_only(raw: dict[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(raw)


class Federal(Block):
    hours: Window
    tz: Word
    cite: Word


class Tables(Block):
    """The content of the three files."""

    federal: Federal
    states: Annotated[Table[str, State], Field(min_length=1)]
    area_codes: Annotated[Table[str, AreaCode], Field(min_length=1)]
    countries: Annotated[Mapping[str, Country], AfterValidator(_read_only), Field(min_length=1)]


class RegionsRefused(FileRefused):
    kind = "table of regions"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number is, as far as the number tells. Several zones: nobody knows which of them."""

    country: str | None = None
    region: str | None = None  # "US-TX", or the country where that is all one knows
    zones: tuple[str, ...] = ()
    split: bool = False

    @property
    def state(self) -> str | None:
        return self.region.removeprefix("US-") if self.region and self.region.startswith("US-") else None


NOWHERE = Place()


@dataclass(frozen=True)
class Regions:
    tables: Tables

    def place_of(self, number: str) -> Place:
        """The place of a number in international form. A number that says nothing is nowhere."""
        try:
            parsed = phonenumbers.parse(number, None)
        except phonenumbers.NumberParseException:
            return NOWHERE
        national = str(parsed.national_number)
        if parsed.country_code == 1 and len(national) == 10:
            row = self.tables.area_codes.get(national[:3])
            if row:
                return Place("US", f"US-{row.state}", row.tz, row.split)
            if national[:3] in TOLL_FREE:
                return Place("US")
        country = phonenumbers.region_code_for_number(parsed)
        if country is None or country in ("US", "001"):  # a US code that is newer than both tables has no place
            return Place("US") if country == "US" else NOWHERE
        found = number_zones.time_zones_for_number(parsed)
        zones = tuple(zone for zone in found if zone != "Etc/Unknown")
        return Place(country, country, zones, len(zones) > 1)

    def of(self, number: str) -> tuple[str | None, tuple[str, ...]]:
        """Region and candidate zones of a number."""
        place = self.place_of(number)
        return place.region, place.zones

    def zone_of(self, region: str) -> str | None:
        """The zone of a region where most of it lies in one; None where the buyer has to be asked."""
        return self._zone_of_state.get(region.removeprefix("US-")) if region.startswith("US-") else None

    @cached_property
    def _zone_of_state(self) -> dict[str, str]:
        counts: dict[str, Counter[str]] = {}
        for row in self.tables.area_codes.values():
            counts.setdefault(row.state, Counter()).update(row.tz)
        ranked = {state: found.most_common(2) for state, found in counts.items()}
        return {state: top[0][0] for state, top in ranked.items() if len(top) == 1 or top[0][1] > top[1][1]}

    def zone_name(self, zone: str) -> str:
        """The zone as it is spoken."""
        return _SPOKEN.get(zone) or zone.rpartition("/")[2].replace("_", " ")

    def state(self, region: str | None) -> State | None:
        return self.tables.states.get(region.removeprefix("US-")) if region and region.startswith("US-") else None

    def country(self, country: str | None) -> Country | None:
        """The rules of a country; members of the European Union share a row."""
        key = "EU" if country in EUROPEAN_UNION else country
        return self.tables.countries.get(key) if key else None

    def attempt_caps(self, *regions: str | None) -> tuple[AttemptCap, ...]:
        """The caps of the states of number and address; all of them hold."""
        states = [self.state(region) for region in dict.fromkeys(regions)]
        return tuple(state.hours_ai_voice.cap for state in states if state and state.hours_ai_voice.cap)


def read_regions(us_states: Mapping[str, Any], us_area_codes: Mapping[str, Any], regions: Mapping[str, Any]) -> Regions:
    """Check the parsed tables; raises RegionsRefused with all problems."""
    raw = {
        "federal": us_states.get("federal"),
        "states": us_states.get("states"),
        "area_codes": us_area_codes.get("npa"),
        "countries": regions.get("regions"),
    }
    try:
        return Regions(Tables.model_validate(raw))
    except ValidationError as fault:
        raise RegionsRefused("policy/data", problems_of(fault, Tables, {})) from fault
