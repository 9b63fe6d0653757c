"""The words before and behind a time that say how it is meant: after, before, not, or taken back."""

from collections.abc import Sequence
from enum import Enum, auto

from nodes.reading.tokens import HARD, Token, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

LOOK_BACK = 4  # words before a time that may rule it out


class Frame(Enum):
    NONE = auto()
    AFTER = auto()
    FROM = auto()
    BEFORE = auto()
    BY = auto()
    NOT = auto()


_FRAMES: tuple[tuple[tuple[str, ...], Frame], ...] = (
    (("no", "earlier", "than"), Frame.FROM),
    (("not", "earlier", "than"), Frame.FROM),
    (("not", "before"), Frame.FROM),
    (("not", "until"), Frame.FROM),
    (("not", "till"), Frame.FROM),
    (("no", "later", "than"), Frame.BY),
    (("not", "later", "than"), Frame.BY),
    (("not", "after"), Frame.BY),
    (("later", "than"), Frame.AFTER),
    (("earlier", "than"), Frame.BEFORE),
    (("starting", "from"), Frame.FROM),
    (("any", "time", "after"), Frame.AFTER),
    (("after",), Frame.AFTER),
    (("past",), Frame.AFTER),
    (("from",), Frame.FROM),
    (("starting",), Frame.FROM),
    (("before",), Frame.BEFORE),
    (("by",), Frame.BY),
    (("until",), Frame.BY),
    (("till",), Frame.BY),
)
_NEGATED_CALLS = word_set("call phone ring text contact me us calls ever please texts")
_BAD = word_set("bad out full taken busy impossible terrible booked off no worst awful tricky difficult hard packed")
_OPENING = word_set("open opens close closes closed closing")
_MISSING = word_set("miss missed missing")
_WHO_OPENS = word_set("we they you i office shop store it business are is usually always doors")
_ANY = word_set("day time days anything any anytime week")
_EXCEPT = frozenset({"except", "excluding", "besides"})
_CORRECTIONS = word_set("wait mean sorry actually rather scratch correction instead oops make")


def frame_before(tokens: Sequence[Token], start: int) -> tuple[Frame, int]:
    """How a time is framed, and where the frame's words begin."""
    at = start
    while (
        word(tokens, at - 1) in ("the", "around", "about", "on", "at", "like", "say", "next") and tokens[at].brk < HARD
    ):
        at -= 1
        if start - at > 2:
            break
    for words, frame in _FRAMES:
        begin = at - len(words)
        if begin >= 0 and tuple(word(tokens, k) for k in range(begin, at)) == words:
            return (_turned(tokens, begin, frame), begin)
    return Frame.NONE, start


def _turned(tokens: Sequence[Token], begin: int, frame: Frame) -> Frame:
    """ "Do not call before nine" means after nine; "do not call after five" means before it."""
    k = begin - 1
    while k >= 0 and begin - k <= 4 and word(tokens, k) in _NEGATED_CALLS:
        k -= 1
    if word(tokens, k) not in ("not", "never", "no") or begin - k > 4:
        return frame
    return {Frame.BEFORE: Frame.FROM, Frame.AFTER: Frame.BY, Frame.BY: Frame.FROM}.get(frame, frame)


def excluded(heard: Utterance, start: int, end: int) -> bool:
    """Whether the buyer rules this time out."""
    tokens = heard.tokens
    before = _lead(tokens, start)
    if before[0] in ("on", "the", "next", "this", "for"):
        before = before[1:]
    if before[0] in _EXCEPT or (before[0] == "but" and before[1] in _ANY):
        return True
    if (before[0], before[1]) in (("than", "other"), ("from", "apart"), ("for", "except")):
        return True
    if before[0] in ("not", "no") and not _behind_is_fine(tokens, end):
        return True
    if before[0] in ("do", "make", "manage") and before[1] == "not" and before[2] in ("can", "could", "will", "do"):
        return True
    return _ruled_out_behind(tokens, end)


def _lead(tokens: Sequence[Token], start: int) -> list[str]:
    """The words before a place, nearest first, none from beyond the end of a sentence."""
    lead: list[str] = []
    k = start
    while k > 0 and len(lead) < LOOK_BACK and tokens[k].brk < HARD:
        k -= 1
        lead.append(tokens[k].text)
    return lead + [""] * (LOOK_BACK - len(lead))


def _behind_is_fine(tokens: Sequence[Token], end: int) -> bool:
    return word(tokens, end) in ("works", "is") and word(tokens, end + 1) in ("fine", "good", "great", "")


def _ruled_out_behind(tokens: Sequence[Token], end: int) -> bool:
    if end >= len(tokens) or tokens[end].brk >= HARD:
        return False
    first, second, third = (word(tokens, end + k) for k in range(3))
    if first in ("does", "will", "would", "do", "can", "is", "are", "was") and second == "not":
        return third in ("work", "suit", "good", "possible", "do", "fit", "great", "ideal", "happen", "")
    return first in ("is", "are", "looks", "would") and (second in _BAD or (second == "be" and third in _BAD))


def correction_between(tokens: Sequence[Token], start: int, end: int) -> bool:
    if end - start > 7:
        return False
    said = {tokens[k].text for k in range(start, end)}
    return bool(said & _CORRECTIONS) and (
        "no" in said or "not" in said or not said & {"and", "or", "works", "work", "if"}
    )


def open_hours(tokens: Sequence[Token], i: int) -> bool:
    """Whether a clock time tells when something opens or closes, or when calls come, and not when to meet."""
    for k in (i - 1, i - 2, i - 3):
        if word(tokens, k) in _MISSING or (word(tokens, k) in _OPENING and word(tokens, k - 1) in _WHO_OPENS):
            return True
    return False
