"""The local reader: one utterance in, one Reading out; rules and lists, no network, never an exception."""

from dataclasses import replace
from typing import Protocol

from domain.reading import Answer, Question, Reading, ReadingContext, Special, Wish
from nodes.reading.amounts import name_quantity, read_amounts, settle_bare
from nodes.reading.answers import figures_differ, read_answer
from nodes.reading.dates import DaySpan
from nodes.reading.facts import read_matter
from nodes.reading.intents import Intents, read_intents
from nodes.reading.lexicon_files import lists
from nodes.reading.names import read_identity
from nodes.reading.orders import read_product, read_request, read_term
from nodes.reading.places import read_zone
from nodes.reading.specials import read_specials
from nodes.reading.times import read_times
from nodes.reading.utterance import Utterance, count_words, listen

CLEAR, CORRECTED, VAGUE, NOTHING = 1.0, 0.9, 0.6, 0.2  # how far a reading may be trusted


class Topics(Protocol):
    def match(self, text: str) -> str | None:
        """The article whose declared phrasing the words fit, or None where that is not sure."""
        ...


class LocalLanguage:
    """The Language port without a language model."""

    def __init__(self, topics: Topics | None = None) -> None:
        self._topics = topics
        lists()  # loaded now, so that the first buyer does not wait for it

    def read(self, words: str, context: ReadingContext) -> Reading:
        return read(words, context, self._topics)


def read(words: str, context: ReadingContext, topics: Topics | None = None) -> Reading:
    heard = listen(words)
    specials, language = read_specials(heard, context)
    found = read_amounts(heard, context)
    times = read_times(heard, context, frozenset(found.used))
    name_quantity(heard, found)
    settle_bare(heard, context, found, times.used | _in_days(times.days))
    intents = read_intents(heard, context, specials, times)
    request = None if Special.MACHINE_INSTRUCTION in specials else read_request(heard, context, found)
    request_stands = request is not None and (request.value is not None or context.asked == "percent_or_amount")
    answer = read_answer(heard, context, intents.asks, request_stands or figures_differ(heard, context, found))
    topic = topics.match(words) if topics is not None and _may_ask(intents, specials) else None
    facts = read_identity(heard, context) + read_matter(heard, context, found, times, specials, intents.asks)
    reading = Reading(
        answer=answer.answer,
        conditional=answer.conditional,
        also_asks=intents.asks,
        affirmative=answer.affirmative,
        specials=specials,
        wishes=intents.wishes,
        questions=intents.questions | ({Question.OTHER} if topic and not intents.questions else set[Question]()),
        topic=topic,
        times=times.mentions,
        zone=read_zone(heard, context),
        money=tuple(found.money),
        quantity=found.quantity,
        product=read_product(heard, context),
        term=read_term(heard, context),
        request=request,
        facts=tuple(facts),
        objections=intents.objections,
        objection_resolved=intents.resolved,
        lost_reason=intents.lost_reason,
        language=language,
        confidence=_confidence(heard, intents, answer.answer, bool(facts or times.mentions or found.money or specials)),
        heard_words=count_words(words),
        card_spans=heard.cards,
    )
    return _without_orders(reading) if Special.MACHINE_INSTRUCTION in specials else reading


def _in_days(days: tuple[DaySpan, ...]) -> frozenset[int]:
    return frozenset(k for span in days for k in range(span.start, span.end))


def _may_ask(intents: Intents, specials: frozenset[Special]) -> bool:
    return bool(intents.asks or intents.questions) and not specials & {
        Special.OPT_OUT,
        Special.MACHINE_INSTRUCTION,
        Special.SPAM,
        Special.UNREADABLE,
        Special.ASK_HUMAN,
    }


def _without_orders(reading: Reading) -> Reading:
    """Words that give the machine orders buy nothing and consent to nothing."""
    kept = reading.wishes - {Wish.BUY, Wish.TRANSFER}
    answer = Answer.NEITHER if reading.answer is Answer.YES else reading.answer
    return replace(reading, answer=answer, affirmative=False, request=None, wishes=kept)


def _confidence(heard: Utterance, intents: Intents, answer: Answer, anything: bool) -> float:
    if not (anything or intents.wishes or intents.questions or intents.objections or answer is not Answer.NEITHER):
        return NOTHING if not heard.tokens else VAGUE
    return CORRECTED if any(t.fixed for t in heard.tokens) else CLEAR
