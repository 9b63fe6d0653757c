"""Cuts an utterance and the line before it into numbered features, so that learned weights can be looked up."""

import re
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 16
LONGEST = 700  # characters; of a longer text the beginning and the end are read
_HALF = LONGEST // 2
_SYSTEM = 240  # characters of the line before that matter: its last words
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[?!]")
_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "`": "'", "\u00b4": "'"})
_SIZES = tuple((size, np.uint32(size)) for size in (3, 4, 5))
_PRIMES = np.array([1, 257, 66_049, 16_974_593, 67_503_105], dtype=np.uint32)
_SPREAD, _SHIFT = np.uint32(2_654_435_761), np.uint32(16)

Ids = NDArray[np.intp]


class Grams(NamedTuple):
    """Feature numbers by group: the words, their letters, and the line before with how the words meet it."""

    words: Ids
    letters: Ids
    before: Ids


def nothing_before() -> Ids:
    """The features of words that no line stands before."""
    return _numbers(_of_before([], []))


def grams(user: str, system: str) -> Grams:
    said = _words(user if len(user) <= LONGEST else f"{user[:_HALF]} {user[-_HALF:]}")
    before = _last_sentence(system)
    return Grams(_numbers(_of_words(said)), _of_letters(said), _numbers(_of_before(said, before)))


def _words(text: str) -> list[str]:
    found = _WORD.findall(text.lower().translate(_QUOTES))
    return ["#" if word.isdigit() else word for word in found]


def _last_sentence(system: str) -> list[str]:
    sentences = _SENTENCE.split(system[-_SYSTEM:].strip())
    return _words(sentences[-1])[-20:]


def _of_words(said: list[str]) -> list[str]:
    padded = ["^", *said, "$"]
    found = [f"1{word}" for word in said]
    found += [f"2{a} {b}" for a, b in pairwise(padded)]
    found += [f"3{a} {b} {c}" for a, b, c in zip(padded, padded[1:], padded[2:], strict=False)]
    count = len(said)
    found.append(f"n{count if count < 5 else 5 + min(count // 4, 8)}")
    return found


def _of_letters(said: list[str]) -> Ids:
    raw = np.frombuffer(f"  {' '.join(said)}  ".encode("latin-1", "replace"), dtype=np.uint8).astype(np.uint32)
    found: list[NDArray[np.uint32]] = []
    total = raw[:-1] + raw[1:] * _PRIMES[1]
    for size, salt in _SIZES:
        if len(raw) < size:
            break
        total = total[:-1] + raw[size - 1 :] * _PRIMES[size - 1]  # the shorter group, and one letter more
        found.append((total + salt) * _SPREAD >> _SHIFT)
    return _apart(np.concatenate(found))


def _apart(numbers: NDArray[np.uint32]) -> Ids:
    """Each number once."""
    numbers.sort()
    first = np.empty(len(numbers), dtype=np.bool_)
    first[0] = True
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first].astype(np.intp)


def _of_before(said: list[str], before: list[str]) -> list[str]:
    if not before:
        return ["s-"]
    found = [f"s{word}" for word in before]
    found += [f"t{a} {b}" for a, b in zip(["^", *before], [*before, "$"], strict=False)]
    first = said[0] if said else ""
    pairs = " ".join(said[:2])
    whole = " ".join(said) if len(said) <= 4 else ""
    for word in before:
        found.append(f"x{first}|{word}")
        if whole:
            found.append(f"y{whole}|{word}")
    opening = " ".join(before[:2])
    found += [f"z{pairs}|{opening}", f"z{first}|{before[-1]}", f"o{first}|{opening}"]
    return found


def _numbers(features: list[str]) -> Ids:
    numbers = {crc32(feature.encode()) & (BUCKETS - 1) for feature in features}
    return np.fromiter(numbers, dtype=np.intp, count=len(numbers))
