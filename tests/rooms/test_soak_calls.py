"""Half an hour of calls, one after the other: nothing grows in the programs that outlive them."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from domain.contact import Identity
from tests.rooms.installation import Installation, installed
from tests.rooms.server import LiveKit
from tests.rooms.speaker import on_the_line

pytestmark = pytest.mark.soak
SECONDS = float(os.environ.get("SOAK_CALLS_S", "1800"))
WARM = 0.25  # of the time: caches fill, pools open, every program has done everything once
AT_ONCE = 2
GROWS_MB, GROWS_SHARE = 24.0, 0.06  # at most, of the memory of all lasting programs, after the start
SCRIPT = ("Hi, this is Dana Whitfield", "We miss calls after hours", "Yes, that's fine", "Are you a robot?")


@dataclass(frozen=True, slots=True)
class Counted:
    """Of everything that `throughline run` keeps running, between two calls."""

    at: float
    calls: int
    memory_mb: float
    files: int  # sockets among them
    sockets: int
    threads: int
    processes: int
    connections: int
    by_program: dict[str, float]


async def test_calls_leave_nothing_behind(
    module_dsn: str, livekit_server: LiveKit, make_server_folder: Callable[[], Path]
) -> None:
    async with installed(module_dsn, livekit_server, make_server_folder(), tts_options={"per_word_s": 0.05}) as at:
        began, calls = time.monotonic(), 0
        counted: list[Counted] = []
        while time.monotonic() - began < SECONDS:
            await asyncio.gather(*(one_call(at, calls + number) for number in range(AT_ONCE)))
            calls += AT_ONCE
            await rested(at)
            counted.append(await count(at, livekit_server, time.monotonic() - began, calls))
            print(counted[-1])
        assert await at.rows("select 1 from calls where ended_at is null") == []
        judge(counted)


async def one_call(at: Installation, number: int) -> None:
    """A few turns, and the buyer hangs up."""
    buyer = Identity("phone", f"+1512555{number % 10_000:04}")
    async with on_the_line(at, buyer) as dana:
        for words in SCRIPT:
            await dana.says(words)
        await dana.until_quiet()
        call_id = dana.call_id
    await at.calls.hang_up(call_id)


async def rested(at: Installation) -> None:
    """Until no job is on a call any more, and everybody has put away what the last one left."""
    late = time.monotonic() + 60
    while any(on_a_call(each) for each in jobs(at.process.pid)) and time.monotonic() < late:
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)


async def count(at: Installation, server: LiveKit, now: float, calls: int) -> Counted:
    programs = [psutil.Process(at.process.pid), *psutil.Process(at.process.pid).children(recursive=True)]
    programs.append(server.process)
    memory: dict[str, float] = {}
    files = sockets = threads = alive = 0
    for each in programs:
        with suppress(psutil.NoSuchProcess):
            name = program(each)
            memory[name] = memory.get(name, 0.0) + each.memory_full_info().uss / 2**20
            files += each.num_fds()
            sockets += len(each.net_connections("all"))
            threads += each.num_threads()
            alive += 1
    rows = await at.rows("select count(*) as n from pg_stat_activity where datname = current_database()")
    total = sum(size for name, size in memory.items() if name != "waiting jobs")
    by_program = {name: round(size, 1) for name, size in memory.items()}
    return Counted(round(now), calls, round(total, 1), files, sockets, threads, alive, rows[0]["n"], by_program)


def program(process: psutil.Process) -> str:
    line = " ".join(process.cmdline())
    known = ("graph.jobs", "ui.api_server", "ui.server", "graph.cli", "livekit-server", "livekit/worker.py")
    if "forkserver" in line:
        return "waiting jobs"
    return next((name for name in known if name in line), "livekit-server" if "--config" in line else "others")


def jobs(pid: int) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for each in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "forkserver" in " ".join(each.cmdline()):
                found.append(each)
    return found


def on_a_call(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.net_connections("udp"))
    return False


def judge(counted: list[Counted]) -> None:
    """The end against the time after the start; a single moment proves nothing, so the middle of three counts."""
    warm = [each for each in counted if each.at >= WARM * SECONDS]
    assert len(warm) >= 4, "too few calls to judge: give SOAK_CALLS_S more seconds"
    first, last = warm[: max(1, len(warm) // 3)], warm[-max(1, len(warm) // 3) :]
    grown = {
        name: middle([float(getattr(each, name)) for each in last])
        - middle([float(getattr(each, name)) for each in first])
        for name in ("memory_mb", "files", "sockets", "threads", "processes", "connections")
    }
    print(f"{counted[-1].calls} calls in {counted[-1].at:.0f} s; grown: {grown}")
    allowed = max(GROWS_MB, GROWS_SHARE * first[0].memory_mb)
    assert grown.pop("memory_mb") <= allowed, counted
    assert max(grown.values()) <= 3, grown


def middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
