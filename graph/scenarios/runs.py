"""Plays many scenarios many times, two at once, each on an empty database, and compares the repeats."""

import asyncio
import gc
import os
import pickle
import select
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from domain.contact import Identity
from domain.errors import ThroughlineError
from domain.policy import Policy, load_policy
from domain.stages import Channel
from graph.places import load_regions
from graph.scenarios.forked import Child, start
from graph.scenarios.format import Scenario
from graph.scenarios.play import Playing
from graph.scenarios.record import Outcome
from graph.scenarios.rig import open_rig, scenario_settings
from graph.scenarios.scene import policy_text, put_up
from graph.settings import ROOT, Settings
from memory.throwaway import Throwaway, throwaway_databases

WORKERS = 2
_TASK, _LENGTH = struct.Struct("<I"), struct.Struct("<I")
_PATIENCE = 3600.0
_MOST_SHOWN = 3  # repeats whose failures are told apart


@dataclass(slots=True)
class Result:
    """A scenario over all its repeats."""

    scenario: Scenario
    repeats: int
    outcomes: dict[int, Outcome] = field(default_factory=dict[int, Outcome])
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        return len(self.outcomes) == self.repeats

    @property
    def passed(self) -> bool:
        return self.whole and not self.failures

    @property
    def failures(self) -> list[str]:
        """What was wrong, once; failures that only a later repeat had name it."""
        first = self.outcomes.get(0)
        found = list(first.failures) if first else ["repeat 1 was not played"]
        for number in range(1, self.repeats):
            outcome = self.outcomes.get(number)
            new = ["was not played"] if outcome is None else [each for each in outcome.failures if each not in found]
            if outcome is not None and first is not None and not new and not outcome.failures:
                new = differences(first.trail, outcome.trail)
            found += [f"repeat {number + 1}: {each}" for each in new[: 2 * _MOST_SHOWN]]
        return found

    @property
    def path(self) -> dict[str, Any]:
        first = self.outcomes.get(0)
        return {name: trail["path"] for name, trail in first.trail.items()} if first else {}


def differences(first: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What another playing left otherwise than the first one."""
    found: list[str] = []
    for name, trail in first.items():
        for key, value in trail.items():
            got = other.get(name, {}).get(key)
            if got != value:
                found.append(f"{name}: {key} differs from repeat 1: {got} instead of {value}")
    return found


def play_all(
    settings: Settings, dsn: str, scenarios: Sequence[Scenario], repeats: int, done: Callable[[Result], None]
) -> list[Result]:
    """Every scenario, `repeats` times. `done` is told each result as soon as it is whole."""
    results = [Result(scenario, repeats) for scenario in scenarios]
    tasks = [(place, repeat) for repeat in range(repeats) for place in range(len(scenarios))]
    with throwaway_databases(dsn) as databases:
        warm_up(settings, databases)
        for place, repeat, outcome, seconds in _played(settings, databases, scenarios, tasks):
            result = results[place]
            result.outcomes[repeat] = outcome
            result.seconds += seconds
            if result.whole:
                done(result)
    return results


def warm_up(settings: Settings, databases: Throwaway) -> None:
    """Serve one turn in this process: afterwards every child begins with everything imported, read and compiled."""
    dsn = databases.create("warm")
    scenario = Scenario.model_validate({"id": "warm", "title": "warm", "steps": [{"after": 0}], "expect": {"path": "none", "crm": []}})

    async def serve() -> None:
        async with open_rig(scenario_settings(settings, dsn), scenario.clock, {}, None, {}) as rig:
            await put_up(rig, scenario)
            buyer = Identity("chat", "chat:warm")
            await rig.service.arrive(Channel.CHAT, buyer, turn_id="warm:1", words="Hi, we miss calls. Can we talk tomorrow at 2 pm?")

    asyncio.run(serve())
    databases.drop(dsn)
    gc.collect()
    gc.freeze()  # a child that collects what it inherited would copy it page by page


Answer = tuple[int, int, Outcome, float]


def _played(
    settings: Settings, databases: Throwaway, scenarios: Sequence[Scenario], tasks: Sequence[tuple[int, int]]
) -> Iterator[Answer]:
    """Two workers take tasks from one pipe and send answers by pipes of their own."""
    queue, feed = os.pipe()
    children: dict[int, Child[None]] = {}
    try:
        for number in range(min(WORKERS, len(tasks))):
            answers, send = os.pipe()
            children[answers] = start(lambda send=send, number=number: _work((queue, feed), send, number, settings, databases, scenarios, tasks),
                                      _PATIENCE)  # fmt: skip
            os.close(send)
        for place in range(len(tasks)):
            os.write(feed, _TASK.pack(place))
        os.close(feed)
        os.close(queue)
        yield from _answers(list(children))
    finally:
        for child in children.values():
            child.ended()


def _work(
    tasks_pipe: tuple[int, int], send: int, number: int, settings: Settings, databases: Throwaway, scenarios: Sequence[Scenario],
    tasks: Sequence[tuple[int, int]],
) -> None:  # fmt: skip
    queue, feed = tasks_pipe
    dsn = databases.create(f"worker{number}")
    os.close(feed)  # else this process would wait for tasks from itself
    while task := os.read(queue, _TASK.size):
        place, repeat = tasks[_TASK.unpack(task)[0]]
        begun = time.monotonic()
        databases.empty(dsn)
        outcome = _outcome(scenario_settings(settings, dsn), scenarios[place], repeat)
        answer = pickle.dumps((place, repeat, outcome, time.monotonic() - begun))
        os.write(send, _LENGTH.pack(len(answer)) + answer)
    os.close(send)


def _outcome(settings: Settings, scenario: Scenario, repeat: int) -> Outcome:
    try:
        policy = _policy(policy_text(scenario, settings.policy_path, load_regions(ROOT / "policy" / "data")), scenario.id)
    except ThroughlineError as fault:
        return Outcome((f"start: {fault}",))
    return Playing(settings, scenario, {policy.version: policy}, repeat).run()


@lru_cache(maxsize=256)
def _policy(text: str, source: str) -> Policy:
    return load_policy(text, source)


def _answers(pipes: list[int]) -> Iterator[Answer]:
    """Answers in the order in which they come, until every worker has closed its pipe."""
    buffers = dict.fromkeys(pipes, b"")
    while buffers:
        for pipe in select.select(list(buffers), [], [])[0]:
            part = os.read(pipe, 1 << 16)
            if not part:
                os.close(pipe)
                del buffers[pipe]
                continue
            buffers[pipe] += part
            while (size := _whole(buffers[pipe])) is not None:
                yield pickle.loads(buffers[pipe][_LENGTH.size : size])  # noqa: S301  # written by our own worker
                buffers[pipe] = buffers[pipe][size:]


def _whole(data: bytes) -> int | None:
    """The length of the first answer with its head, where all of it is there."""
    if len(data) < _LENGTH.size:
        return None
    size = _LENGTH.size + _LENGTH.unpack(data[: _LENGTH.size])[0]
    return size if len(data) >= size else None
