"""The program opened on a test's database in any process, under a clock that stands still there."""

import asyncio
import base64
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from domain.events import Event
from domain.policy_copies import changed
from domain.ports import Ports
from graph import probes
from graph.bootstrap import World, open_world, ports_of, service_of
from graph.clock import FixedClock
from graph.delivery import Deliverer, Toolbox
from graph.job_tasks import job_app, work
from graph.local_tools import LocalTools
from graph.runner import Runner
from graph.scenarios.forked import Child, Ended, start
from graph.settings import Settings
from memory.desk import put_event
from memory.sealing import Sealer

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)  # a Tuesday morning in Texas
KEY = bytes(range(32))
SEALER = Sealer({"test": KEY}, "test")
_SECRET = SecretStr(f"test:{base64.b64encode(KEY).decode()}")
_ORPHAN_CHECK_S = 1.0


class RunningClock(FixedClock):
    """Time that goes on from NOW, the same in every process that was told the same beginning."""

    def __init__(self, began: float) -> None:
        super().__init__(NOW)
        self._began = began

    def now(self) -> datetime:
        return NOW + timedelta(seconds=time.time() - self._began)


@dataclass(frozen=True, slots=True)
class House:
    """The program, open. Only a clock that stands still may be moved."""

    world: World
    service: Any
    deliverer: Deliverer
    clock: FixedClock


@asynccontextmanager
async def opened(
    dsn: str,
    after: timedelta = timedelta(0),
    *,
    clock: FixedClock | None = None,
    size: int = 3,
    ports: Callable[[Ports], Ports] = lambda ports: ports,
    tools: Callable[[Toolbox], Toolbox] = lambda tools: tools,
) -> AsyncIterator[House]:
    """`after`: how far the clock stands behind NOW. `ports` and `tools` may put something around the program's own."""
    settings = Settings(_env_file=None, database_url=dsn, data_key=_SECRET, policy_label="")  # pyright: ignore[reportCallIssue]
    clock = clock or FixedClock(NOW + after)
    async with open_world(settings, clock, size) as world:
        adapters = LocalTools.load(world.sealer, world.catalogue, settings.buyers_url)
        deliverer = Deliverer(world.pool, world.sealer, clock, tools(adapters))
        yield House(world, service_of(world, ports(ports_of(world))), deliverer, clock)


async def put_policy_in_force(house: House) -> None:
    """The shipped policy, with the AI trusted to close in Texas and never busy: any number of sales without people."""
    path = house.world.settings.policy_path
    cells = [{"scope": scope, "region": "US-TX", "level": "L3"} for scope in ("contract.send", "payment.link")]
    changes = {"autonomy.cells": cells, "capacity.seats.ai_closer": 10_000}
    whole = changed(path.read_text("utf-8"), path.name, "durability.0", changes)
    await house.world.policies.put_in_force(whole, path.name, NOW - timedelta(days=1), "test", "durability")


async def put_in_inbox(house: House, session_id: str, event: Event) -> None:
    """Store an event as tools do: whoever runs the session finds it waiting."""
    async with house.world.pool.connection() as connection:
        await put_event(
            connection,
            house.world.sealer,
            turn_id=event.turn_id,
            session_id=session_id,
            kind=event.kind.value,
            channel=event.channel.value if event.channel else None,
            at=event.at,
            data=event.data,
        )


async def furnish(dsn: str) -> None:
    """Also reads, in this process, everything that a process reads once: what is forked from it begins warm."""
    async with opened(dsn) as house:
        await put_policy_in_force(house)


def die_at(point: str, nth: int = 1) -> None:
    """This process ends by SIGKILL when it comes to the point for the n-th time from now."""
    left = nth

    def hook(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    probes.install(hook)


async def serve_jobs(
    dsn: str,
    after: timedelta = timedelta(0),
    *,
    clock: FixedClock | None = None,
    turns: bool = True,
    tools: Callable[[Toolbox], Toolbox] = lambda tools: tools,
) -> None:
    """The jobs process until SIGTERM, or until its parent is gone; with `turns=False` it delivers only."""
    stop, parent = asyncio.Event(), os.getppid()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def not_orphaned() -> None:
        while os.getppid() == parent:
            await asyncio.sleep(_ORPHAN_CHECK_S)
        stop.set()

    async with opened(dsn, after, clock=clock, size=6, tools=tools) as house:
        watch = asyncio.create_task(not_orphaned())
        parts = [work(job_app(dsn, house.deliverer), stop)]
        if turns:
            parts.append(Runner(house.service, house.world.pool, house.clock).run(stop))
        await asyncio.gather(*parts)
        watch.cancel()


@contextmanager
def jobs_process(
    dsn: str, after: timedelta, *, tools: Callable[[Toolbox], Toolbox] = lambda tools: tools
) -> Iterator[Child[None]]:
    """A jobs process beside the test, asked to stop at the end."""
    child = start(lambda: asyncio.run(serve_jobs(dsn, after, tools=tools)))
    try:
        yield child
    finally:
        os.kill(child.pid, signal.SIGTERM)
        ended = child.ended()
    assert not ended.fault, ended.fault


@contextmanager
def stopped_at(point: str, work: Callable[[], Any], patience: float = 60.0) -> Iterator[Child[Any]]:
    """A child that does the work, seen while it stands still at the point; it goes on at the end of the block."""
    reached, tell = os.pipe()
    wait, allow = os.pipe()

    def hook(now: str) -> None:
        if now == point:
            os.write(tell, b"!")
            os.read(wait, 1)

    def stand_still() -> Any:
        os.close(allow)
        probes.install(hook)
        return work()

    child = start(stand_still, patience)
    os.close(tell)
    os.close(wait)
    try:
        assert os.read(reached, 1) == b"!", f"{point} was not reached: {child.ended()}"
        yield child
    finally:
        os.close(allow)
        os.close(reached)


def succeeded(ended: Ended[Any]) -> Any:
    """The value of a child that ended well."""
    assert not ended.fault, ended.fault
    assert not ended.signal, f"the process was ended by signal {ended.signal}"
    return ended.value
