"""The one place that joins settings, memory, tools and graph; tests bring a clock and a database of their own."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from domain.catalogue import Catalogue, load_catalogue
from domain.ports import Clock, Lines, Ports
from domain.regions import Regions
from graph.clock import SystemClock
from graph.encryption_key import load_sealer
from graph.installation import database_dsn
from graph.places import load_regions
from graph.policy_book import PolicyBook
from graph.settings import ROOT, Settings
from memory.bookings import busy_between
from memory.database import Pool, open_pool
from memory.news import News
from memory.sealing import Sealer
from nodes.speaking.lines import load_lines

POLICY = ROOT / "policy"


@dataclass(frozen=True, slots=True)
class World:
    """What every process shares: configuration that was checked, the database, the keys, the clock."""

    settings: Settings
    pool: Pool
    quick: Pool
    news: News
    sealer: Sealer
    clock: Clock
    catalogue: Catalogue
    regions: Regions
    policies: PolicyBook
    lines: Lines


@asynccontextmanager
async def open_world(
    settings: Settings, clock: Clock | None = None, size: int = 8, *, one_pool: bool = False
) -> AsyncGenerator[World]:
    """Open the database and load the files that people own. Raises BadInput or PolicyRefused with field and remedy.

    With `one_pool` leases wait for the disk like everything else, and a process opens one connection less.
    """
    clock = clock or SystemClock()
    dsn = database_dsn(settings)
    sealer = load_sealer(settings, clock.now().date())
    catalogue, lines = _catalogue(), _lines(settings.locale[:2])
    async with AsyncExitStack() as opened:
        pool = quick = await opened.enter_async_context(open_pool(dsn, 1, size))
        if not one_pool:
            leases = open_pool(dsn, 1, max(2, size // 2), "throughline-lease", durable=False)
            quick = await opened.enter_async_context(leases)
        policies = PolicyBook(pool)
        news = await opened.enter_async_context(News(quick))
        regions = load_regions(POLICY / "data")
        yield World(settings, pool, quick, news, sealer, clock, catalogue, regions, policies, lines)


# The files that people own are read once a process; they change with a start only.
@lru_cache(maxsize=1)
def _catalogue() -> Catalogue:
    return load_catalogue((POLICY / "catalogue.yaml").read_text("utf-8"), "policy/catalogue.yaml")


@lru_cache(maxsize=4)
def _lines(locale: str) -> Lines:
    path = POLICY / "lines" / f"{locale}.yaml"
    names = {product.key: product.name for product in _catalogue().products}
    return load_lines(path.read_text("utf-8"), f"policy/lines/{path.name}", names)


@lru_cache(maxsize=1)
def _rules() -> Any:
    from tools.opening_hours import load_rules

    return load_rules(POLICY / "calendar.yaml")


@lru_cache(maxsize=1)
def _knowledge() -> Any:
    from nodes.speaking.knowledge import LocalKnowledge

    return LocalKnowledge(POLICY / "knowledge.yaml")


@lru_cache(maxsize=1)
def _language() -> Any:
    from nodes.reading.read import LocalLanguage
    from nodes.reading.topics import TopicIndex

    return LocalLanguage(TopicIndex(_knowledge().phrasings()))


def articles() -> list[str]:
    """The answers of the knowledge articles, which are the same for everybody."""
    return list(_knowledge().answers())


def warm(settings: Settings) -> None:
    """Read what the first turn of a process would otherwise have to wait for."""
    _catalogue()
    _lines(settings.locale[:2])
    _rules()
    _language()


def ports_of(world: World) -> Ports:
    from memory.situation import Desk as Situations
    from tools.calendar import LocalCalendar
    from tools.contracts import ContractForm

    async def busy(first: datetime, last: datetime) -> Sequence[tuple[datetime, datetime]]:
        return await busy_between(world.pool, first, last, world.clock.now())

    form = POLICY / "documents" / f"order.{world.settings.locale[:2]}.txt"
    return Ports(
        clock=world.clock,
        language=_language(),
        lines=world.lines,
        knowledge=_knowledge(),
        calendar=LocalCalendar(busy, _rules()),
        seats=_seats(world),
        policies=world.policies,
        desk=Situations(world.pool, world.sealer),
        catalogue=world.catalogue,
        places=world.regions,
        links=ContractForm.load(form, world.catalogue, world.settings.buyers_url, world.sealer.digest),
    )


def _seats(world: World) -> Any:
    from memory.seats import SeatTable

    rules = _rules()

    def next_open(now: datetime) -> datetime:
        """The present while people work, else the start of the next working span."""
        spans = rules.slots(now - timedelta(hours=1), now + timedelta(days=14))
        return next((max(slot.starts, now) for slot in spans if slot.ends > now), now + timedelta(days=14))

    return SeatTable(world.pool, next_open)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock | None = None, size: int = 8) -> AsyncGenerator[Any]:
    """The chain, ready to take events: `async with open_service(settings) as service`."""
    async with open_world(settings, clock, size) as world:
        yield service_of(world)


def service_of(world: World, ports: Ports | None = None, drawn: Any = None) -> Any:
    """A ChainService on an open world. Imports the graph only here: the console never needs it.

    `drawn` is a graph that was compiled before, without a saver: it is given this world's.
    """
    from graph import probes
    from graph.build import compiled
    from graph.service import ChainService
    from memory.checkpoints import TurnSaver
    from memory.inbox import Inbox

    saver = TurnSaver(world.pool, world.sealer, probes.reached)
    if drawn is not None:
        drawn.checkpointer = saver
    app = drawn or compiled(ports or ports_of(world), saver)
    return ChainService(app, Inbox(world.pool, world.quick, world.sealer, world.news), world.clock, world.policies)


@asynccontextmanager
async def open_desk(settings: Settings, clock: Clock | None = None) -> AsyncGenerator[Any]:
    """The door for people: views, decisions, messages. It never runs the graph."""
    from graph.desk import Desk

    async with open_world(settings, clock, 4) as world:
        yield Desk(world.pool, world.sealer, world.clock, world.policies, world.lines)
