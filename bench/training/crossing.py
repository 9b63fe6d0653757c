"""Answers to the packs' tasks by models that have not seen the row: what the trained weights are worth elsewhere."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from bench.training.__main__ import crossed
from bench.training.tasks import HEADS, Example

Row = dict[str, Any]


@cache
def odds_of(packs: Path, name: str) -> dict[tuple[str, str], dict[str, float]]:
    """By words and the line before them. The same pair in two dialogues is rare and has one answer here."""
    head = next(head for head in HEADS if head.name == name)
    examples: list[Example] = head.examples(packs)
    found = crossed(head, examples)
    return {
        (e.user, e.system): dict(zip(head.classes, row.tolist(), strict=True))
        for e, row in zip(examples, found, strict=True)
    }


def _of(packs: Path, name: str, row: Row) -> dict[str, float]:
    return odds_of(packs, name)[row["user"], row.get("system") or ""]


def _best(odds: dict[str, float]) -> str:
    return max(odds, key=odds.__getitem__)


CROSSED_TASKS: dict[str, Callable[[Path], Callable[[Row], Any]]] = {
    "acts": lambda packs: lambda row: _best(_of(packs, "act", row)),
    "prospect": lambda packs: lambda row: _best(_of(packs, "prospect", row)),
}
