"""The program opened on a scenario's database, under a clock that the scenario moves."""

import base64
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, cast

from pydantic import SecretStr

from domain.policy import Policy
from domain.ports import Ports
from graph.addresses import address
from graph.bootstrap import World, open_world, ports_of, service_of
from graph.build import compiled
from graph.clock import FixedClock
from graph.delivery import Deliverer, Toolbox
from graph.desk import Desk
from graph.jobs import call_opens
from graph.local_tools import LocalTools
from graph.policy_book import PolicyBook
from graph.settings import ROOT, Settings
from tools.declare import Deliver, Delivery, Receipt, ToolFailed, ToolRefused

_KEY = SecretStr("scenario:" + base64.b64encode(bytes(range(32))).decode())
_POOL = 2


@dataclass(slots=True)
class Faults:
    """What goes wrong with deliveries: the tries of each kind that still fail (true: for good), and whether the carrier
    reports arrivals."""

    failing: dict[str, tuple[bool, ...]] = field(default_factory=dict[str, tuple[bool, ...]])
    receipts: bool = True

    def around(self, tools: Toolbox) -> Toolbox:
        """The same tools with these faults around them."""

        def opened(connection: Any) -> Mapping[str, Deliver]:
            return {kind: self._faulty(kind, deliver) for kind, deliver in tools(connection).items()}

        return opened

    def _faulty(self, kind: str, deliver: Deliver) -> Deliver:
        async def faulty(delivery: Delivery) -> Receipt:
            if waiting := self.failing.get(kind):
                self.failing[kind] = waiting[1:]
                fault = ToolRefused if waiting[0] else ToolFailed
                raise fault("The scenario lets this try fail.")
            return await deliver(delivery)

        return faulty


class ScenarioDeliverer(Deliverer):
    """Delivers as a job does; whether the carrier reports arrivals is up to the scenario."""

    def __init__(self, world: World, faults: Faults) -> None:
        settings = world.settings
        tools = LocalTools.load(world.sealer, world.catalogue, address(settings.host, settings.api_port))
        window = partial(call_opens, world.regions)
        super().__init__(world.pool, world.sealer, world.clock, faults.around(tools), window, random.Random(1))  # noqa: S311
        self._faults = faults

    async def _report_arrivals(self, connection: Any, message_id: str | None) -> None:
        if self._faults.receipts:
            await super()._report_arrivals(connection, message_id)


@dataclass(frozen=True, slots=True)
class Rig:
    """Everything that a step needs. `chance` is the luck of a repeat; the first one has none."""

    world: World
    service: Any
    ports: Ports
    clock: FixedClock
    deliverer: Deliverer
    desk: Desk
    faults: Faults
    chance: random.Random | None = None


def scenario_settings(settings: Settings, dsn: str) -> Settings:
    """The configuration of a scenario: its own database and key, the shipped policy, no model."""
    policy = ROOT / "policy" / "default.yaml"
    changed = {"database_url": dsn, "data_key": _KEY, "policy_path": policy, "policy_label": "", "openai_key": None}
    return settings.model_copy(update=changed)


class _LatePorts:
    """Ports that a process fills in after it was forked, so that the graph is drawn once for all processes."""

    def __init__(self) -> None:
        self.ports: Ports | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ports, name)


_LATE = _LatePorts()


@lru_cache(maxsize=1)
def _drawn() -> Any:
    return compiled(cast(Ports, _LATE))


@asynccontextmanager
async def open_rig(
    settings: Settings,
    now: datetime,
    failing: Mapping[str, tuple[bool, ...]],
    chance: random.Random | None,
    policies: Mapping[str, Policy],
) -> AsyncGenerator[Rig]:
    clock, faults = FixedClock(now), Faults(dict(failing))
    async with open_world(settings, clock, _POOL, one_pool=True) as world:
        world = replace(world, policies=PolicyBook(world.pool, policies))
        ports = _LATE.ports = ports_of(world)
        yield Rig(
            world=world,
            service=service_of(world, ports, _drawn()),
            ports=ports,
            clock=clock,
            deliverer=ScenarioDeliverer(world, faults),
            desk=Desk(world.pool, world.sealer, clock, world.policies, world.lines),
            faults=faults,
            chance=chance,
        )
