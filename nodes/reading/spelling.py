"""Puts contractions, recogniser spellings and typing errors into the one form that the phrase lists use."""

from collections.abc import Iterable
from functools import cache

from nodes.reading.tables import table

SHORTEST_KEYWORD = 5  # a shorter word is too close to others to be guessed from one wrong letter


_ENDINGS = {"re": "are", "ll": "will", "ve": "have", "m": "am", "d": "would", "s": "is"}


@cache
def _regular_forms() -> dict[str, tuple[str, ...]]:
    return {word: tuple(text.split()) for word, text in table("spellings").items()}


def expand(word: str) -> tuple[str, ...]:
    """The regular words behind one written word: "don't" is "do not"."""
    known = _regular_forms().get(word)
    if known is not None:
        return known
    if "'" not in word:
        return (word,)
    stem, _, ending = word.rpartition("'")
    if ending == "t" and stem.endswith("n") and len(stem) > 1:
        return (stem[:-1], "not")
    if stem and ending in _ENDINGS:
        return (stem.replace("'", ""), _ENDINGS[ending])
    return (word.replace("'", ""),)


def _shortened(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


class Speller:
    """Finds the keyword that is one edit away from a word that is no English word."""

    __slots__ = ("_by_deletion", "_known", "_remembered", "_sorted_letters")

    def __init__(self, keywords: Iterable[str], english: Iterable[str]) -> None:
        vocabulary = {word for word in keywords if word.isalpha()}
        self._known = vocabulary | set(english) | set(_regular_forms())
        self._remembered: dict[str, str] = {}
        self._by_deletion: dict[str, list[str]] = {}
        self._sorted_letters: dict[str, list[str]] = {}
        for word in sorted(vocabulary):
            if len(word) >= SHORTEST_KEYWORD:
                for key in (word, *_shortened(word)):
                    self._by_deletion.setdefault(key, []).append(word)
            elif len(word) >= SHORTEST_KEYWORD - 2:
                self._sorted_letters.setdefault("".join(sorted(word)), []).append(word)

    def known(self, word: str) -> bool:
        return word in self._known

    def correct(self, word: str) -> str:
        """The keyword meant, or the word itself where none or more than one fits."""
        if word in self._known or not 3 <= len(word) <= 20:
            return word
        right = self._remembered.get(word)
        if right is None:
            right = self._nearest(word)
            if len(self._remembered) < 5000:
                self._remembered[word] = right
        return right

    def _nearest(self, word: str) -> str:
        if len(word) < SHORTEST_KEYWORD:
            swapped = [w for w in self._sorted_letters.get("".join(sorted(word)), ()) if _one_swap(w, word)]
            if len(swapped) == 1:
                return swapped[0]
            if len(word) < SHORTEST_KEYWORD - 1:
                return word
        near = {w for key in (word, *_shortened(word)) for w in self._by_deletion.get(key, ()) if _one_edit(w, word)}
        best = [w for w in near if _one_swap(w, word)] or [w for w in near if w[0] == word[0]] or list(near)
        return best[0] if len(best) == 1 else word


def _one_swap(a: str, b: str) -> bool:
    if len(a) != len(b):
        return False
    different = [i for i in range(len(a)) if a[i] != b[i]]
    return (
        len(different) == 2
        and different[1] == different[0] + 1
        and a[different[0]] == b[different[1]]
        and a[different[1]] == b[different[0]]
    )


def _one_edit(a: str, b: str) -> bool:
    """One letter missing, added or wrong, or two neighbours swapped."""
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1 or _one_swap(a, b)
    short, long = (a, b) if len(a) < len(b) else (b, a)
    i = next((k for k in range(len(short)) if short[k] != long[k]), len(short))
    return short[i:] == long[i + 1 :]
