"""Calls in one process, one after the other: no task, socket, file or connection of a call outlives it."""

import asyncio
import gc
import os
import time
from dataclasses import dataclass

import psutil
import pytest

from domain.contact import Identity
from tests.voice.rig import calling

SECONDS = float(os.environ.get("SOAK_CALLS_S", "1800")) / 6
LINES = ("We miss calls after hours", "Are you a robot?", "And how does it work?")
GROWS_MB = 40.0


@dataclass(frozen=True, slots=True)
class Left:
    """What is there between two calls."""

    tasks: int
    files: int
    sockets: int
    memory_mb: float


def left() -> Left:
    gc.collect()
    me = psutil.Process()
    memory = me.memory_full_info().uss / 2**20
    return Left(len(asyncio.all_tasks()), me.num_fds(), len(me.net_connections("all")), round(memory, 1))


@pytest.mark.soak
async def test_a_call_leaves_no_task_and_no_socket_behind(fresh_dsn: str) -> None:
    began, found = time.monotonic(), list[Left]()
    while time.monotonic() - began < SECONDS or len(found) < 6:
        buyer = Identity("phone", f"+1512555{len(found):04}")
        async with calling(fresh_dsn, detection="vad", per_word_s=0.03, furnished=bool(found), identity=buyer) as call:
            await call.quiet()
            for line in LINES:
                await call.ask(line)
                await call.quiet()
        await asyncio.sleep(0.2)
        found.append(left())
    print(f"{len(found)} calls", found[0], found[len(found) // 3], found[-1])
    warm, last = found[len(found) // 3], found[-1]
    assert last.tasks <= warm.tasks and last.files <= warm.files + 1 and last.sockets <= warm.sockets + 1
    assert last.memory_mb <= warm.memory_mb + GROWS_MB
