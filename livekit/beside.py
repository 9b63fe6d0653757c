"""Work that goes on beside a call: a fault of it is told, and ends nothing else that can go on without it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

_log = logging.getLogger(__name__)


@asynccontextmanager
async def beside(*work: Coroutine[Any, Any, Any]) -> AsyncGenerator[None]:
    """The work goes on while the block does; a fault of it is told, and ends nothing else."""
    tasks = [asyncio.create_task(part) for part in work]
    for task in tasks:
        task.add_done_callback(_told_if_failed)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _told_if_failed(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (fault := task.exception()):
        extra = {"action": "call_fault", "fault": type(fault).__name__}
        _log.error("a part of a call failed", extra=extra, exc_info=fault)


async def vital(work: Coroutine[Any, Any, None], failed: Callable[[], None]) -> None:
    """A part without which the call cannot go on: `failed` is called where it ends by a fault."""
    whole = False
    try:
        await work
        whole = True
    except asyncio.CancelledError:
        whole = True
        raise
    finally:
        if not whole:
            failed()
