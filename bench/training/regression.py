"""Multinomial logistic regression on sparse rows: what turns labelled utterances into weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from nodes.reading.grams import BUCKETS, Grams

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by bucket and class, rarity already in them, so that they meet plain feature numbers."""

    table: Floats
    bias: Floats
    classes: tuple[str, ...]

    def odds(self, rows: csr_matrix) -> Floats:
        return _softmax(rows @ self.table + self.bias)


def matrix(seen: Sequence[Grams]) -> Any:
    """One row per utterance; each group of features weighs by the square root of its size."""
    indices, values, ends = [], [], [0]
    for row in seen:
        for ids in row:
            indices.append(ids)
            values.append(np.full(len(ids), 1 / np.sqrt(max(1, len(ids)))))
        ends.append(ends[-1] + sum(len(ids) for ids in row))
    table = csr_matrix((np.concatenate(values), np.concatenate(indices), np.array(ends)), shape=(len(seen), BUCKETS))
    table.sum_duplicates()
    return table


def rarity(rows: Any) -> Floats:
    """A feature of few utterances says more than one of many."""
    holding = np.bincount(rows.indices, minlength=BUCKETS)
    return np.log((1 + rows.shape[0]) / (1 + holding)) + 1.0


def fit(
    rows: Any, labels: Sequence[str], classes: Sequence[str], *, ridge: float, balance: float = 0.0,
    importance: Floats | None = None, steps: int = 120,
) -> Fitted:  # fmt: skip
    """`balance` 0 counts rows as they are, 1 counts every class alike; `importance` weighs single rows."""
    known = {name: k for k, name in enumerate(classes)}
    truth = np.array([known[label] for label in labels])
    rare = rarity(rows)
    scaled = rows.multiply(rare).tocsr()
    turned = scaled.T.tocsr()
    counts = np.maximum(1, np.bincount(truth, minlength=len(classes)))
    weight = (len(truth) / (len(classes) * counts))[truth] ** balance
    weight = weight * (importance if importance is not None else 1.0)
    weight = weight / weight.sum()
    wanted = np.zeros((len(truth), len(classes)))
    wanted[np.arange(len(truth)), truth] = 1.0
    shape = (BUCKETS, len(classes))
    penalty = ridge / len(truth)

    def loss(flat: Floats) -> tuple[float, Floats]:
        table, bias = flat[: BUCKETS * len(classes)].reshape(shape), flat[BUCKETS * len(classes) :]
        odds = _softmax(scaled @ table + bias)
        value = -np.sum(weight * np.log(np.maximum(odds[np.arange(len(truth)), truth], 1e-12)))
        gap = (odds - wanted) * weight[:, None]
        slope = turned @ gap + penalty * table
        return value + 0.5 * penalty * np.sum(table * table), np.concatenate([slope.ravel(), gap.sum(axis=0)])

    start = np.zeros(BUCKETS * len(classes) + len(classes))
    done = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 8})
    table = done.x[: BUCKETS * len(classes)].reshape(shape) * rare[:, None]
    return Fitted(table, done.x[BUCKETS * len(classes) :], tuple(classes))


def folds(groups: Sequence[str], count: int, seed: int) -> NDArray[np.intp]:
    """A fold for every row; rows of one dialogue or text stay together."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    place = {names[k]: i % count for i, k in enumerate(order)}
    return np.array([place[group] for group in groups])


def _softmax(scores: Floats) -> Floats:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)
