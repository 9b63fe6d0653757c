"""Measures the reader on language packs: on all rows, and on those that nobody looked at or no model was trained on."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.pack_figures import Figures, Said
from bench.pack_tasks import TASKS, Goal, Task
from bench.packs import Row, half


@dataclass(slots=True)
class Stopwatch:
    """Calls on, and remembers what each call cost: CPU time, so that others on the machine do not count."""

    said: Said
    spent: list[float] = field(default_factory=list[float])

    def __call__(self, row: Row) -> Any:
        at = time.thread_time()
        answer = self.said(row)
        self.spent.append((time.thread_time() - at) * 1e3)
        return answer


def measure(folder: Path, names: Sequence[str] | None = None) -> dict[str, dict[str, Figures]]:
    """For each task its figures on all rows and on unseen ones."""
    return {task.name: _measured(task, folder) for task in TASKS if names is None or task.name in names}


def _measured(task: Task, folder: Path) -> dict[str, Figures]:
    rows, watch = list(task.rows(folder)), Stopwatch(task.said)
    task.said(rows[0])  # lists and models are loaded when they are first needed
    known = task.count(rows, watch)
    known["median ms"] = statistics.median(watch.spent)
    known["p95 ms"] = statistics.quantiles(watch.spent, n=20)[-1]
    crossed = task.crossed(folder)
    unseen = task.count(rows, crossed) if crossed else task.count(half(rows, unseen=True), task.said)
    return {"all": known, "unseen": unseen}


def table(report: dict[str, dict[str, Figures]]) -> str:
    lines = ["| task | figure | all dev rows | unseen rows | to reach | |", "|---|---|---|---|---|---|"]
    for task in TASKS:
        figures = report.get(task.name, {})
        goals = {goal.figure: goal for goal in task.goals}
        for name, value in figures.get("all", {}).items():
            lines.append(_line(task.name, name, value, figures["unseen"].get(name), goals.get(name)))
    return "\n".join(lines)


def _line(task: str, name: str, value: float, unseen: float | None, goal: Goal | None) -> str:
    shown = "" if unseen is None else f"{unseen:.4f}"
    if goal is None:
        return f"| {task} | {name} | {value:.4f} | {shown} | | |"
    met = goal.met(value if unseen is None else unseen)
    sign = "<=" if goal.most else ">="
    return f"| {task} | {name} | {value:.4f} | {shown} | {sign} {goal.bound:g} | {'met' if met else 'NOT met'} |"
