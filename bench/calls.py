"""`make bench ARGS=--calls`: the same sale by voice, over lines and by voices of all kinds, and what was misheard.

Nothing tells the recogniser what is said. The buyer answers what is asked and corrects what is read back wrongly.
"""

import asyncio
import statistics
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from bench.mouths import CONDITIONS, Condition, Voice, voices
from bench.rooms import Ground, ground, installation, settings_of
from bench.sale import Outcome, Sale, Shop
from domain.contact import Identity
from graph.bootstrap import open_world
from graph.calling import call_desk
from graph.desk import Desk
from graph.policy_book import ensure_policies
from memory.database import migrate

_PATIENCE_S = 600.0
_numbers = count(1)


@asynccontextmanager
async def shop(at: Ground) -> AsyncGenerator[Shop]:
    """An installation with local ears and the local voice."""
    values = at.values("shop", stt="local", tts="local", voice_ready="1", voice_cpu="1", api_port=str(at.port()))
    await migrate(at.dsn)
    async with open_world(settings_of(values)) as world, call_desk(world) as desk:
        assert desk
        await ensure_policies(world.pool, world.settings, world.clock.now())
        async with installation(values):
            yield Shop(world, desk, Desk(world.pool, world.sealer, world.clock, world.policies, world.lines))


async def sale(at: Shop, voice: Voice, condition: Condition, noise: Path | None = None) -> Outcome:
    background = await asyncio.to_thread(condition.background, voice, noise)
    identity = Identity("phone", f"+1512555{next(_numbers):04}")
    selling = Sale(at, identity, voice, condition, background, show)
    async with asyncio.timeout(_PATIENCE_S):
        return await selling.run()


async def measure(at: Ground, quick: bool, piper: Path | None, recordings: Path | None, repeat: int) -> dict[str, Any]:
    report: dict[str, Any] = {}
    async with shop(at) as here:
        for name, voice in voices(piper, recordings).items():
            for condition in CONDITIONS[:1] if quick else CONDITIONS:
                for _ in range(repeat):
                    outcome = await sale(here, voice, condition)
                    report.setdefault(f"{name}, {condition.name}", []).append(_row(outcome))
                    show(f"{name}, {condition.name}: {outcome}")
    return report


def run(dsn: str, home: Path, quick: bool, piper: Path | None, recordings: Path | None, repeat: int) -> dict[str, Any]:
    with ground(dsn, home) as made:
        return asyncio.run(measure(made, quick, piper, recordings, repeat))


def show(text: str) -> None:
    sys.stderr.write(f"    {text}\n")
    sys.stderr.flush()


def _row(outcome: Outcome) -> dict[str, Any]:
    return {**asdict(outcome), "won": outcome.won, "words": outcome.words, "wrong": outcome.wrong}


def table(report: dict[str, list[dict[str, Any]]]) -> str:
    head = (
        "who calls, and how", "won", "seconds", "replies", "WER", "corrected at a read-back", "asked again",
        "untrue facts", "untrue claims", "consents not meant", "p50 ms", "p95 ms",
    )  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, rows in report.items():
        total: Counter[str] = Counter()
        for row in rows:
            total.update({key: int(row[key]) for key in ("won", "words", "wrong", "caught", "repeated")})
        waits = [wait for row in rows for wait in row["waits"]] or [0.0, 0.0]
        cells = (
            name, f"{total['won']}/{len(rows)}", f"{statistics.mean(row['seconds'] for row in rows):.0f}",
            sum(len(row["said"]) for row in rows), f"{100 * total['wrong'] / max(1, total['words']):.1f} %",
            total["caught"], total["repeated"], sum(len(row["untrue"]) for row in rows),
            sum(len(row["claimed"]) for row in rows), sum(len(row["unmeant"]) for row in rows),
            f"{statistics.median(waits):.0f}",
            f"{statistics.quantiles(waits, n=20, method='inclusive')[-1] if len(waits) > 1 else waits[0]:.0f}",
        )  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)
