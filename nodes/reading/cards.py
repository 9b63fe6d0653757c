"""Finds payment card numbers, typed or spoken, so that they are cut before anything is stored."""

import re
from collections.abc import Iterable, Sequence

from nodes.reading.word_sets import numbered

SHORTEST, LONGEST = 13, 19
REDACTED = "[card number removed]"

_UNITS = numbered("zero one two three four five six seven eight nine") | numbered(
    "cero uno dos tres cuatro cinco seis siete ocho nueve"
)
_DIGIT_WORDS = {word: str(n) for word, n in (_UNITS | {"oh": 0, "o": 0, "nought": 0}).items()}
_TEENS = numbered("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", first=10)
_TENS = {word: str(n) for word, n in numbered("twenty thirty forty fifty sixty seventy eighty ninety", first=2).items()}
_TWO_DIGITS = {word: str(n) for word, n in _TEENS.items()}
_REPEATS = {"double": 2, "triple": 3}
_PIECE = re.compile(r"\d+|[^\W\d_]+")
_BETWEEN = re.compile(r"[^\w]{0,4}")

Span = tuple[int, int]
Piece = tuple[str, int, int]  # digits and their place


def card_spans(words: str) -> tuple[Span, ...]:
    """Where card numbers stand in the words as they came."""
    if len(words) < SHORTEST or sum(map(str.isdigit, words)) + 2 * _digit_words(words) < SHORTEST:
        return ()
    spans: list[Span] = []
    for run in _runs(words):
        spans.extend(_cards_in(run))
    return tuple(spans)


def redact(words: str, spans: Iterable[Span]) -> str:
    """The words with each span replaced."""
    kept: list[str] = []
    last = 0
    for start, end in sorted(spans):
        if start >= last:
            kept.extend((words[last:start], REDACTED))
        last = max(last, end)
    return "".join(kept) + words[last:]


def luhn_valid(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _digit_words(words: str) -> int:
    lowered = words.lower()
    return sum(lowered.count(word) for word in (*_UNITS, "eleven", "twelve", "teen", "ty", "oh", "ten"))


def _runs(words: str) -> list[list[Piece]]:
    """Runs of digits with nothing but separators between them."""
    runs: list[list[Piece]] = []
    run: list[Piece] = []
    last_end, begun, repeat, tens = 0, 0, 1, ""
    for match in _PIECE.finditer(words):
        text, start, end = match[0].lower(), match.start(), match.end()
        near = not run or _BETWEEN.fullmatch(words, last_end, start) is not None
        digits, kind = _digits(text)
        if kind == "word" or not near:
            if run:
                runs.append(run)
            run, repeat, tens = [], 1, ""
        if kind == "repeat":
            repeat, last_end, begun = _REPEATS[text], end, start
            continue
        if kind == "digits":
            if tens and len(digits) == 1 and digits != "0" and not text.isdigit():
                head, begin, _ = run.pop()
                run.append((head[:-1] + digits, begin, end))  # "forty two"
            else:
                run.append((digits * repeat, begun if repeat > 1 else start, end))
            tens = text if text in _TENS else ""
            repeat, last_end = 1, end
    if run:
        runs.append(run)
    return runs


def _digits(text: str) -> tuple[str, str]:
    if text.isdecimal():
        return "".join(str(int(c)) for c in text), "digits"
    if text in _REPEATS:
        return "", "repeat"
    digits = _DIGIT_WORDS.get(text) or _TWO_DIGITS.get(text) or (_TENS[text] + "0" if text in _TENS else "")
    return digits, "digits" if digits else "word"


def _cards_in(run: Sequence[Piece]) -> list[Span]:
    """The card numbers of a run: whole pieces whose digits have a card's length and check digit."""
    spans: list[Span] = []
    i = 0
    while i < len(run):
        digits, found = "", None
        for j in range(i, min(i + LONGEST, len(run))):
            digits += run[j][0]
            if len(digits) > LONGEST:
                break
            if len(digits) >= SHORTEST and digits[0] != "0" and luhn_valid(digits) and _card_like(digits):
                found = j
        if found is None:
            i += 1
        else:
            spans.append((run[i][1], run[found][2]))
            i = found + 1
    return spans


def _card_like(digits: str) -> bool:
    """Cards begin with 2 to 6; a telephone number with its country code is shorter or begins otherwise."""
    return digits[0] in "3456" or (digits[0] == "2" and len(digits) >= 16) or (digits[0] in "18" and len(digits) >= 15)
