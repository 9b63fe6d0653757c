"""Trains the weights that the reader ships: `python -m bench.training PACKS` writes them and prints fit and crossed."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bench.training.regression import Fitted, fit, folds, matrix
from bench.training.tasks import HEADS, Example, Head
from nodes.reading.grams import grams
from nodes.reading.learned_weights import FOLDER

SEED, FOLDS = 20261125, 5
FULL = 127.0  # the largest whole number of a stored weight


def trained(head: Head, examples: list[Example]) -> Fitted:
    return _fit(head, matrix([grams(e.user, e.system) for e in examples]), [e.label for e in examples])


def crossed(head: Head, examples: list[Example]) -> NDArray[np.float64]:
    """The odds of every row, from models that have seen no row of the same group."""
    seen = matrix([grams(e.user, e.system) for e in examples])
    place = folds([e.group for e in examples], FOLDS, SEED)
    odds = np.zeros((len(examples), len(head.classes)))
    for k in range(FOLDS):
        learn, check = np.where(place != k)[0], np.where(place == k)[0]
        odds[check] = _fit(head, seen[learn], [examples[i].label for i in learn]).odds(seen[check])
    return odds


def _fit(head: Head, seen: csr_matrix, labels: list[str]) -> Fitted:
    model = fit(seen, labels, head.classes, ridge=head.ridge, balance=head.balance)
    return replace(model, bias=model.bias + np.log(head.lift)) if head.lift else model


def _share(head: Head, examples: list[Example]) -> float:
    best = crossed(head, examples).argmax(axis=1)
    return sum(head.classes[b] == e.label for b, e in zip(best, examples, strict=True)) / len(examples)


def agreed(model: Fitted, examples: list[Example]) -> float:
    best = model.odds(matrix([grams(e.user, e.system) for e in examples])).argmax(axis=1)
    return sum(model.classes[b] == e.label for b, e in zip(best, examples, strict=True)) / len(examples)


def store(name: str, models: dict[str, Fitted]) -> int:
    """Write whole numbers with one scale per column; returns the size of the file."""
    table = np.concatenate([m.table for m in models.values()], axis=1)
    scale = np.maximum(np.abs(table).max(axis=0), 1e-9) / FULL
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(
        path,
        table=np.round(table / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=np.concatenate([m.bias for m in models.values()]).astype(np.float32),
        heads=np.array([" ".join((head, *m.classes)) for head, m in models.items()]),
    )
    return path.stat().st_size


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.training", description=__doc__)
    parser.add_argument("packs", type=Path)
    parser.add_argument("--crossed", action="store_true", help="also train on parts and score the rest")
    arguments = parser.parse_args()
    files: dict[str, dict[str, Fitted]] = {}
    for head in HEADS:
        examples = head.examples(arguments.packs)
        model = files.setdefault(head.file, {})[head.name] = trained(head, examples)
        other = f", crossed {_share(head, examples):.4f}" if arguments.crossed else ""
        sys.stdout.write(f"{head.name}: {len(examples)} rows, fit {agreed(model, examples):.4f}{other}\n")
    for name, models in files.items():
        sys.stdout.write(f"{name}.npz: {store(name, models)} bytes\n")


if __name__ == "__main__":
    main()
