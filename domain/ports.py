"""What the nodes are given: every outside thing they may ask, as a Protocol; asking is allowed, acting is not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.reading import Reading, ReadingContext


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware, UTC."""
        ...


class Language(Protocol):
    def read(self, words: str, context: ReadingContext) -> Reading: ...


class Lines(Protocol):
    def render(self, act: str, slots: dict[str, Any], turn: int, locale: str = "en") -> str:
        """The canonical line of an act. `turn` chooses among phrasings, so that a repeat is worded anew."""
        ...

    def phrasings(self, act: str, locale: str = "en") -> int: ...

    def phrase(self, name: str, locale: str = "en") -> str:
        """A named part of a line, such as what the agent can do in a stage."""
        ...


@dataclass(frozen=True, slots=True)
class Article:
    article_id: str
    answer: str
    on_duration: bool = False  # it tells how long something takes


class Knowledge(Protocol):
    def article(self, topic: str) -> Article | None: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A meeting that could be booked: aware UTC instants and the calendar that is free."""

    starts: datetime
    ends: datetime
    resource: int = 1


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """Which slots are wanted, in the buyer's zone. `days` empty: the next working days."""

    zone: str
    now: datetime
    days: tuple[date, ...] = ()
    not_days: tuple[date, ...] = ()
    clock_from: str | None = None  # "HH:MM", earliest start
    clock_to: str | None = None  # "HH:MM", latest start
    exclude: tuple[datetime, ...] = ()  # starts that were rejected
    at: datetime | None = None  # exactly this start
    limit: int = 3


class Calendar(Protocol):
    async def free(self, query: SlotQuery) -> Sequence[Slot]:
        """Free slots inside working hours, no holiday, spread over the day; at most `limit`, in time order."""
        ...

    def working_day(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the closers can take now."""

    human_free: int
    human_total: int
    ai_free: int
    on_shift: bool
    waiting: int
    next_shift: datetime | None = None


class Seats(Protocol):
    async def capacity(self, now: datetime) -> Capacity: ...


class PolicyBook(Protocol):
    async def current(self, version: str, region: str | None, product: str | None) -> Policy:
        """The policy of this version with the overlays of region and product line applied."""
        ...


class SituationDesk(Protocol):
    async def situation(self, session_id: str) -> dict[str, Any]:
        """What the database knows and the state does not: one look a turn (memory/situation.py tells the shape)."""
        ...


class Places(Protocol):
    """Where a number is, as far as the number tells."""

    def of(self, number: str) -> tuple[str | None, tuple[str, ...]]:
        """Region ("US-TX" or None) and candidate zones (IANA names)."""
        ...

    def zone_of(self, region: str) -> str | None: ...

    def zone_name(self, zone: str) -> str:
        """The zone as it is spoken: "Eastern"."""
        ...


class Links(Protocol):
    """Addresses and documents that a commitment hands out."""

    def contract(self, token: str) -> str: ...

    def payment(self, token: str) -> str: ...

    def token(self, turn_id: str, kind: str) -> str:
        """A secret, the same for the same turn, so that deciding again hands out the same link."""
        ...

    def document(self, quote: dict[str, Any], buyer: dict[str, Any], now: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class Ports:
    clock: Clock
    language: Language
    lines: Lines
    knowledge: Knowledge
    calendar: Calendar
    seats: Seats
    policies: PolicyBook
    desk: SituationDesk
    catalogue: Catalogue
    places: Places
    links: Links
