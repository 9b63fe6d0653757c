"""Follows how a prospect's words lean over a talk, towards paying or away from it."""

import math
from collections.abc import Iterable

from nodes.reading.grams import grams
from nodes.reading.judgement import likely_to_pay
from nodes.reading.learned_weights import weights

# How much each sign adds, in log-odds, as a regression on paid and unpaid talks found it.
BEST_WORD, REFUSALS, TALKED, AMOUNT = 0.55, -1.1, 0.17, 0.5
_SURE = 1e-6


def leaning(words: str, before: str) -> dict[str, float]:
    """The odds that an utterance is for (pos), against (neg) or neither (neu)."""
    free = weights("free")
    return free.odds("prospect", free.scores(free.weigh(*grams(words, before))))


def readiness(turns: Iterable[tuple[str, str]], chance: float | None = None) -> float:
    """Log-odds, up to a constant, that a prospect pays in the end. `turns`: their words and the line before each;
    `chance` stands for what the shipped weights make of all the words."""
    held = list(turns)
    if not held:
        return -1.0
    odds = [leaning(words, before) for words, before in held]
    text = " ".join(words for words, _ in held)
    chance = min(max(likely_to_pay(text) if chance is None else chance, _SURE), 1 - _SURE)
    signs = BEST_WORD * max(o["pos"] for o in odds) + REFUSALS * sum(o["neg"] for o in odds)
    signs += TALKED * math.log1p(len(text)) + AMOUNT * any(character.isdigit() for character in text)
    return math.log(chance / (1 - chance)) + signs
