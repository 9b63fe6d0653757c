"""The kinds of value a scenario may hold: moments, durations, tallies, levels and paths, as a person writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Self, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.policy_types import Block, Money, Real
from domain.stages import Overlay, Step
from domain.transitions import BY_ID, UNDO

_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|d)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?) ([A-Za-z_]+(?:/[A-Za-z_]+)*)")
_TOKEN = re.compile(
    r"\s*,?\s*(?:(?P<row>(?:undo )?T\d\d)\b|\((?P<note>[^()]+)\)|(?P<place>[A-Z]+(?:\.[a-z_]+)?)\b)\s*,?\s*"
)
_PLACES = {*(step.value for step in Step), *(overlay.value for overlay in Overlay)}


def _duration(raw: object) -> timedelta:
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return timedelta(seconds=raw)
    found = _DURATION.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if found is None:
        raise PydanticCustomError("duration", "this is no duration such as 40 s, 3 min, 5 h or 2 d")
    return timedelta(seconds=float(found[1]) * _SECONDS[found[2]])


def _moment(raw: object) -> datetime:
    text = raw.strip() if isinstance(raw, str) else ""
    local = _LOCAL.fullmatch(text)
    try:
        if local is not None:
            return datetime.fromisoformat(f"{local[1]}T{local[2]}").replace(tzinfo=ZoneInfo(local[3])).astimezone(UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, ZoneInfoNotFoundError):
        moment = None
    if moment is None or moment.tzinfo is None:
        example = "2026-11-24T15:00:00Z or 2026-11-24 10:00 America/New_York"
        raise PydanticCustomError("moment", "this is no moment such as {example}", {"example": example})
    return moment.astimezone(UTC)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


def wrapped(key: str, kinds: tuple[type, ...]) -> BeforeValidator:
    """Let a bare value stand for a block with one key."""

    def wrap(raw: object) -> object:
        return {key: raw} if isinstance(raw, kinds) and not isinstance(raw, bool) else raw

    return BeforeValidator(wrap)


class TallyRange(Block):
    """How often something is there. A bare number is exact."""

    exactly: Annotated[int, Field(strict=True, ge=0)] | None = None
    at_least: Annotated[int, Field(strict=True, ge=0)] | None = None
    at_most: Annotated[int, Field(strict=True, ge=0)] | None = None

    def problem(self, found: int) -> str | None:
        if self.exactly is not None and found != self.exactly:
            return f"{found} instead of {self.exactly}"
        if self.at_least is not None and found < self.at_least:
            return f"{found} instead of at least {self.at_least}"
        if self.at_most is not None and found > self.at_most:
            return f"{found} instead of at most {self.at_most}"
        return None


class FigureRange(Block):
    """Where a figure between 0 and 1 lies. A bare number is `about`, met within 0.02."""

    about: Real | None = None
    within: Real = 0.02
    at_least: Real | None = None
    at_most: Real | None = None
    below: Real | None = None

    def problem(self, found: float) -> str | None:
        if self.about is not None and abs(found - self.about) > self.within:
            return f"{found:.3f} instead of {self.about:.3f} (+-{self.within:g})"
        if self.at_least is not None and found < self.at_least - 1e-9:
            return f"{found:.3f} instead of at least {self.at_least:g}"
        if self.at_most is not None and found > self.at_most + 1e-9:
            return f"{found:.3f} instead of at most {self.at_most:g}"
        if self.below is not None and found >= self.below:
            return f"{found:.3f} instead of below {self.below:g}"
        return None


Tally = Annotated[TallyRange, wrapped("exactly", (int,))]
Figure = Annotated[FigureRange, wrapped("about", (int, float, Decimal))]
Amount = Money


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a path. `reason` and `place` are compared only where they are written."""

    row: str
    reason: str | None = None
    place: str | None = None

    def __str__(self) -> str:
        extra = f" ({self.reason})" if self.reason else ""
        return self.row + extra + (f" to {self.place}" if self.place else "")


def _path(raw: object) -> tuple[Move, ...]:
    """`T41 (A1) T42 (approved) T43 PARKED T44 (to CLOSE.price)`, or none."""
    if not isinstance(raw, str):
        raise PydanticCustomError("path", "a path is written as one text, such as T05 T06 T42 (approved) T43 PARKED")
    text, moves, position = raw.strip(), list[Move](), 0
    if text == "none":
        return ()
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None or token.end() == position:
            raise _bad_path(text[position : position + 12])
        _take(token, moves)
        position = token.end()
    return tuple(moves)


def _take(token: re.Match[str], moves: list[Move]) -> None:
    row, note, place = token["row"], token["note"], token["place"]
    if row:
        if row.removeprefix(UNDO) not in BY_ID:
            raise _bad_path(row)
        moves.append(Move(row))
        return
    if not moves:
        raise _bad_path(token[0])
    last = moves[-1]
    if note and note.startswith("to "):
        place, note = note.removeprefix("to ").strip(), None
    if place is not None and place not in _PLACES:
        raise _bad_path(place)
    moves[-1] = Move(last.row, note or last.reason, place or last.place)


def _bad_path(word: str) -> PydanticCustomError:
    return PydanticCustomError(
        "path", "{word} is no row T01 to T54, no (reason) and no place such as WON or CLOSE.price", {"word": repr(word)}
    )


Path = Annotated[tuple[Move, ...], BeforeValidator(_path)]


@dataclass(frozen=True, slots=True)
class RecordWant:
    """A CRM record: its name and the fields that are compared."""

    name: str
    fields: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


def _record(raw: object) -> RecordWant:
    if isinstance(raw, str):
        return RecordWant(raw, {})
    entry = cast("dict[str, Any]", raw) if isinstance(raw, dict) else dict[str, Any]()
    name, fields = next(iter(entry.items()), ("", None))
    if len(entry) != 1 or not isinstance(fields, dict):
        raise PydanticCustomError("crm", "a record is a name, or one name with a block of fields")
    return RecordWant(name, cast("Mapping[str, Any]", fields))


Record = Annotated[RecordWant, BeforeValidator(_record)]


class Keyed(Block):
    """A block of which exactly one of some keys must be given."""

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        raise NotImplementedError

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [name for name in self.kinds() if getattr(self, name) is not None]
        if len(given) > 1:
            raise PydanticCustomError("one_kind", "it does several things: {given}", {"given": ", ".join(given)})
        return self
