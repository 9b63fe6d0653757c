"""Reads times that are counted from now: "in an hour", "twenty minutes from now", "later today"."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.tokens import Token, word
from nodes.reading.utterance import Utterance

_MINUTES = {"minute": 1, "minutes": 1, "hour": 60, "hours": 60}


def read_from_now(heard: Utterance, context: ReadingContext) -> list[TimeMention]:
    """ "in an hour", "in half an hour", "twenty minutes from now", "later today"."""
    tokens = heard.tokens
    if context.today is None or context.clock is None:
        return []
    now = datetime.combine(context.today, context.clock)
    counted = any(token.text in _MINUTES for token in tokens)
    for i in range(len(tokens) if counted else 0):
        found = _span_of_minutes(tokens, i)
        if found is None:
            continue
        minutes, end = found
        at = now + timedelta(minutes=minutes)
        return [TimeMention(TimeKind.POINT, heard.quote(i, end), at.date(), at.date(), at.time())]
    for i, token in enumerate(tokens):
        if token.text == "later" and word(tokens, i + 1) in ("today", "on") and word(tokens, i + 1) == "today":
            return [TimeMention(TimeKind.NOT_BEFORE, heard.quote(i, i + 2), context.today, context.today, now.time())]
    return []


def _span_of_minutes(tokens: Sequence[Token], i: int) -> tuple[int, int] | None:
    lead = word(tokens, i) in ("in", "within")
    at = i + lead
    at += word(tokens, at) in ("about", "around", "like", "maybe")
    half = word(tokens, at) == "half" and word(tokens, at + 1) in ("a", "an")
    at += 2 if half else word(tokens, at) == "a" and word(tokens, at + 1) == "half"
    text = word(tokens, at)
    if half:
        count, at = 0.5, at - 1
    elif text in ("a", "an"):
        count = 1.0
    elif text in ("couple", "few"):
        count = 2.0 if text == "couple" else 3.0
    elif at < len(tokens) and (num := tokens[at].num) is not None and 0 < num < 1000:
        count = float(num)
    else:
        return None
    at += 1
    at += word(tokens, at) in ("couple", "of")
    extra = 0.0
    if word(tokens, at) == "and" and word(tokens, at + 1) == "a" and word(tokens, at + 2) == "half":
        extra, at = 0.5, at + 3
    unit = _MINUTES.get(word(tokens, at))
    if unit is None:
        return None
    end = at + 1
    if unit == 60 and word(tokens, end) == "and" and word(tokens, end + 1) == "a" and word(tokens, end + 2) == "half":
        extra, end = 0.5, end + 3
    if not lead:
        if word(tokens, end) not in ("from", "later") or (
            word(tokens, end) == "from" and word(tokens, end + 1) != "now"
        ):
            return None
        end += 1 + (word(tokens, end) == "from")
    return int((count + extra) * unit), end
