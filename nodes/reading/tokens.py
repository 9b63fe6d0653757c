"""Cuts a buyer's words into tokens that keep their place in the original, so that findings can be quoted verbatim."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from nodes.reading.spelling import Speller, expand
from nodes.reading.word_sets import word_set

_ANSWERS = frozenset({"no", "nope", "nah", "never", "stop"})  # a comma behind one of these ends what it says
SOFT, HARD = 1, 2  # a comma or dash before the token; an end of sentence before it
LONGEST_NUMBER = 15  # digits; longer runs are identifiers, not amounts


class Token(NamedTuple):
    """One word, number or mark. `start` and `end` point into the original string."""

    text: str
    start: int
    end: int
    kind: str  # word, number, clock, date, phone, email, mark
    keys: tuple[str, ...]  # what a phrase pattern may match here: the text and its classes
    brk: int = 0
    num: Decimal | None = None
    nth: int | None = None
    fixed: bool = False  # a typing error was put right


_TOKEN = re.compile(
    r"(?P<email>[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63}){1,4})"
    r"|(?P<phone>(?<![\d.,])(?:\+\d{1,3}[-. ]?|1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"
    r"|(?<![\d.,])\+?\d{10,12}(?![\d.,]))"
    r"|(?P<date>\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}[-.]\d{1,2}[-.]\d{4})(?![\d/])"
    r"|(?P<clock>\d{1,2}(?::\d{2}(?::\d{2})?|h\d{2}))(?![\d:])"
    r"|(?P<nth>\d{1,2}(?:st|nd|rd|th))(?![^\W_])"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?)"
    r"|(?P<meridiem>[ap]\.\s?m\b\.?)"
    r"|(?P<word>[^\W\d_]+(?:['\u200b\u0300-\u036f]+[^\W\d_]+)*)"
    r"|(?P<mark>[$€£%👍👌✅👎🛑])"
    r"|(?P<end>[?!.;\n\r…]+)"
    r"|(?P<soft>[,:()\-/]+)"
)
_ABBREVIATED = word_set(
    """
    january february march april june july august september october november december jan feb mar apr jun jul aug sep
    sept oct nov dec monday tuesday wednesday thursday friday saturday sunday sat sun
    """
)
_BEHIND_NUMBER = _ABBREVIATED | {"am", "pm", "noon", "today", "tomorrow"}
_JOINERS = re.compile("[\u200b\u0300-\u036f]+")
_MARKS = {
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
    "%": "percent",
    "👍": "yes",
    "👌": "yes",
    "✅": "yes",
    "👎": "no",
    "🛑": "stop",
}
_CURRENCIES = frozenset("$€£")
_ONE_TO_ONE = (
    dict.fromkeys("\u2018\u2019\u201b\u02bc`\u00b4", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u201c\u201d", '"')
    | dict.fromkeys("\u200c\u200d\u2060\ufeff\u00ad", "\u200b")
    | {"\u00a0": " "}
)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """The plain form of one character; never more or fewer than one, so that places stay valid."""
    if character in _ONE_TO_ONE:
        return _ONE_TO_ONE[character]
    folded = unicodedata.normalize("NFKC", character).lower()
    return folded if len(folded) == 1 else character


def flatten(words: str) -> str:
    """Lower case, straight quotes and plain letters, character for character."""
    flat = words.lower() if words.isascii() else "".join(map(_plain, words))
    return flat.replace('o"clock', "o'clock")


def tokenise(flat: str, speller: Speller) -> list[Token]:
    """Every token of a flattened text, contractions taken apart and spellings made regular."""
    found: list[Token] = []
    brk = HARD
    last_number_end = -1
    for match in _TOKEN.finditer(flat):
        kind, start, end = match.lastgroup or "", match.start(), match.end()
        if kind in ("end", "soft"):
            if match[0] == "." and found and found[-1].end == start and found[-1].text in _ABBREVIATED:
                continue
            if kind == "soft" and _spans(
                flat, start, end, match[0], _counting_end(found, last_number_end, flat[start - 1 : start] == " ")
            ):
                found.append(Token("to", start, end, "word", ("to",)))
            elif kind == "end" or match[0] not in ("-", "/", ":"):
                brk = max(brk, HARD if kind == "end" else SOFT)
            elif flat[start - 1 : start].isspace() or match[0] == ":":
                brk = max(brk, SOFT)
            continue
        if brk == SOFT and found and found[-1].text in _ANSWERS:
            brk = HARD
        _add(found, kind, match[0], start, end, brk, speller)
        brk = 0
        last_number_end = end if kind in ("number", "clock", "date", "nth") else -1
    return found


def _counting_end(found: Sequence[Token], last_number_end: int, spaced: bool) -> int:
    """Where the last number ends, with "am" or a month behind it."""
    if found and found[-1].text in _BEHIND_NUMBER and (spaced or found[-1].text in ("am", "pm")):
        return found[-1].end
    return last_number_end


def _spans(flat: str, start: int, end: int, mark: str, last_number_end: int) -> bool:
    """Whether a dash between two numbers means "to"; between spaces too."""
    if mark == "/" or mark == "-" == flat[start:end]:
        if start == last_number_end:
            return flat[end : end + 1].isdigit()
        spaced = flat[start - 1 : start] == " " == flat[end : end + 1]
        return mark == "-" and spaced and start - 1 == last_number_end and flat[end + 1 : end + 2].isdigit()
    return False


def _add(found: list[Token], kind: str, raw: str, start: int, end: int, brk: int, speller: Speller) -> None:
    if kind == "word":
        word = raw if raw.isascii() else _JOINERS.sub("", raw)
        parts = expand(word)
        fixed = False
        if len(parts) == 1 and not speller.known(parts[0]):
            right = speller.correct(parts[0])
            fixed = right != parts[0]
            parts = expand(right)
        for part in parts:
            found.append(Token(part, start, end, "word", (part,), brk, None, None, fixed))
            brk = 0
    elif kind == "number":
        found.append(_number(raw, start, end, brk))
    elif kind == "nth":
        found.append(Token(raw, start, end, "nth", (raw, "@nth"), brk, nth=int(raw[:-2])))
    elif kind == "mark":
        word = _MARKS[raw]
        found.append(Token(word, start, end, "mark", (word, "@currency") if raw in _CURRENCIES else (word,), brk))
    elif kind == "meridiem":
        found.append(Token(raw[0] + "m", start, end, "word", (raw[0] + "m",), brk))
    else:
        found.append(Token(raw, start, end, kind, (raw, f"@{kind}"), brk))


def _number(raw: str, start: int, end: int, brk: int) -> Token:
    if len(raw) > LONGEST_NUMBER or not raw.isascii():
        return Token("", start, end, "digits", (), brk)
    return Token(raw, start, end, "number", (raw, "#"), brk, Decimal(raw.replace(",", "")))


def word(tokens: Sequence[Token], i: int) -> str:
    """The text at a place; empty beyond the ends."""
    return tokens[i].text if 0 <= i < len(tokens) else ""
