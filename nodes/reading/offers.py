"""Finds the time on offer that the words choose: "the second one", "2 pm is good", "the later one"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.reading import ReadingContext, TimeKind, TimeMention
from nodes.reading.tokens import Token, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

_CHOOSES = word_set("the that yes yeah yep ok okay sure take choose pick prefer like want maybe rather guess your")
_THINGS = word_set("one option slot time choice works is please would sounds of")


def match_offers(heard: Utterance, context: ReadingContext, mentions: list[TimeMention]) -> list[TimeMention]:
    """The mentions, completed by the offer they fit; a choice by place counts as a mention of its own."""
    offers = _local(context)
    if not offers:
        return mentions
    if not mentions:
        chosen = _by_place(heard, len(offers))
        if chosen is None:
            return mentions
        at = offers[chosen[0]]
        return [TimeMention(TimeKind.POINT, heard.quote(*chosen[1]), at.date(), at.date(), at.time())]
    return [_completed(mention, offers) for mention in mentions]


def _local(context: ReadingContext) -> list[datetime]:
    try:
        zone = ZoneInfo(context.zone)
        instants = [datetime.fromisoformat(text) for text in context.offered_times]
    except (ZoneInfoNotFoundError, ValueError):
        return []
    return [i.astimezone(zone).replace(tzinfo=None) for i in instants if i.tzinfo is not None]


def _completed(mention: TimeMention, offers: Sequence[datetime]) -> TimeMention:
    if mention.kind is not TimeKind.POINT or mention.clock_from is None:
        return mention
    clocks = {mention.clock_from}
    if not mention.meridiem_known:
        clocks.add(mention.clock_from.replace(hour=(mention.clock_from.hour + 12) % 24))
    fitting = [o for o in offers if o.time() in clocks and mention.day_from in (None, o.date())]
    if len({o.time() for o in fitting}) != 1:
        return mention
    at = fitting[0]
    day = mention.day_from if mention.day_from or len(fitting) > 1 else at.date()
    return replace(mention, day_from=day, day_to=day, clock_from=at.time(), meridiem_known=True)


def _by_place(heard: Utterance, count: int) -> tuple[int, tuple[int, int]] | None:
    tokens = heard.tokens
    for i, token in enumerate(tokens):
        behind = word(tokens, i + 1)
        begin = i - (word(tokens, i - 1) == "the")
        alone = behind == "" or behind in _THINGS or tokens[i + 1].brk > 0
        if token.nth is not None and alone and _chosen(tokens, i, behind) and 1 <= token.nth <= count:
            return token.nth - 1, (begin, i + 1 + (behind == "one"))
        if token.text in ("last", "latest", "later") and begin < i and alone:
            return count - 1, (begin, i + 1)
        if token.text in ("earliest", "earlier", "former") and begin < i and alone:
            return 0, (begin, i + 1)
        if token.text == "middle" and begin < i and count == 3:
            return 1, (begin, i + 1)
        if (
            token.text in ("option", "number")
            and i + 1 < len(tokens)
            and (num := tokens[i + 1].num) is not None
            and 1 <= num <= count
        ):
            return int(num) - 1, (i, i + 2)
    return None


def _chosen(tokens: Sequence[Token], i: int, behind: str) -> bool:
    """ "First" alone chooses; in "my boss has to approve first" it says what comes before."""
    return i == 0 or tokens[i].brk > 0 or behind in _THINGS or word(tokens, i - 1) in _CHOOSES
