"""`make bench ARGS=--voice`: how long callers wait, at their own ear in a real room, and how many calls hold.

Our agent and a stock LiveKit agent answer the same questions with the same words in the same run, in turns.
"""

import asyncio
import statistics
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.callers import QUESTIONS, Exchange, Peer, exchange, leave
from bench.line import Unanswered
from bench.rooms import Ground, ground, settings_of, worker
from bench.voice_load import HELD_MS, held, load, load_table
from domain.policy import load_policy
from graph.bootstrap import articles
from livekit.cached_voice import SENTENCES
from livekit.speech import build_tts, fixed_sentences
from livekit.voice import VoiceProfile

PLAIN, CACHED, STOCK = "ours", "ours, cached", "stock"
AGENTS = {PLAIN: "ours", STOCK: "stock", CACHED: "ours-cached"}
OTHERWISE = "I see. What else would you like to know?"
SLOWER_MS = 20.0  # what ours may take more than stock, without the cache
_TRIES = 5  # a voice that is late on a busy machine ends the filling
EARS = {"scripted": "scripted", "local": "local"}


@dataclass(slots=True)
class Found:
    """Waits and unanswered questions by peer; `said` holds what ours answered, question after question."""

    waits: dict[str, list[float]]
    unanswered: dict[str, int]
    said: list[list[str]] = field(default_factory=list[list[str]])


async def latency(at: Exchange, hears: str, rounds: int) -> dict[str, Any]:
    """Milliseconds from the end of each question to the answer's first sound, by peer.

    One agent at a time, in turns: three on one machine would be heard in each other's figures.
    """
    found = Found({name: [] for name in AGENTS}, dict.fromkeys(AGENTS, 0))
    fixed = fixed_sentences(at.world.lines, at.world.catalogue, articles())
    await _fill(at, _values_of(at.ground, CACHED, hears), fixed)
    for _ in range(rounds):
        for name in AGENTS:
            async with _worker_of(at.ground, name, hears):
                await _questions(at, name, hears == "scripted", found)
    kept = sum(bool(lines) and SENTENCES.tokenize(lines[0])[0].strip() in fixed for lines in found.said)
    return {"waits": found.waits, "asked": rounds * len(QUESTIONS), "kept": kept, "unanswered": found.unanswered}


async def _questions(at: Exchange, name: str, scripted: bool, found: Found) -> None:
    """Every question of one call. The stock agent says what ours has just said to the same question."""
    peer = await (at.call_stock(scripted=scripted) if name == STOCK else at.call(AGENTS[name], scripted=scripted))
    note(f"{name} is on the line")
    try:
        for number, question in enumerate(QUESTIONS):
            if name == STOCK:
                at.answer(peer, " ".join(found.said[number - len(QUESTIONS)]) or OTHERWISE)
            asked = at.world.clock.now()
            await _ask(name, peer, question, found.waits)
            if name == PLAIN:
                found.said.append(await at.said(peer, asked))
    finally:
        found.unanswered[name] += peer.unanswered
        await leave([peer])


async def _ask(name: str, peer: Peer, question: str, waits: dict[str, list[float]]) -> None:
    """Who is not answered, however often they ask, is counted and goes on to the next question."""
    try:
        waits[name].append(await peer.ask(question))
        note(f"{name}: {question} {waits[name][-1]:.0f} ms")
    except Unanswered as problem:
        note(f"{name}: {question} {problem}")


def _worker_of(at: Ground, name: str, hears: str) -> AbstractAsyncContextManager[int]:
    values = _values_of(at, name, hears)
    if name == STOCK:
        return worker(values, ("-m", "livekit.agents", "start", "bench/stock_worker.py"))
    return worker(values)


def _values_of(at: Ground, name: str, hears: str) -> dict[str, Any]:
    return at.values(
        AGENTS[name],
        stt=EARS[hears],
        tts="local",
        audio_cache_mb="64" if name == CACHED else "0",
        voice_ready="0",
        voice_cpu="1",
        policy_path=str(at.home / "patient.yaml"),
    )


async def _fill(at: Exchange, values: dict[str, Any], sentences: list[str]) -> None:
    """As every first call does beside its talk; here before anybody talks, so that nothing else is measured with it."""
    settings = settings_of(values)
    profile = VoiceProfile.of(load_policy(settings.policy_path.read_text("utf-8"), "policy"), settings)
    voice = build_tts(settings, profile, sentences)
    for _ in range(_TRIES):
        if not voice.voice.cache.missing():
            break
        await voice.fill()
    note(f"{len(sentences) - len(voice.voice.cache.missing())} of {len(sentences)} sentences are in the cache")
    await voice.aclose()


async def measure(at: Ground, quick: bool) -> dict[str, Any]:
    report: dict[str, Any] = {"latency": {}, "load": {}}
    async with exchange(at) as here:
        for hears in ("scripted",) if quick else tuple(EARS):
            report["latency"][hears] = await latency(here, hears, 1 if quick else 3)
        for speech in ("scripted",) if quick else tuple(EARS):
            report["load"][speech] = await load(here, speech, quick)
    return report


def run(dsn: str, home: Path, quick: bool) -> dict[str, Any]:
    with ground(dsn, home) as made:
        return asyncio.run(measure(made, quick))


def table(report: dict[str, Any]) -> str:
    lines = ["| hears by | who answers | answers | none | p50 ms | p95 ms | p50 against stock |", "|" + "---|" * 7]
    for hears, found in report["latency"].items():
        stock = statistics.median(found["waits"][STOCK])
        for name, waits in found["waits"].items():
            p50 = statistics.median(waits)
            cells = (hears, name, len(waits), found["unanswered"][name], f"{p50:.0f}", f"{p95(waits):.0f}")
            lines.append(f"| {' | '.join(map(str, cells))} | {p50 - stock:+.0f} |")
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
    return statistics.quantiles(waits, n=20, method="inclusive")[-1] if len(waits) > 1 else waits[0]


def _said(met: bool) -> str:
    return "met" if met else "NOT met"


def note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
