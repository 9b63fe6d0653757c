"""A jobs worker in a process of its own, which can be told to die once at a named point: for tests that kill it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from graph import probes
from graph.clock import SystemClock
from graph.delivery import Deliverer
from graph.job_tasks import job_app, work
from memory.database import open_pool
from memory.sealing import Sealer
from tests.integration.effect_rows import local_tools


def die_once(point: str, mark: Path) -> None:
    """SIGKILL at the first arrival of any worker at the point; the mark says that it has happened."""

    def hook(reached: str) -> None:
        if reached != point:
            return
        try:
            mark.touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)

    probes.install(hook)


async def main(dsn: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    sealer = Sealer({"test": bytes(range(32))}, "test")
    async with open_pool(dsn, 1, 10) as pool:
        deliverer = Deliverer(pool, sealer, SystemClock(), local_tools(sealer))
        await work(job_app(dsn, deliverer), stop)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_once(sys.argv[2], Path(sys.argv[3]))
    asyncio.run(main(sys.argv[1]))
