"""Finds the knowledge article whose declared phrasing the words fit; says nothing where that is not sure."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nodes.reading.spelling import expand
from nodes.reading.tables import table
from nodes.reading.word_sets import word_set

ENOUGH = 0.6  # share of the texts' weight that must agree
LIGHT = 0.4  # the weight of a question word
RARE = 0.7  # how much a word counts that no phrasing holds, against one that only one topic holds
ASKED = 0.6  # how much the share of the buyer's own words counts, against that of the phrasing
COVERED = 0.5  # of one phrasing at least: words from several of them make no question
AHEAD = 0.08  # distance to the best phrasing of another article
LONGEST = 40  # words; a longer text asks more than one thing

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_ASKING = word_set("what how which can who when where why whose")
_EMPTY = word_set(
    """
    guys folks take takes taking time times anytime whenever want need like exactly really kind sort a an the is
    are was be am do
    does did it its this that these you your i we our us me my to of in on at for with and or so ok well hi
    hello hey wait please just also any some there have has get will would could should not if by from as about
    them they um yeah yes no actually sorry then but s
    """
)


class _Phrasing(NamedTuple):
    topic: str
    words: frozenset[str]
    weight: float


class TopicIndex:
    """Compares words by what sets phrasings apart: a rare word weighs more than one that stands in many of them."""

    def __init__(self, phrasings: Mapping[str, Sequence[str]]) -> None:
        sets = [(topic, frozenset(_words(text))) for topic, texts in phrasings.items() for text in texts]
        topics_with = Counter(
            word for topic in phrasings for word in {w for t, words in sets if t == topic for w in words}
        )
        self._weights = {word: math.log(1 + len(phrasings) / count) for word, count in topics_with.items()}
        self._unknown = math.log(1 + len(phrasings))
        self._phrasings = [_Phrasing(topic, words, self._weigh(words)) for topic, words in sets if words]
        self._vocabulary = {
            topic: frozenset(w for t, words in sets if t == topic for w in words) for topic in phrasings
        }
        self._holding: dict[str, list[int]] = {}
        for at, phrasing in enumerate(self._phrasings):
            for word in phrasing.words:
                self._holding.setdefault(word, []).append(at)

    def _weigh(self, words: frozenset[str]) -> float:
        return sum(LIGHT if word in _ASKING else self._weights.get(word, self._unknown * RARE) for word in words)

    def match(self, text: str) -> str | None:
        """The one article that the text asks for, or None."""
        words = frozenset(_words(text[: LONGEST * 12]))
        if not 0 < len(words) <= LONGEST:
            return None
        weight = self._weigh(words)
        best: dict[str, float] = {}
        for at in {at for word in words for at in self._holding.get(word, ())}:
            phrasing = self._phrasings[at]
            spoken_of = self._weigh(words & self._vocabulary[phrasing.topic]) / weight
            covered = self._weigh(words & phrasing.words) / phrasing.weight
            if covered >= COVERED:
                likeness = ASKED * spoken_of + (1 - ASKED) * covered
                best[phrasing.topic] = max(best.get(phrasing.topic, 0.0), likeness)
        ranked = sorted(best.items(), key=lambda item: -item[1])
        if not ranked or ranked[0][1] < ENOUGH:
            return None
        if len(ranked) > 1 and ranked[0][1] - ranked[1][1] < AHEAD:
            return None
        return ranked[0][0]


def _words(text: str) -> list[str]:
    parts = (part for raw in _WORD.findall(text.lower().replace("\u2019", "'")) for part in expand(raw))
    alike = table("alike")
    return [alike.get(part, part) for part in parts if part not in _EMPTY]
