"""Plays many scenarios many times, compares the repeats, and says of each what was not as expected."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.contact import Identity
from domain.stages import Channel
from graph.scenarios.format import Scenario
from graph.scenarios.record import Outcome
from graph.scenarios.rig import open_rig, scenario_settings
from graph.scenarios.scene import put_up
from graph.scenarios.workers import Workshop
from graph.settings import Settings
from memory.throwaway import Throwaway, throwaway_databases

_MOST_SHOWN = 6  # differences of one repeat
_WORDS = "Hi, we miss calls. Can we talk tomorrow at 2 pm?"


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
                new = differences(first.trail, outcome.trail, racing(self.scenario))
            found += [f"repeat {number + 1}: {each}" for each in new[:_MOST_SHOWN]]
        return found

    @property
    def path(self) -> dict[str, Any]:
        first = self.outcomes.get(0)
        return {name: trail["path"] for name, trail in first.trail.items()} if first else {}


def racing(scenario: Scenario) -> frozenset[str]:
    """The sessions that did something at the same moment: which of them came first is chance."""
    moments = ({part.session for part in step.together} for step in scenario.steps if step.together)
    return frozenset(name for names in moments if len(names) > 1 for name in names)


def differences(first: dict[str, Any], other: dict[str, Any], racing: frozenset[str] = frozenset()) -> list[str]:
    """What another playing left otherwise than the first one; of sessions that raced, who left it does not count."""
    found: list[str] = []
    for name, trail in first.items():
        for key, value in trail.items():
            got = other.get(name, {}).get(key)
            if got != value and not (name in racing and _all(first, racing, key) == _all(other, racing, key)):
                found.append(f"{name}: {key} differs from repeat 1: {got} instead of {value}")
    return found


def _all(trails: dict[str, Any], names: frozenset[str], key: str) -> list[str]:
    return sorted(repr(trails.get(name, {}).get(key)) for name in names)


def play_all(
    settings: Settings, dsn: str, scenarios: Sequence[Scenario], repeats: int, done: Callable[[Result], None]
) -> list[Result]:
    """Every scenario, `repeats` times. `done` is told each result as soon as it is whole."""
    results = [Result(scenario, repeats) for scenario in scenarios]
    tasks = [(place, repeat) for repeat in range(repeats) for place in range(len(scenarios))]
    with throwaway_databases(dsn) as databases:
        warm_up(settings, databases)
        for place, repeat, outcome, seconds in Workshop(settings, databases, scenarios, tasks).answers():
            result = results[place]
            result.outcomes[repeat] = outcome
            result.seconds += seconds
            if result.whole:
                done(result)
    return results


def warm_up(settings: Settings, databases: Throwaway) -> None:
    """Serve one turn in this process: afterwards every child begins with everything imported, read and compiled."""
    dsn = databases.create("warm")
    scenario = Scenario.model_validate(
        {"id": "warm", "title": "warm", "steps": [{"after": 0}], "expect": {"path": "none", "crm": []}}
    )

    async def serve() -> None:
        async with open_rig(scenario_settings(settings, dsn), scenario.clock, {}, None, {}) as rig:
            await put_up(rig, scenario)
            buyer = Identity("chat", "chat:warm")
            await rig.service.arrive(
                Channel.CHAT, buyer, turn_id="warm:1", words="Hi, we miss calls. Can we talk tomorrow at 2 pm?"
            )

    asyncio.run(serve())
    databases.drop(dsn)
    gc.collect()
    gc.freeze()  # a child that collects what it inherited would copy it page by page
