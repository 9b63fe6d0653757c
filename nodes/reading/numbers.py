"""Joins spoken and typed numbers into one token each: "two point five k" and "2,500" are the same number."""

from collections.abc import Sequence
from decimal import Decimal

from nodes.reading.tokens import Token
from nodes.reading.word_sets import numbered

_UNITS = numbered("zero one two three four five six seven eight nine")
_TEENS = numbered("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", first=10)
_TENS = numbered("twenty thirty forty fifty sixty seventy eighty ninety", first=20, step=10) | {"fourty": 40}
_NTHS = numbered(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth",
    first=1,
) | {"thirtieth": 30}
_TIMES = {"thousand": Decimal(1000), "grand": Decimal(1000), "million": Decimal(1000000), "dozen": Decimal(12)}
_BEGINNINGS = frozenset({*_UNITS, *_TEENS, *_TENS, *_NTHS, "a", "half"})
NUMBER_WORDS = frozenset({*_UNITS, *_TEENS, *_TENS, *_NTHS, *_TIMES, "hundred", "point", "couple", "dozen"})

Found = tuple[Decimal, int] | None  # the value and the index after it


def merge_numbers(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with every number as one token; what is left apart ("twenty three eighty eight") stays apart."""
    merged: list[Token] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.num is None and token.text not in _BEGINNINGS:
            merged.append(token)
            i += 1
        elif token.kind in ("word", "number") and (nth := _nth(tokens, i)) is not None:
            i = _emit(merged, tokens, i, nth[1], nth=nth[0])
        elif (found := _number(tokens, i)) is not None:
            i = _emit(merged, tokens, i, found[1], num=found[0])
        else:
            merged.append(token)
            i += 1
    return merged


def _emit(
    merged: list[Token], tokens: Sequence[Token], i: int, j: int, num: Decimal | None = None, nth: int | None = None
) -> int:
    first = tokens[i]
    if num is None:
        text = first.text if j == i + 1 else f"{nth}th"
        keys = (text, "@nth")
    else:
        text = first.text if j == i + 1 else format(num, "f")
        keys = (text, "#")
    merged.append(Token(text, first.start, tokens[j - 1].end, "number", keys, first.brk, num, nth))
    return j


def _word(tokens: Sequence[Token], i: int) -> str:
    return tokens[i].text if i < len(tokens) and tokens[i].kind == "word" else ""


def _joined(tokens: Sequence[Token], i: int) -> str:
    """The word at i, if nothing but a hyphen or space stands before it."""
    return _word(tokens, i) if i < len(tokens) and tokens[i].brk == 0 else ""


def _nth(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    word = _word(tokens, i)
    if word in _NTHS:
        return _NTHS[word], i + 1
    following = _joined(tokens, i + 1)
    if word in _TENS and 1 <= _NTHS.get(following, 0) <= 9:
        return _TENS[word] + _NTHS[following], i + 2
    return None


def _below_hundred(tokens: Sequence[Token], i: int, first: bool) -> tuple[int, int] | None:
    word = _word(tokens, i) if first else _joined(tokens, i)
    if word in _TENS:
        unit = _UNITS.get(_joined(tokens, i + 1), 0)
        return (_TENS[word] + unit, i + 2) if unit else (_TENS[word], i + 1)
    if word in _TEENS:
        return _TEENS[word], i + 1
    return (_UNITS[word], i + 1) if word in _UNITS else None


def _hundreds(tokens: Sequence[Token], i: int, first: bool) -> tuple[int, int] | None:
    head = _below_hundred(tokens, i, first)
    if head is None and first and _word(tokens, i) == "a" and _joined(tokens, i + 1) == "hundred":
        head = (1, i + 1)
    if head is None or _joined(tokens, head[1]) != "hundred":
        return head
    value, j = head[0] * 100, head[1] + 1
    rest = _below_hundred(tokens, j + (_joined(tokens, j) == "and"), False)
    return (value + rest[0], rest[1]) if rest else (value, j)


def _number(tokens: Sequence[Token], i: int) -> Found:
    word = tokens[i].text
    if tokens[i].num is not None and tokens[i].kind == "number":
        return _scaled(tokens, Decimal(tokens[i].num or 0), i + 1)
    if word == "half" and _joined(tokens, i + 1) == "a" and _joined(tokens, i + 2) == "dozen":
        return Decimal(6), i + 3
    if word == "a" and (following := _joined(tokens, i + 1)) in ("couple", "dozen", "thousand", "million", "grand"):
        if following == "couple":
            return Decimal(2), i + 2 + (_joined(tokens, i + 2) == "of")
        return _TIMES[following], i + 2
    head = _hundreds(tokens, i, True)
    if head is None:
        return None
    value, j = _decimals(tokens, Decimal(head[0]), head[1])
    return _scaled(tokens, value, j)


def _decimals(tokens: Sequence[Token], value: Decimal, i: int) -> tuple[Decimal, int]:
    if _joined(tokens, i) != "point" or value != int(value):
        return value, i
    digits, j = "", i + 1
    while len(digits) < 6 and (part := _below_hundred(tokens, j, False)) is not None:
        digits += str(part[0])
        j = part[1]
    if not digits and j < len(tokens) and (num := tokens[j].num) is not None and num == int(num):
        digits, j = str(num), j + 1
    return (Decimal(f"{value}.{digits}"), j) if digits else (value, i)


def _scaled(tokens: Sequence[Token], value: Decimal, i: int) -> Found:
    """The value with a multiplier behind it, and with what the multiplier leaves room for."""
    word = _joined(tokens, i)
    if not word:
        return value, i
    if word == "ok" and tokens[i].end - tokens[i].start == 1:  # "k", which alone is a way to write ok
        return value * 1000, i + 1
    if word == "hundred" and 1 <= value < 100:
        return value * 100, i + 1
    factor = _TIMES.get(word)
    if factor is None or value >= factor:
        return value, i
    value, j = value * factor, i + 1
    rest = _hundreds(tokens, j + (_joined(tokens, j) == "and"), False)
    if rest is not None and factor >= 1000:
        return value + rest[0], rest[1]
    return value, j
