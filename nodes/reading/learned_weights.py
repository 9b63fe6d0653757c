"""Applies trained weights to an utterance: a probability for each class of a question about it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nodes.reading.grams import Grams

FOLDER = Path(__file__).parent / "learned"


@dataclass(frozen=True, slots=True)
class Weights:
    """One trained file: for each head its classes, and where their columns stand."""

    table: NDArray[np.int8]  # buckets x columns
    scale: NDArray[np.float32]  # of each column
    bias: NDArray[np.float32]
    heads: dict[str, tuple[int, tuple[str, ...]]]

    def scores(self, seen: Grams) -> NDArray[np.float32]:
        """The score of every column; each group of features counts by the square root of its size."""
        total = np.zeros(self.table.shape[1], dtype=np.float32)
        for ids in seen:
            if len(ids):
                total += self.table[ids].sum(axis=0, dtype=np.int32) / np.float32(np.sqrt(len(ids)))
        return total * self.scale + self.bias

    def odds(self, head: str, scores: NDArray[np.float32]) -> dict[str, float]:
        """The probabilities of a head's classes."""
        first, classes = self.heads[head]
        own = scores[first : first + len(classes)]
        grown = np.exp(own - own.max())
        return dict(zip(classes, (grown / grown.sum()).tolist(), strict=True))


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
        return Weights(held["table"], held["scale"], held["bias"], heads)
