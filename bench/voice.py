"""`make bench ARGS=--voice`: how long callers wait, at their own ear in a real room, and how many calls hold.

Our agent and a stock LiveKit agent answer the same questions with the same words in the same run, in turns.
"""

import asyncio
import statistics
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.callers import QUESTIONS, Exchange, Peer, exchange, leave
from bench.rooms import Ground, ground, until, worker
from bench.voice_load import HELD_MS, held, load, load_table
from livekit.cached_voice import SENTENCES
from livekit.speech import fixed_sentences

PLAIN, CACHED, STOCK = "ours", "ours, cached", "stock"
AGENTS = {PLAIN: "ours", CACHED: "ours-cached", STOCK: "stock"}
SLOWER_MS = 20.0  # what ours may take more than stock, without the cache
_FILLED_S = 180.0  # at most, until the sentences that never change are in the cache
EARS = {"scripted": "scripted", "local": "local"}


async def latency(at: Exchange, hears: str, rounds: int) -> dict[str, Any]:
    """Milliseconds from the end of each question to the answer's first sound, by peer."""
    waits: dict[str, list[float]] = {name: [] for name in AGENTS}
    kept, all_fixed = 0, set(fixed_sentences(at.world.lines, at.world.catalogue))
    async with AsyncExitStack() as workers:
        for name, agent in AGENTS.items():
            await workers.enter_async_context(_worker_of(at.ground, name, agent, hears))
        peers = await _on_the_line(at, hears == "scripted")
        try:
            await _filled(at.ground.folder(AGENTS[CACHED]) / "audio", len(all_fixed))
            for _ in range(rounds):
                for question in QUESTIONS:
                    asked = at.world.clock.now()
                    waits[PLAIN].append(await peers[PLAIN].ask(question))
                    lines = await at.said(peers[PLAIN], asked)
                    kept += bool(lines) and SENTENCES.tokenize(lines[0])[0].strip() in all_fixed
                    at.answer(peers[STOCK], " ".join(lines))
                    for name in (STOCK, CACHED):
                        waits[name].append(await peers[name].ask(question))
                    note(f"{question} " + ", ".join(f"{name} {each[-1]:.0f}" for name, each in waits.items()))
        finally:
            await leave(list(peers.values()))
    return {"waits": waits, "asked": rounds * len(QUESTIONS), "kept": kept}


def _worker_of(at: Ground, name: str, agent: str, hears: str) -> Any:
    stock = name == STOCK
    values = at.values(
        agent,
        stt=EARS[hears],
        tts="local",
        audio_cache_mb="64" if name == CACHED else "0",
        voice_ready="0",
        voice_cpu="1",
        policy_path=str(at.home / "patient.yaml"),
    )
    return worker(values, ("-m", "livekit.agents", "start", "bench/stock_worker.py")) if stock else worker(values)


async def _on_the_line(at: Exchange, scripted: bool) -> dict[str, Peer]:
    """One after the other: what a start costs is not to be heard in another's opening."""
    peers: dict[str, Peer] = {}
    for name, agent in AGENTS.items():
        peers[name] = await (at.call_stock(scripted=scripted) if name == STOCK else at.call(agent, scripted=scripted))
        note(f"{name} is on the line")
    return peers


async def _filled(folder: Path, sentences: int) -> None:
    """Nothing is measured while a job still makes sounds for later."""
    await until(lambda: len(list(folder.glob("*/*.pcm"))) >= sentences, _FILLED_S)
    note("the cache is filled")


async def measure(at: Ground, quick: bool) -> dict[str, Any]:
    report: dict[str, Any] = {"latency": {}, "load": {}}
    async with exchange(at) as here:
        for hears in ("scripted",) if quick else tuple(EARS):
            report["latency"][hears] = await latency(here, hears, 1 if quick else 2)
        for speech in ("scripted",) if quick else tuple(EARS):
            report["load"][speech] = await load(here, speech, quick)
    return report


def run(dsn: str, home: Path, quick: bool) -> dict[str, Any]:
    with ground(dsn, home) as made:
        return asyncio.run(measure(made, quick))


def table(report: dict[str, Any]) -> str:
    lines = ["| hears by | who answers | p50 ms | p95 ms | p50 against stock |", "|---|---|---|---|---|"]
    for hears, found in report["latency"].items():
        stock = statistics.median(found["waits"][STOCK])
        for name, waits in found["waits"].items():
            p50 = statistics.median(waits)
            lines.append(f"| {hears} | {name} | {p50:.0f} | {p95(waits):.0f} | {p50 - stock:+.0f} |")
    return "\n".join([*lines, "", *load_table(report["load"]), "", *verdicts(report)])


def verdicts(report: dict[str, Any]) -> list[str]:
    out: list[str] = []
    for hears, found in report["latency"].items():
        stock = statistics.median(found["waits"][STOCK])
        slower = statistics.median(found["waits"][PLAIN]) - stock
        cached = statistics.median(found["waits"][CACHED]) - stock
        reach = f"(+{SLOWER_MS:.0f} at most) {_said(slower <= SLOWER_MS)}"
        kept = f"{found['kept']} of {found['asked']} answers began with a sentence that never changes"
        out.append(f"{hears}: p50 against stock without the cache: {slower:+.0f} ms {reach}")
        out.append(f"{hears}: p50 against stock with the cache: {cached:+.0f} ms (below 0) {_said(cached < 0)}; {kept}")
    for speech, steps in report["load"].items():
        out.append(f"{speech} speech: {held(steps)} calls held at p95 under {HELD_MS:.0f} ms")
    return out


def p95(waits: list[float]) -> float:
    return statistics.quantiles(waits, n=20)[-1] if len(waits) > 1 else waits[0]


def _said(met: bool) -> str:
    return "met" if met else "NOT met"


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
