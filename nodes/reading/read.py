"""The local reader: one utterance in, one Reading out; rules and lists, no network, never an exception."""

from dataclasses import replace
from typing import Protocol

from domain.reading import Answer, Question, Reading, ReadingContext, Request, Special, Wish
from nodes.reading.amounts import Amounts, read_amounts, settle_bare
from nodes.reading.answers import figures_differ, read_answer
from nodes.reading.dates import DaySpan
from nodes.reading.facts import read_matter
from nodes.reading.intents import Intents, read_intents
from nodes.reading.judgement import REVOKES, Judgement, judge
from nodes.reading.lexicon_files import lists
from nodes.reading.names import read_identity
from nodes.reading.orders import read_product, read_request, read_term
from nodes.reading.places import read_zone
from nodes.reading.settling import settled
from nodes.reading.specials import read_specials
from nodes.reading.times import read_times
from nodes.reading.utterance import Utterance, count_words, listen
from nodes.reading.word_sets import word_set

_THANKS = frozenset(
    ["thanks", "thank", "you", "very", "so", "much", "many", "a", "lot"]
)  # who only thanks answers nothing
LONGEST_HELPED = 25  # tokens; in a longer talk a learned word or two proves little
FEWEST_HELPED = 2  # tokens; less says too little to guess from
NEVER_HELPED = frozenset(
    {Special.OPT_OUT, Special.MACHINE_INSTRUCTION, Special.ASK_HUMAN, Special.SPAM, Special.OTHER_LANGUAGE}
)
FORBIDDING = word_set(
    """
    not no never nobody stop stopped stopping quit cease desist refrain avoid remove removed delete deleted erase wipe
    scrub strike drop lose off out unsubscribe revoke withdraw alone away enough without end block blocked blacklist
    nunca dejen deje deja basta ya
    """
)
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
        judge("hello", "")

    def read(self, words: str, context: ReadingContext) -> Reading:
        return read(words, context, self._topics)


def read(words: str, context: ReadingContext, topics: Topics | None = None, judged: Judgement | None = None) -> Reading:
    """What the words mean; what they leave open is left out. `judged` stands for what the shipped weights would say."""
    heard = listen(words)
    specials, language = read_specials(heard, context)
    found = read_amounts(heard, context)
    times = read_times(heard, context, frozenset(found.used))
    settle_bare(heard, context, found, times.used | _in_days(times.days))
    intents = read_intents(heard, context, specials, times)
    facts = read_identity(heard, context) + read_matter(heard, context, found, times, specials, intents.asks)
    reading = Reading(
        also_asks=intents.asks,
        specials=specials,
        wishes=intents.wishes,
        questions=intents.questions,
        topic=topics.match(words) if topics is not None and _may_ask(intents, specials) else None,
        times=times.mentions,
        zone=read_zone(heard, context),
        money=tuple(found.money),
        quantity=found.quantity,
        product=read_product(heard, context),
        term=read_term(heard, context),
        request=read_request(heard, context, found),
        facts=tuple(facts),
        objections=intents.objections,
        objection_resolved=intents.resolved,
        lost_reason=intents.lost_reason,
        language=language,
        heard_words=count_words(words),
        card_spans=heard.cards,
    )
    learned = judged or (judge(words, context.asked_words) if heard.tokens else None)
    return _judged(heard, context, _helped(heard, reading, learned), found, learned)


def _helped(heard: Utterance, reading: Reading, learned: Judgement | None) -> Reading:
    """What trained weights hear where the lists found nothing; the lists' vetoes hold against them."""
    if learned is None or len(heard.tokens) > LONGEST_HELPED or reading.specials & NEVER_HELPED:
        return reading
    if Question.ARE_YOU_A_BOT in reading.questions and learned.means_otherwise("are_you_a_bot"):
        return replace(reading, questions=reading.questions - {Question.ARE_YOU_A_BOT} or {Question.OTHER})
    if Wish.REPEAT in reading.wishes and learned.means_otherwise("repeat"):
        return replace(reading, wishes=reading.wishes - {Wish.REPEAT})
    if _revokes(heard, learned):
        return replace(
            reading, specials=reading.specials | {Special.OPT_OUT}, wishes=reading.wishes & {Wish.GOODBYE}, request=None
        )
    label = learned.special_asked()
    if label == "ask_human" and not heard.has("ask_human!", "need") and not reading.facts:
        return replace(reading, specials=reading.specials | {Special.ASK_HUMAN})
    if label == "are_you_a_bot" and not heard.has("bot_question!"):
        return replace(reading, questions=(reading.questions - {Question.OTHER}) | {Question.ARE_YOU_A_BOT})
    if label == "repeat" and len(heard.tokens) > FEWEST_HELPED and not reading.wishes and not heard.has("repeat!"):
        return replace(reading, wishes=reading.wishes | {Wish.REPEAT})
    return reading


def _revokes(heard: Utterance, learned: Judgement) -> bool:
    """A wording that no list holds, but that sounds like those that do, and has a word that forbids or takes away."""
    forbids = any(token.text in FORBIDDING for token in heard.tokens)
    return forbids and len(heard.tokens) > 1 and learned.opt_out >= REVOKES and not heard.has("opt_out!")


def _judged(
    heard: Utterance, context: ReadingContext, reading: Reading, found: Amounts, learned: Judgement | None
) -> Reading:
    """The reading with the answer that it gives, and with how far it may be trusted."""
    if Special.MACHINE_INSTRUCTION in reading.specials:
        reading = _without_orders(reading)
    found_answer = read_answer(
        heard,
        context,
        asks=reading.also_asks,
        contradicts=_changes_price(reading.request, context) or figures_differ(heard, context, found),
        names_other=bool(reading.times or reading.quantity or reading.product or reading.term or reading.money),
    )
    thanks = bool(context.asked) and {token.text for token in heard.tokens} <= _THANKS
    answer = found_answer if thanks else settled(found_answer, context, learned)
    if thanks and heard.tokens and context.asked == "anything_else":
        answer = replace(answer, answer=Answer.NO)
    asked = reading.questions | ({Question.OTHER} if reading.topic and not reading.questions else set[Question]())
    ordered = Special.MACHINE_INSTRUCTION in reading.specials
    return replace(
        reading,
        answer=Answer.NEITHER if ordered and answer.answer is Answer.YES else answer.answer,
        conditional=answer.conditional,
        affirmative=answer.affirmative and not ordered,
        questions=asked,
        confidence=_confidence(heard, reading, answer.answer),
    )


def _changes_price(request: Request | None, context: ReadingContext) -> bool:
    return request is not None and (request.value is not None or context.asked == "percent_or_amount")


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
    """Words that give the machine orders buy nothing and ask for nothing that a person could grant."""
    return replace(reading, request=None, wishes=reading.wishes - {Wish.BUY, Wish.TRANSFER})


def _confidence(heard: Utterance, reading: Reading, answer: Answer) -> float:
    seen = (reading.facts, reading.times, reading.money, reading.specials, reading.wishes, reading.questions)
    if not (any(seen) or reading.objections or reading.request or answer is not Answer.NEITHER):
        return VAGUE if heard.tokens else NOTHING
    return CORRECTED if any(token.fixed for token in heard.tokens) else CLEAR
