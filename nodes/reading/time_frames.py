"""The words before and behind a time that say how it is meant: after, before, not, or taken back."""

from enum import Enum, auto

from nodes.reading.line import Line
from nodes.reading.tokens import HARD
from nodes.reading.word_sets import word_set

LOOK_BACK = 4  # words before a time that may rule it out
FARTHEST = 9  # words between a negation and the time that it rules out


class Frame(Enum):
    NONE = auto()
    AFTER = auto()
    FROM = auto()
    BEFORE = auto()
    BY = auto()
    NOT = auto()


_PHRASES: dict[Frame, str] = {
    Frame.FROM: "no earlier than|not earlier than|no sooner than|not before|not until|not till|starting from|"
    "starting|from|as of|arriving|arrive|check in",
    Frame.BY: "no later than|not later than|not after|by|until|till|til|up to|up until|through|leaving|check out|"
    "checking out|departing|returning|ending|depart",
    Frame.AFTER: "later than|any time after|after|past|beyond",
    Frame.BEFORE: "earlier than|before|prior to|sooner than",
}
_BY_LAST: dict[str, list[tuple[list[str], Frame]]] = {}
for _frame, _texts in _PHRASES.items():
    for _text in _texts.split("|"):
        _BY_LAST.setdefault(_text.split()[-1], []).append((_text.split(), _frame))
for _entries in _BY_LAST.values():
    _entries.sort(key=lambda entry: -len(entry[0]))

_SOFTENERS = frozenset({"the", "around", "about", "on", "at", "like", "say", "next"})
_NEGATED_CALLS = word_set("call phone ring text contact me us calls ever please texts")
_BAD = word_set("bad out full taken busy impossible terrible booked off no worst awful tricky difficult hard packed")
_AWAY = word_set("out away busy booked closed traveling swamped unavailable off")
_OPENING = word_set("open opens close closes closed closing")
_MISSING = word_set("miss missed missing")
_WHO_OPENS = word_set("we they you i office shop store it business are is usually always doors")
_ANY = word_set("day time days anything any anytime week")
_EXCEPT = frozenset({"except", "excluding", "besides"})
_CORRECTIONS = word_set("wait mean sorry actually rather scratch correction instead oops make")
_NEGATIONS = frozenset({"not", "cannot", "never", "unable", "unavailable"})
_OPENINGS = word_set("availability opening openings slot slots appointment appointments table time")
_DOING = _OPENINGS | word_set("available able make free possible come attend unavailable unable")
_POSSIBLE = _OPENINGS | word_set(
    "available free around possible be able to make it do on at the here in there come attend work open to my a an "
    "appointment meeting booking reservation schedule call"
)


def frame_before(line: Line, start: int) -> tuple[Frame, int]:
    """How a time is framed, and where the frame's words begin."""
    words, at = line.words, start
    while at > 0 and words[at - 1] in _SOFTENERS and line.brks[at] < HARD and start - at <= 2:
        at -= 1
    for phrase, frame in _BY_LAST.get(words[at - 1], ()) if at > 0 else ():
        begin = at - len(phrase)
        if begin >= 0 and words[begin:at] == phrase:
            return (_turned(line, begin, frame), begin)
    return Frame.NONE, start


def _turned(line: Line, begin: int, frame: Frame) -> Frame:
    """ "Do not call before nine" means after nine; "do not call after five" means before it."""
    k = begin - 1
    while k >= 0 and begin - k <= 4 and line.words[k] in _NEGATED_CALLS:
        k -= 1
    if k < 0 or line.words[k] not in ("not", "never", "no") or begin - k > 4:
        return frame
    return {Frame.BEFORE: Frame.FROM, Frame.AFTER: Frame.BY, Frame.BY: Frame.FROM}.get(frame, frame)


def excluded(line: Line, start: int, end: int) -> bool:
    """Whether the buyer rules this time out."""
    before = _lead(line, start)
    if before[0] in ("on", "the", "next", "this", "for", "all"):
        before = [*before[1:], ""]
    if before[0] in _EXCEPT or (before[0] == "but" and before[1] in _ANY):
        return True
    if (before[0], before[1]) in (("than", "other"), ("from", "apart"), ("for", "except")):
        return True
    if before[0] in ("not", "no") and not _behind_is_fine(line, end):
        return True
    if before[0] in ("do", "make", "manage") and before[1] == "not" and before[2] in ("can", "could", "will", "do"):
        return True
    if before[0] in _AWAY and before[1] in ("am", "are", "is", "be", "all", "usually"):
        return True
    return _ruled_out_before(line, start) or _ruled_out_behind(line, end)


def _ruled_out_before(line: Line, start: int) -> bool:
    """ "I am not available at five", "I won't be able to make it on Friday"."""
    k = start
    while k > 0 and start - k < FARTHEST and line.brks[k] < HARD:
        k -= 1
        if line.words[k] in _NEGATIONS or (line.words[k] == "no" and line.words[k + 1] in _OPENINGS):
            said = set(line.words[k:start])
            return bool(_DOING & said)
        if line.words[k] not in _POSSIBLE:
            return False
    return False


def _lead(line: Line, start: int) -> list[str]:
    """The words before a place, nearest first, none from beyond the end of a sentence."""
    lead: list[str] = []
    k = start
    while k > 0 and len(lead) < LOOK_BACK and line.brks[k] < HARD:
        k -= 1
        lead.append(line.words[k])
    return lead + [""] * (LOOK_BACK - len(lead))


def _behind_is_fine(line: Line, end: int) -> bool:
    return line.words[end] in ("works", "is") and line.words[end + 1] in ("fine", "good", "great", "")


def _ruled_out_behind(line: Line, end: int) -> bool:
    if end >= len(line) or line.brks[end] >= HARD:
        return False
    first, second, third = line.words[end : end + 3]
    if first in ("does", "will", "would", "do", "can", "is", "are", "was") and second == "not":
        return third in ("work", "suit", "good", "possible", "do", "fit", "great", "ideal", "happen", "")
    return first in ("is", "are", "looks", "would") and (second in _BAD or (second == "be" and third in _BAD))


def correction_between(line: Line, start: int, end: int) -> bool:
    if end - start > 9:
        return False
    said = set(line.words[start:end])
    return bool(said & _CORRECTIONS) and (
        "no" in said or "not" in said or not said & {"and", "or", "works", "work", "if"}
    )


def open_hours(line: Line, i: int) -> bool:
    """Whether a clock time tells when something opens or closes, or when calls come, and not when to meet."""
    for k in range(max(i - 3, 0), i):
        if line.words[k] in _MISSING or (k and line.words[k] in _OPENING and line.words[k - 1] in _WHO_OPENS):
            return True
    return False
