"""Canonical lines: typed slots rendered into the phrasings of policy/lines, checked when they are loaded."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from typing import Any, cast
from zoneinfo import ZoneInfo

import yaml

from domain.acts import ACTS, Act
from domain.errors import BadInput
from domain.stages import Stage, Step

ZONE_NAMES = {
    "America/New_York": "Eastern time",
    "America/Chicago": "Central time",
    "America/Denver": "Mountain time",
    "America/Phoenix": "Arizona time",
    "America/Los_Angeles": "Pacific time",
    "America/Anchorage": "Alaska time",
    "Pacific/Honolulu": "Hawaii time",
}
# Parts that the code itself names; the others are looked up by a value and may be missing.
NEEDED = (
    "today", "tomorrow", "at", "or", "percent", "less", "signature_missing", "language.other", "meeting_instead",
    "as_soon_as_free", "as_soon_as_possible",
    *(f"duration.{unit}" for unit in ("seconds", "minute", "minutes", "hours", "days")),
    *(f"{part}.{stage}" for part in ("duration", "abilities") for stage in Stage),
    *(f"next.{step}" for step in Step if step is Step.WON or not step.terminal),
)  # fmt: skip
_PLAIN = Act({"when": "when"})


@dataclass(frozen=True, slots=True)
class _Moment:
    """An instant as a buyer in a zone hears it."""

    at: datetime
    zone: str
    days_ahead: int

    @classmethod
    def of(cls, value: dict[str, str]) -> "_Moment":
        zone = ZoneInfo(value["zone"])
        at = datetime.fromisoformat(value["at"]).astimezone(zone)
        today = datetime.fromisoformat(value["now"]).astimezone(zone).date()
        return cls(at, value["zone"], (at.date() - today).days)

    @property
    def clock(self) -> str:
        return f"{self.at.hour % 12 or 12}:{self.at.minute:02d} {'am' if self.at.hour < 12 else 'pm'}"

    @property
    def zone_name(self) -> str:
        return ZONE_NAMES.get(self.zone, self.zone.split("/")[-1].replace("_", " ") + " time")


@dataclass(frozen=True, slots=True)
class LineBook:
    """The lines of one language. `render` gives the words of an act; a missing phrase or slot is found at load."""

    acts: dict[str, list[str]]
    phrases: dict[str, str]
    products: dict[str, str]
    currency: str = "USD"

    def phrasings(self, act: str, locale: str = "en") -> int:
        return len(self.acts[act])

    def phrase(self, name: str, locale: str = "en") -> str:
        return self.phrases[name]

    def render(self, act: str, slots: dict[str, Any], turn: int, locale: str = "en") -> str:
        choices = self.acts[act]
        spec = ACTS.get(act, _PLAIN)
        words = {name: self._word(act, name, spec.slots[name], value) for name, value in slots.items()}
        return " ".join(choices[turn % len(choices)].format(**words).split())

    def _word(self, act: str, name: str, kind: str, value: Any) -> str:
        """One slot in words. The type of the slot decides; buyers' text never becomes a format string."""
        if kind == "money":
            return f"{Decimal(str(value)):,.2f} {self.currency}"
        if kind == "percent":
            return self._percent(act, Decimal(str(value)))
        if kind == "when" or isinstance(value, dict):
            return self._when(value)
        if kind == "list":
            return self._choice(value)
        if kind == "duration":
            return self._duration(int(value))
        if name == "language":
            return self.phrases.get(f"language.{value}", self.phrases["language.other"])
        if kind == "name" and name == "product":
            return self.products.get(str(value), str(value))
        if name in ("term", "missing", "role", "start", "when"):
            return self._named(name, str(value))
        return str(value)

    def _percent(self, act: str, value: Decimal) -> str:
        number = f"{value.quantize(Decimal('0.01')).normalize():f}"
        if act in ("ask_commit", "answer_quote", "price_again"):
            return self.phrases["less"].format(n=number) if value else ""
        return self.phrases["percent"].format(n=number)

    def _named(self, name: str, value: str) -> str:
        if name == "start" and value != "signature":
            day = date.fromisoformat(value)
            return f"{day:%B} {day.day}"
        if name == "role":
            return self.phrases.get(f"role.{value}", value.replace("_", " "))
        if name == "missing" and value == "signature":
            return self.phrases["signature_missing"]
        return self.phrases.get(value, value)

    def _when(self, value: Any) -> str:
        if not isinstance(value, dict):
            return self.phrases.get(str(value), str(value))
        moment = _Moment.of(cast("dict[str, str]", value))
        return f"{self._day(moment)}, {moment.clock} {moment.zone_name}"

    def _day(self, moment: "_Moment") -> str:
        near = {0: f"{self.phrases['today']}, ", 1: f"{self.phrases['tomorrow']}, "}.get(moment.days_ahead, "")
        return f"{near}{moment.at:%A}, {moment.at:%B} {moment.at.day}"

    def _choice(self, values: list[Any]) -> str:
        """Several times on offer: the day is named once for its times, the zone once for all."""
        moments = [_Moment.of(value) for value in values]
        days: dict[date, list[_Moment]] = {}
        for moment in moments:
            days.setdefault(moment.at.date(), []).append(moment)
        either = f" {self.phrases['or']} "
        parts = [
            f"{self._day(same[0])}, {self.phrases['at']} {either.join(m.clock for m in same)}" for same in days.values()
        ]
        joined = f";{either}".join([*(["; ".join(parts[:-1])] if len(parts) > 1 else []), parts[-1]])
        return f"{joined} {moments[-1].zone_name}"

    def _duration(self, seconds: int) -> str:
        for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if seconds >= 2 * size or (unit == "minutes" and seconds > 60):
                return self.phrases[f"duration.{unit}"].format(n=-(-seconds // size))
        return self.phrases["duration.minute"] if seconds == 60 else self.phrases["duration.seconds"].format(n=seconds)


def load_lines(text: str, source: str, products: dict[str, str], currency: str = "USD") -> LineBook:
    """Check and load a file of lines; raises BadInput naming the act, the problem and the remedy."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(source, f"is no YAML ({error})", "Correct the line that the message names.") from error
    acts, phrases = _block(raw, "acts", list, source), _block(raw, "phrases", str, source)
    for name in ACTS:
        if name not in acts:
            raise BadInput(f"{source}: acts.{name}", "has no line", "Give it at least one phrasing.")
    for name in NEEDED:
        if name not in phrases:
            raise BadInput(f"{source}: phrases.{name}", "is missing", "Give it its words; lines are made with it.")
    for name, phrasings in acts.items():
        spec = ACTS.get(name) or (_PLAIN if name == "when_words" else None)
        if spec is None:
            raise BadInput(f"{source}: acts.{name}", "is no act", "Remove it, or add the act to domain/acts.py.")
        _check(f"{source}: acts.{name}", phrasings, set(spec.slots))
    return LineBook(acts, phrases, products, currency)


def _block(raw: Any, name: str, kind: type, source: str) -> dict[str, Any]:
    """A block of the file: names with a list of phrasings, or with one text."""
    block: Any = cast("dict[str, Any]", raw).get(name) if isinstance(raw, dict) else None
    if not isinstance(block, dict):
        raise BadInput(f"{source}: {name}", "is missing", "Write it as a block of names.")
    for key, value in cast("dict[str, Any]", block).items():
        if not isinstance(value, kind):
            form = "list of phrasings" if kind is list else "single text"
            raise BadInput(f"{source}: {name}.{key}", f"is no {form}", f"Write it as a {form}.")
    return cast("dict[str, Any]", block)


def _check(field: str, phrasings: list[str], slots: set[str]) -> None:
    if not phrasings:
        raise BadInput(field, "is empty", "Give it at least one phrasing.")
    for phrasing in phrasings:
        used = {name for _, name, _, _ in Formatter().parse(phrasing) if name is not None}
        if used - slots:
            raise BadInput(
                field,
                f"uses {{{', '.join(sorted(used - slots))}}}, which the act does not have",
                f"Use {sorted(slots)}.",
            )
