"""Answers to the packs' tasks by models that have not seen the row: what the trained weights are worth elsewhere."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from bench.training.__main__ import crossed
from bench.training.tasks import HEADS, Example
from nodes.reading.judgement import ANSWERS, SURE_CONSENT, plain_answer

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


def _answer(packs: Path) -> Callable[[Row], str]:
    words = {value: name for name, value in ANSWERS.items()}
    return lambda row: words[plain_answer(_of(packs, "answer", row), row["system"])]


def _consent(packs: Path) -> Callable[[Row], str]:
    known = odds_of(packs, "consent")

    def said(row: Row) -> str:
        odds = known.get((row["user"], row.get("system") or ""), {"consent": 0.0})  # unclear rows are not counted
        return "affirm" if odds["consent"] >= SURE_CONSENT else "neither"

    return said


CROSSED_TASKS: dict[str, Callable[[Path], Callable[[Row], Any]]] = {
    "affirm_deny": _answer,
    "consent": _consent,
    "acts": lambda packs: lambda row: _best(_of(packs, "act", row)),
    "prospect": lambda packs: lambda row: _best(_of(packs, "prospect", row)),
}
