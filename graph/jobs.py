"""The jobs process: delivers what turns have committed, runs turns that wait, and watches over calls."""

import asyncio
import gc
import logging
import signal
from datetime import datetime
from functools import partial

from domain.calling_window import candidates, next_open
from domain.regions import Regions
from graph.bootstrap import World, open_world, service_of
from graph.calling import call_desk
from graph.delivery import Deliverer
from graph.installation import database_dsn
from graph.job_tasks import job_app, work
from graph.local_tools import LocalTools
from graph.reconciling import Reconciler
from graph.runner import Runner
from graph.settings import load_settings


def deliverer_of(world: World) -> Deliverer:
    """What delivers in this installation: the local adapters, on the database of the world."""
    tools = LocalTools.load(world.sealer, world.catalogue, world.settings.buyers_url)
    return Deliverer(world.pool, world.sealer, world.clock, tools, window=partial(call_opens, world.regions))


def call_opens(regions: Regions, number: str, now: datetime) -> datetime | None:
    """When a call that the buyer asked for may start; None where that is now, or where no law names an hour."""
    opens = next_open(regions, candidates(regions.place_of(number)), now, consented=True)
    return opens if opens and opens > now else None


async def main() -> None:
    """Until SIGTERM or SIGINT: first nothing new is begun, then what was begun is finished."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    settings = load_settings()
    async with open_world(settings, size=20) as world:
        runner = Runner(service_of(world), world.pool, world.clock)
        app = job_app(database_dsn(settings), deliverer_of(world))
        gc.collect()
        gc.freeze()  # what was imported lives for ever: no collection need look at it again
        async with call_desk(world) as desk:
            watching = [Reconciler(desk.calls, desk.rooms, world.clock, desk.agent).run(stop)] if desk else []
            await asyncio.gather(runner.run(stop), work(app, stop), *watching)


if __name__ == "__main__":
    asyncio.run(main())
