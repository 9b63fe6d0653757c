"""Applies trained weights to an utterance: a probability for each class of a question about it."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nodes.reading.grams import Ids

FOLDER = Path(__file__).parent / "learned"


@dataclass(frozen=True, slots=True)
class Weights:
    """One trained file: for each head its classes, and where their columns stand."""

    table: NDArray[np.float32]  # buckets x columns; whole numbers
    scale: NDArray[np.float32]  # of each column
    bias: NDArray[np.float32]
    heads: dict[str, tuple[int, tuple[str, ...]]]

    def weigh(self, *groups: Ids) -> NDArray[np.float32]:
        """What some groups of features add, not yet scaled; each counts by the square root of its size."""
        total = np.zeros(self.table.shape[1], dtype=np.float32)
        for ids in groups:
            if len(ids):
                total += np.add.reduce(self.table.take(ids, axis=0), axis=0) * (1 / math.sqrt(len(ids)))
        return total

    def scores(self, *weighed: NDArray[np.float32]) -> list[float]:
        """The score of every column."""
        return (sum(weighed[1:], weighed[0]) * self.scale + self.bias).tolist()

    def odds(self, head: str, scores: list[float]) -> dict[str, float]:
        """The probabilities of a head's classes."""
        first, classes = self.heads[head]
        own = scores[first : first + len(classes)]
        most = max(own)
        grown = [math.exp(score - most) for score in own]
        total = sum(grown)
        return {name: value / total for name, value in zip(classes, grown, strict=True)}


@cache
def weights(name: str) -> Weights:
    """The trained file of this name, read once."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as held:
        heads: dict[str, tuple[int, tuple[str, ...]]] = {}
        first = 0
        for line in held["heads"].tolist():
            head, *classes = str(line).split()
            heads[head] = (first, tuple(classes))
            first += len(classes)
        return Weights(held["table"].astype(np.float32), held["scale"], held["bias"], heads)


@cache
def together(*wanted: tuple[str, str]) -> Weights:
    """Some heads, each named with its file, side by side, so that one look-up serves them all."""
    heads: dict[str, tuple[int, tuple[str, ...]]] = {}
    tables: list[NDArray[np.float32]] = []
    scales: list[NDArray[np.float32]] = []
    biases: list[NDArray[np.float32]] = []
    width = 0
    for name, head in wanted:
        held = weights(name)
        first, classes = held.heads[head]
        columns = slice(first, first + len(classes))
        tables.append(held.table[:, columns])
        scales.append(held.scale[columns])
        biases.append(held.bias[columns])
        heads[head] = (width, classes)
        width += len(classes)
    return Weights(np.concatenate(tables, axis=1), np.concatenate(scales), np.concatenate(biases), heads)
