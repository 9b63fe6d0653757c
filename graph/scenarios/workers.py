"""Two processes that play scenarios from one list, each on a database of its own, and answer through pipes."""

import os
import pickle
import select
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from domain.errors import ThroughlineError
from domain.policy import Policy, load_policy
from graph.places import load_regions
from graph.scenarios.forked import Child, start
from graph.scenarios.format import Scenario
from graph.scenarios.play import Playing
from graph.scenarios.record import Outcome
from graph.scenarios.rig import scenario_settings
from graph.scenarios.scene import policy_text
from graph.settings import ROOT, Settings
from memory.throwaway import Throwaway

WORKERS = 2
_NUMBER = struct.Struct("<I")
_PATIENCE = 3600.0
Task = tuple[int, int]  # place of the scenario, and which repeat
Answer = tuple[int, int, Outcome, float]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What workers share."""

    settings: Settings
    databases: Throwaway
    scenarios: Sequence[Scenario]
    tasks: Sequence[Task]

    def answers(self) -> Iterator[Answer]:
        """Outcomes in the order in which they come."""
        queue, feed = os.pipe()
        children: dict[int, Child[None]] = {}
        try:
            for number in range(min(WORKERS, len(self.tasks))):
                answers, send = os.pipe()
                children[answers] = start(partial(self._work, number, queue, feed, send), _PATIENCE)
                os.close(send)
            for place in range(len(self.tasks)):
                os.write(feed, _NUMBER.pack(place))
            os.close(feed)
            os.close(queue)
            yield from _read(list(children))
        except BaseException:
            for child in children.values():
                child.end()
            raise
        if faults := [ended.fault for child in children.values() if (ended := child.ended()).fault]:
            raise WorkerLost("; ".join(faults))

    def _work(self, number: int, queue: int, feed: int, send: int) -> None:
        os.close(feed)  # else this process would wait for tasks from itself
        dsn = self.databases.create(f"worker{number}")
        parent = os.getppid()
        while os.getppid() == parent and (task := os.read(queue, _NUMBER.size)):  # a killed run has no use for more
            place, repeat = self.tasks[int(_NUMBER.unpack(task)[0])]
            begun = time.monotonic()
            self.databases.empty(dsn)
            outcome = played(scenario_settings(self.settings, dsn), self.scenarios[place], repeat)
            answer = pickle.dumps((place, repeat, outcome, time.monotonic() - begun))
            os.write(send, _NUMBER.pack(len(answer)) + answer)
        os.close(send)


class WorkerLost(ThroughlineError):
    """A process that plays scenarios has ended before its list was done."""


def played(settings: Settings, scenario: Scenario, repeat: int = 0) -> Outcome:
    """Play a scenario once, on the empty database that the settings name."""
    try:
        places = load_regions(ROOT / "policy" / "data")
        policy = _policy(policy_text(scenario, settings.policy_path, places), scenario.id)
    except ThroughlineError as fault:
        return Outcome((f"start: {fault}",))
    return Playing(settings, scenario, {policy.version: policy}, repeat).run()


@lru_cache(maxsize=256)
def _policy(text: str, source: str) -> Policy:
    return load_policy(text, source)


def _read(pipes: list[int]) -> Iterator[Answer]:
    """Answers, until every worker has closed its pipe."""
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
                yield pickle.loads(buffers[pipe][_NUMBER.size : size])  # noqa: S301  # written by our own worker
                buffers[pipe] = buffers[pipe][size:]


def _whole(data: bytes) -> int | None:
    """The length of the first answer with its head, where all of it is there."""
    if len(data) < _NUMBER.size:
        return None
    size = _NUMBER.size + _NUMBER.unpack(data[: _NUMBER.size])[0]
    return size if len(data) >= size else None
