"""The one place that joins settings, memory, tools and graph; tests call it with a clock and a database of their own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from memory.sealing import Sealer
from nodes.speaking.lines import load_lines

POLICY = ROOT / "policy"


@dataclass(frozen=True, slots=True)
class World:
    """What every process shares: configuration that was checked, the database, the keys, the clock."""

    settings: Settings
    pool: Pool
    quick: Pool
    sealer: Sealer
    clock: Clock
    catalogue: Catalogue
    regions: Regions
    policies: PolicyBook
    lines: Lines


@asynccontextmanager
async def open_world(settings: Settings, clock: Clock | None = None, size: int = 8) -> AsyncIterator[World]:
    """Open the database and load the files that people own. Raises BadInput or PolicyRefused with field and remedy."""
    clock = clock or SystemClock()
    dsn = database_dsn(settings)
    sealer = load_sealer(settings, clock.now().date())
    catalogue = load_catalogue((POLICY / "catalogue.yaml").read_text("utf-8"), "policy/catalogue.yaml")
    path = POLICY / "lines" / f"{settings.locale[:2]}.yaml"
    lines = load_lines(
        path.read_text("utf-8"), f"policy/lines/{path.name}", {p.key: p.name for p in catalogue.products}
    )
    async with (
        open_pool(dsn, 1, size) as pool,
        open_pool(dsn, 1, max(2, size // 2), "throughline-lease", durable=False) as quick,
    ):
        policies = PolicyBook(pool)
        yield World(settings, pool, quick, sealer, clock, catalogue, load_regions(POLICY / "data"), policies, lines)


def ports_of(world: World) -> Ports:
    from nodes.speaking.knowledge import LocalKnowledge

    from memory.situation import Desk as Situations
    from nodes.reading.read import LocalLanguage
    from nodes.reading.topics import TopicIndex
    from tools.calendar import LocalCalendar
    from tools.contracts import ContractForm
    from tools.opening_hours import load_rules

    async def busy(first: datetime, last: datetime) -> Sequence[tuple[datetime, datetime]]:
        return await busy_between(world.pool, first, last, world.clock.now())

    rules = load_rules(POLICY / "calendar.yaml")
    knowledge = LocalKnowledge(POLICY / "knowledge.yaml")
    form = POLICY / "documents" / f"order.{world.settings.locale[:2]}.txt"
    return Ports(
        clock=world.clock,
        language=LocalLanguage(TopicIndex(knowledge.phrasings())),
        lines=world.lines,
        knowledge=knowledge,
        calendar=LocalCalendar(busy, rules),
        seats=_seats(world),
        policies=world.policies,
        desk=Situations(world.pool, world.sealer, world.clock),
        catalogue=world.catalogue,
        places=world.regions,
        links=ContractForm.load(form, world.catalogue, world.settings.buyers_url, world.sealer.digest),
    )


def _seats(world: World) -> Any:
    from memory.seats import SeatTable
    from tools.opening_hours import load_rules

    rules = load_rules(POLICY / "calendar.yaml")

    def next_open(now: datetime) -> datetime:
        """The present while people work, else the start of the next working span."""
        spans = rules.slots(now - timedelta(hours=1), now + timedelta(days=14))
        return next((max(slot.starts, now) for slot in spans if slot.ends > now), now + timedelta(days=14))

    return SeatTable(world.pool, next_open)


@asynccontextmanager
async def open_service(settings: Settings, clock: Clock | None = None, size: int = 8) -> AsyncIterator[Any]:
    """The chain, ready to take events: `async with open_service(settings) as service`."""
    async with open_world(settings, clock, size) as world:
        yield service_of(world)


def service_of(world: World) -> Any:
    """A ChainService on an open world. Imports the graph only here: the console never needs it."""
    from graph import probes
    from graph.build import build
    from graph.service import ChainService
    from memory.checkpoints import TurnSaver
    from memory.inbox import Inbox

    saver = TurnSaver(world.pool, world.sealer, probes.reached)
    app = build(ports_of(world)).compile(checkpointer=saver)
    return ChainService(app, Inbox(world.pool, world.quick, world.sealer), world.clock, world.policies)


@asynccontextmanager
async def open_desk(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Any]:
    """The door for people: views, decisions, messages. It never runs the graph."""
    from graph.desk import Desk

    async with open_world(settings, clock, 4) as world:
        yield Desk(world.pool, world.sealer, world.clock, world.policies, world.lines)
