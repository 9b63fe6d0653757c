"""One utterance, prepared once: its tokens, the phrases found in it, and its own words to quote."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from nodes.reading.cards import card_spans
from nodes.reading.lexicon_files import Lists, lists
from nodes.reading.numbers import merge_numbers
from nodes.reading.phrases import Span
from nodes.reading.tokens import HARD, SOFT, Token, flatten, tokenise
from nodes.reading.word_sets import word_set

HIDDEN = "\u2588"  # stands for what no later step may read
LONGEST_QUOTE = 160
_FILLERS = word_set("um uh er erm uhm umm uhh ehm please kindly")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_CLASSES = {
    **dict.fromkeys((*_WEEKDAYS, *(d + "s" for d in _WEEKDAYS), "today", "tomorrow", "tonight"), "@day"),
    **dict.fromkeys(
        ("morning", "mornings", "afternoon", "afternoons", "evening", "evenings", "lunchtime", "noon"), "@part"
    ),
}
_LETTERS = {"pee": "pm", "aye": "am"}
_MS = frozenset({"em", "them", "m"})
_BY_EAR = {"too": "two", "to": "two", "for": "four", "ate": "eight", "won": "one"}
_SEEKING = ["i", "do", "not", "know"]
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Utterance:
    words: str
    flat: str  # same length as `words`: lower case, plain letters, card numbers hidden
    tokens: tuple[Token, ...]
    hits: Mapping[str, Sequence[Span]]
    cards: tuple[tuple[int, int], ...]
    said: tuple[str, ...]  # the tokens' texts, fillers included
    sentence: tuple[int, ...]  # for each token the number of its sentence

    def has(self, *names: str) -> bool:
        return not self.hits.keys().isdisjoint(names)

    def spans(self, name: str) -> Sequence[Span]:
        return self.hits.get(name, ())

    def text(self, start: int = 0, end: int | None = None) -> str:
        return " ".join(t.text for t in self.tokens[start:end])

    def quote(self, start: int, end: int) -> str:
        """The buyer's own words for some tokens."""
        if start >= end:
            return ""
        return self.words[self.tokens[start].start : self.tokens[end - 1].end][:LONGEST_QUOTE]

    def clause(self, start: int, end: int, breaks: int = SOFT) -> Span:
        """The clause around some tokens: from the last break before to the next one after them."""
        while start > 0 and self.tokens[start].brk < breaks:
            start -= 1
        while end < len(self.tokens) and self.tokens[end].brk < breaks:
            end += 1
        return start, end

    def sentences_with(self, name: str) -> frozenset[int]:
        """The numbers of the sentences in which a list was hit."""
        return frozenset(self.sentence[start] for start, _ in self.spans(name))

    def raw(self, i: int) -> str:
        """A token as it was written, capitals included."""
        return self.words[self.tokens[i].start : self.tokens[i].end]


def listen(words: str) -> Utterance:
    """Prepare one utterance for reading."""
    held = lists()
    flat = flatten(words)
    cards = card_spans(words)
    for start, end in cards:
        flat = flat[:start] + HIDDEN * (end - start) + flat[end:]
    heard = tokenise(flat, held.speller)
    tokens = _classed(_without_fillers(merge_numbers(_as_meant(_joined_sounds(heard)))), held)
    sentence = tuple(accumulate(int(token.brk >= HARD) for token in tokens))
    said = tuple(token.text for token in heard)
    return Utterance(words, flat, tuple(tokens), held.lexicon.find(tokens), cards, said, sentence)


def _joined_sounds(tokens: Sequence[Token]) -> list[Token]:
    """ "uh huh" and "mm hm" are one sound each, and no filler."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if last is not None and token.text in ("huh", "hm") and last.text in ("uh", "mm", "m", "mhm"):
            sound = "uhhuh" if last.text == "uh" else "mhm"
            joined[-1] = last._replace(text=sound, keys=(sound,), end=token.end)
        else:
            joined.append(token)
    return joined


def _as_meant(tokens: list[Token]) -> list[Token]:
    """Clock times as a recogniser spells them by ear: "too pee em" is two pm, "for a m" four am."""
    kept: list[Token] = []
    for token in tokens:
        last = kept[-1] if kept else None
        if last is not None and token.text in _MS and last.text in _LETTERS and token.brk == 0:
            text = _LETTERS[last.text]
            kept[-1] = last._replace(text=text, keys=(text,), end=token.end)
        else:
            kept.append(token)
        if len(kept) > 1 and kept[-1].text in ("am", "pm") and (number := _BY_EAR.get(kept[-2].text)):
            kept[-2] = kept[-2]._replace(text=number, keys=(number,))
    return kept


def _without_fillers(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    brk = 0
    for i, token in enumerate(tokens):
        if (
            token.num is not None
            and [t.text for t in tokens[max(i - 4, 0) : i]] == _SEEKING
            and len(kept) > len(_SEEKING)
        ):
            del kept[-len(_SEEKING) :]  # "about, I don't know, ten": a pause to think
        brk = max(brk, token.brk)
        last = kept[-1] if kept else None
        if token.text in _FILLERS and token.kind == "word":
            continue
        if last is not None and last.text == token.text and token.kind == "word" and token.num is None and brk < HARD:
            kept[-1] = last._replace(end=token.end)  # a stutter
        else:
            kept.append(token._replace(brk=brk) if brk != token.brk else token)
        brk = 0
    return kept or list(tokens)


def _classed(tokens: Sequence[Token], held: Lists) -> list[Token]:
    """Give each token the classes that phrase patterns may ask for."""
    classed: list[Token] = []
    for token in tokens:
        kind = _CLASSES.get(token.text)
        if kind is None and token.kind == "word" and (token.text in held.names or not held.speller.known(token.text)):
            kind = "@name"  # no ordinary English word: a name, as far as anybody can tell
        classed.append(token if kind is None else token._replace(keys=(*token.keys, kind)))
    return classed


def count_words(words: str) -> int:
    return sum(1 for _ in _WORD.finditer(words))
