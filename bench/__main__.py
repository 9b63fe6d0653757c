"""`make bench`: every figure beside its peers in the same run, as a table and as JSON; nothing absolute is promised."""

import argparse
import asyncio
import gc
import json
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.measure import cost, growth, throughput
from bench.pack_table import measure as measure_packs
from bench.pack_table import table as pack_table
from bench.peers import Peer, peers
from bench.replay import BEGINS, counted, dialogues_in, replay
from bench.replay import table as replay_table
from bench.rooms import server_at_hand
from bench.scratch import scratch, server
from domain.errors import ThroughlineError
from graph.bootstrap import World, open_world
from graph.clock import FixedClock
from graph.policy_book import ensure_policies
from graph.settings import load_settings
from memory.database import migrate

SESSIONS = (1, 10, 100)
ROUNDS = 3
REPLAY = "star_booking"


async def measure(world: World, quick: bool) -> dict[str, Any]:
    turns = 60 if quick else 300
    points = (10, 100, 200) if quick else (10, 100, 500, 2000)
    report: dict[str, Any] = {"turns": turns, "cost": {}, "throughput": {}, "growth": {}}
    async with peers(world) as all_peers:
        gc.collect()
        gc.freeze()
        for name, peer in all_peers.items():
            report["cost"][name] = asdict(await cost(peer, turns))
        report["throughput"] = await rates(all_peers, turns)
        for name in ("ours", "stock async", "stock exit"):
            reach = points if name == "ours" else tuple(p for p in points if p <= 500)
            report["growth"][name] = await growth(all_peers[name], name, world.pool, reach)
    return report


async def rates(all_peers: dict[str, Peer], turns: int) -> dict[str, dict[int, float]]:
    """The median of rounds in which everybody takes their turn: a machine that slows down slows all of them."""
    found: dict[str, dict[int, list[float]]] = {name: {n: [] for n in SESSIONS} for name in all_peers}
    for n in SESSIONS:
        for _ in range(ROUNDS):
            for name, peer in all_peers.items():
                found[name][n].append(await throughput(peer, n, turns))
    return {name: {n: statistics.median(values) for n, values in row.items()} for name, row in found.items()}


def table(report: dict[str, Any]) -> str:
    lines = [
        "| peer | CPU ms | p50 ms | p95 ms | turns/s at 1, 10, 100 | CPU against ours |",
        "|---|---|---|---|---|---|",
    ]
    ours = report["cost"]["ours"]
    for name, c in report["cost"].items():
        rates = ", ".join(f"{rate:.0f}" for rate in report["throughput"][name].values())
        lines.append(
            f"| {name} | {c['cpu']:.1f} | {c['p50']:.1f} | {c['p95']:.1f} | {rates} | {c['cpu'] / ours['cpu']:.2f} |"
        )
    lines += ["", "| peer | at turn | p50 ms | KB per turn |", "|---|---|---|---|"]
    for name, points in report["growth"].items():
        lines += [f"| {name} | {point} | {p50:.1f} | {kilobytes:.1f} |" for point, (p50, kilobytes) in points.items()]
    return "\n".join([*lines, "", *verdicts(report)])


def verdicts(report: dict[str, Any]) -> list[str]:
    """What is to be reached, and whether this run reached it."""
    rates = report["throughput"]
    out: list[str] = []
    for peer, least in (("stock async", 2.0), ("stock exit", 1.0)):
        for n in SESSIONS:
            ratio = rates["ours"][n] / rates[peer][n]
            out.append(
                f"turns/s against {peer} at {n} sessions: {ratio:.2f} (to reach {least:.1f}) {said(ratio >= least)}"
            )
    points = report["growth"]["ours"]
    last, hundred = points[max(points)], points[100]
    for what, index in (("p50", 0), ("KB per turn", 1)):
        change = last[index] / hundred[index]
        out.append(f"{what} at turn {max(points)} against turn 100: {change:.2f} (1.10 at most) {said(change <= 1.10)}")
    p50 = report["cost"]["ours"]["p50"]
    out.append(f"p50 of a full turn: {p50:.1f} ms (to reach 6.0 on a quiet machine) {said(p50 <= 6.0)}")
    return out


def said(met: bool) -> str:
    return "met" if met else "NOT met"


async def run(dsn: str, home: Path, quick: bool) -> dict[str, Any]:
    async with scratch(dsn, home) as world:
        return await measure(world, quick)


async def replayed(dsn: str, home: Path, packs: Path) -> dict[str, int]:
    """Bookings between people, replayed through the whole chain on a database of their own."""
    await migrate(dsn)
    clock = FixedClock(BEGINS)
    settings = load_settings(None).model_copy(update={"database_url": dsn, "data_dir": home})
    async with open_world(settings, clock, 4) as world:
        await ensure_policies(world.pool, settings, clock.now())
        return counted(await replay(world, clock, dialogues_in(packs)))


def turns(quick: bool) -> dict[str, Any]:
    with server() as (dsn, home):
        report = asyncio.run(run(dsn, home, quick))
    sys.stdout.write(table(report) + "\n")
    return report


def calls(quick: bool) -> dict[str, Any]:
    from bench import voice  # the SDK takes seconds to import

    with server() as (dsn, home):
        report = voice.run(dsn, home, quick)
    sys.stdout.write(voice.table(report) + "\n")
    return report


def sales(given: argparse.Namespace) -> dict[str, Any]:
    from bench import calls

    with server() as (dsn, home):
        report = calls.run(dsn, home, given.quick, given.piper, given.recordings, given.repeat)
    sys.stdout.write(calls.table(report) + "\n")
    return report


def packs(given: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = measure_packs(given.packs, given.task or None)
    sys.stdout.write(pack_table(report) + "\n")
    if not given.task or REPLAY in given.task:
        with server() as (dsn, home):
            report[REPLAY] = asyncio.run(replayed(dsn, home, given.packs))
        sys.stdout.write("\n" + replay_table(report[REPLAY]) + "\n")
    return report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="fewer turns, up to turn 200")
    parser.add_argument("--packs", type=Path, help="measure the reader on the language packs in this folder instead")
    parser.add_argument("--task", action="append", default=[], help="with --packs: only this task; may be repeated")
    parser.add_argument("--voice", action="store_true", help="only calls in rooms: latency, and how many calls hold")
    parser.add_argument(
        "--calls", action="store_true", help="only the sale by voice, over lines and by voices of all kinds"
    )
    parser.add_argument("--repeat", type=int, default=1, help="with --calls: how often each")
    parser.add_argument("--piper", type=Path, help="with --calls: a model of piper, where that is installed")
    parser.add_argument(
        "--recordings", type=Path, help="with --calls: WAV files named by the words that people say in them"
    )
    arguments = parser.parse_args()
    if arguments.packs:
        report = packs(arguments)
    elif arguments.calls:
        report = sales(arguments)
    else:
        report = {} if arguments.voice else turns(arguments.quick)
        if arguments.voice or server_at_hand():
            report["voice"] = calls(arguments.quick)
        else:
            sys.stdout.write("Calls were not measured: there is no livekit-server (--voice builds one).\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1), "utf-8")


if __name__ == "__main__":
    try:
        main()
    except ThroughlineError as error:
        sys.exit(f"bench: {error}")
