"""How many calls one machine holds: more and more at once, until answers come too late; and what a call costs."""

import asyncio
import os
import random
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from bench.callers import QUESTIONS, Exchange, Peer, leave
from bench.line import Unanswered, spoken
from bench.rooms import tree, worker

HELD_MS = 800.0
CALLS = (1, 2, 4, 6, 8, 12, 16)
_WINDOW_S, _QUICK_WINDOW_S = 45.0, 20.0
_SETTLES_S = 8.0


@dataclass(frozen=True, slots=True)
class Step:
    """So many calls at once. CPU in cores, that is in seconds per second; `others` is what else the machine did."""

    calls: int
    answers: int
    unanswered: int
    p50: float
    p95: float
    agent_cpu: float
    media_cpu: float
    database_cpu: float
    caller_cpu: float
    others_cpu: float
    agent_mb: float  # per call, shared memory divided among those who share it

    @property
    def holds(self) -> bool:
        return not self.unanswered and self.p95 < HELD_MS


async def load(at: Exchange, speech: str, quick: bool) -> list[dict[str, Any]]:
    values = at.ground.values(
        f"load-{speech}", stt=speech, tts="local" if speech == "local" else "bench.hum.Hum", voice_ready="0",
        voice_cpu="1", voice_calls="64", policy_path=str(at.ground.home / "patient.yaml"),
    )  # fmt: skip
    for words in QUESTIONS:
        await asyncio.to_thread(spoken, words)
    steps: list[Step] = []
    peers: list[Peer] = []
    async with worker(values) as pid:
        try:
            for calls in (1, 2) if quick else CALLS:
                with suppress(Unanswered):
                    peers += await _more(at, calls - len(peers), f"load-{speech}", speech == "scripted")
                if len(peers) < calls:
                    break
                await asyncio.sleep(_SETTLES_S)
                steps.append(await _step(at, peers, pid, _QUICK_WINDOW_S if quick else _WINDOW_S))
                sys.stderr.write(f"{speech}: {steps[-1]}\n")
                if not steps[-1].holds:
                    break
        finally:
            await leave(peers)
    return [asdict(step) for step in steps]


async def _more(at: Exchange, calls: int, agent: str, scripted: bool) -> list[Peer]:
    return list(await asyncio.gather(*(at.call(agent, scripted=scripted) for _ in range(calls))))


async def _step(at: Exchange, peers: list[Peer], pid: int, seconds: float) -> Step:
    waits: list[float] = []
    groups = {"agent": pid, "media": at.ground.media, "database": _database(at), "caller": os.getpid()}
    before, busy, began = {name: _used(p) for name, p in groups.items()}, _busy(), time.monotonic()
    until = asyncio.get_running_loop().time() + seconds
    chance = random.Random(len(peers))
    lost = await asyncio.gather(*(peer.go_on(until, waits, random.Random(chance.random())) for peer in peers))
    took = time.monotonic() - began
    after = {name: _used(p) for name, p in groups.items()}
    # The caller's tree holds everything that it has started; what is left of it is the callers themselves.
    cores = {name: sum(after[name][p] - before[name].get(p, 0.0) for p in after[name]) / took for name in groups}
    cores["caller"] = max(0.0, after["caller"][os.getpid()] - before["caller"][os.getpid()]) / took
    ours = sum(cores.values())
    return Step(
        len(peers), len(waits), sum(lost), statistics.median(waits or [0.0]), _p95(waits), cores["agent"],
        cores["media"], cores["database"], cores["caller"], max(0.0, (_busy() - busy) / took - ours),
        _megabytes(pid) / len(peers),
    )  # fmt: skip


def _used(pid: int) -> dict[int, float]:
    """CPU seconds of each process of a tree."""
    found: dict[int, float] = {}
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid] = times.user + times.system
    return found


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def _database(at: Exchange) -> int:
    (file,) = at.ground.home.glob("postgres/**/postmaster.pid")
    return int(file.read_text().split()[0])


def _megabytes(pid: int) -> float:
    total = 0
    for process in tree(pid):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def _p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20, method="inclusive")[-1] if len(waits) > 1 else float("inf")


def held(steps: list[dict[str, Any]]) -> int:
    return max((step["calls"] for step in steps if Step(**step).holds), default=0)


def load_table(report: dict[str, list[dict[str, Any]]]) -> list[str]:
    head = (
        "speech", "calls", "answers", "none", "p50 ms", "p95 ms", "agent cores", "LiveKit", "database", "callers",
        "others", "cores per call", "MB per call", "calls, callers elsewhere",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for speech, steps in report.items():
        for step in (Step(**each) for each in steps):
            ours = step.agent_cpu + step.media_cpu + step.database_cpu
            could = step.calls * (ours + step.caller_cpu) / ours  # as many cores, all of them for the calls
            cells = (
                speech, step.calls, step.answers, step.unanswered, f"{step.p50:.0f}", f"{step.p95:.0f}",
                f"{step.agent_cpu:.2f}", f"{step.media_cpu:.2f}", f"{step.database_cpu:.2f}", f"{step.caller_cpu:.2f}",
                f"{step.others_cpu:.2f}", f"{ours / step.calls:.2f}", f"{step.agent_mb:.0f}",
                f"{could:.1f}" if step.holds else "-",
            )  # fmt: skip
            lines.append(f"| {' | '.join(map(str, cells))} |")
    return lines
