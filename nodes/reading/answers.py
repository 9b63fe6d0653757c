"""Reads how words answer a question, and what keeps a yes from being one: a condition, a question, a correction."""

from dataclasses import dataclass
from decimal import Decimal

from domain.reading import Answer, ReadingContext
from nodes.reading.amounts import Amounts
from nodes.reading.phrases import Span
from nodes.reading.tokens import HARD
from nodes.reading.utterance import Utterance

READBACKS = frozenset({"slot_readback", "scope_readback", "callback_readback", "budget_conflict", "fact_conflict"})
BINDING = frozenset({"commit", "price_readback"})  # a question beside such a yes leaves it open
OFFERS = frozenset({"meeting_offer", "transfer_offer", "next_step_offer", "anything_else", "counter_offer"})
ACT_ON = frozenset({"commit", "transfer_offer", "meeting_offer", "next_step_offer"})  # doing is agreeing
_FINE = (
    "i am good|we are good|i am fine|we are fine|i am all set|we are all set|all set|all good|that is all|that is it|"
    "nothing|nothing else|that will be all|that would be all|not really|i think that is all|i think that is it|"
    "nothing more|that covers it|that is everything"
)
_FINE_WITHOUT = frozenset(_FINE.split("|"))
_TAKES_BACK_NO = (
    "yes",
    "yeah",
    "yep",
    "go ahead",
    "that is fine",
    "it is fine",
    "that is ok",
    "it is ok",
    "sounds good",
    "all good",
)
_SOUNDS = frozenset({"uhhuh", "mhm", "mm", "mmm", "hm", "uh", "um", "ah", "aha", "oh", "huh"})
_MAY_I = ("shall i", "should i", "can i", "may i", "want me to", "like me to")
_DO_YOU_MIND = ("do you mind", "would you mind", "any objection", "object to")


@dataclass(frozen=True, slots=True)
class AnswerRead:
    answer: Answer
    conditional: bool
    affirmative: bool


def read_answer(
    heard: Utterance, context: ReadingContext, *, asks: bool, contradicts: bool, names_other: bool
) -> AnswerRead:
    """What the words answer.

    `asks`: a question stands in them; `contradicts`: they name other figures or ask for another price;
    `names_other`: they name a time, number or product, which behind "make it" or "instead" corrects what was read back.
    """
    corrects = names_other and heard.has("correction")
    denied = [
        *heard.spans("no.any"),
        *heard.spans("not yes.any"),
        *heard.spans("not yes.start"),
        *heard.spans("no.start"),
    ]
    taken = {k for start, end in denied for k in range(start, end)}
    agreed = [s for s in (*heard.spans("yes.start"), *heard.spans("yes.any")) if taken.isdisjoint(range(*s))]
    answer = _weighed(heard, context, agreed, denied)
    if answer is Answer.NEITHER and not agreed and not denied and _lets_act(context) and heard.has("yes.act"):
        answer = Answer.YES
    answer = _turned(heard, context, answer)
    if answer is Answer.NEITHER and corrects and context.asked in READBACKS:
        answer = Answer.NO
    if answer is Answer.NEITHER and context.asked == "name_confirm" and heard.has("name.yes"):
        answer = Answer.YES
    binding = context.asked in BINDING
    open_end = heard.has("condition") or contradicts or (answer is Answer.YES and bool(denied))
    open_end = open_end or (binding and heard.has("hedge", "reported"))
    conditional = open_end or (asks and binding and answer is Answer.YES)
    if (
        context.asked == "commit"
        and answer is Answer.YES
        and (denied or heard.has("unsure", "think", "hold_on", "cancel_order"))
    ):
        answer = Answer.NEITHER
    if context.asked == "commit" and answer is Answer.YES and all(t.text in _SOUNDS for t in heard.tokens):
        answer = Answer.NEITHER  # a sound says that somebody listens
    affirmative = bool(agreed) and answer is not Answer.NO and not heard.has("not yes.start")
    return AnswerRead(answer, conditional, affirmative)


def _lets_act(context: ReadingContext) -> bool:
    """Whether telling the agent to do it answers the question."""
    asked = context.asked_words.lower()
    return context.asked in ACT_ON or any(words in asked for words in _MAY_I)


def _weighed(heard: Utterance, context: ReadingContext, agreed: list[Span], denied: list[Span]) -> Answer:
    if not agreed and not denied:
        return Answer.NEITHER
    if not denied:
        return Answer.NEITHER if _unsure(heard, agreed) else Answer.YES
    if not agreed:
        return Answer.NO if heard.has("no.start", "no.any") or not heard.has("unsure") else Answer.NEITHER
    if heard.has("unsure") and any(heard.tokens[s[0]].brk >= HARD for s in denied if s[0] > 0):
        return Answer.NEITHER  # "Yes. No. I don't know."
    first_yes, first_no = min(s[0] for s in agreed), min(s[0] for s in denied)
    if first_no <= first_yes + 1 and first_no > first_yes:
        return Answer.NO  # "ok, no", "yeah no"
    if first_yes < first_no:
        return Answer.YES  # with the refusal behind it as an open end
    taken_back = any(heard.text(*s).startswith(_TAKES_BACK_NO) for s in agreed if s[0] > first_no)
    if not taken_back or context.asked is None:
        return Answer.NO
    return Answer.NEITHER


def _unsure(heard: Utterance, agreed: list[Span]) -> bool:
    """ "I guess" may stand behind a yes, but "maybe" or "not sure" alone is none."""
    return heard.has("unsure") and not any(s[0] == 0 for s in agreed)


def _turned(heard: Utterance, context: ReadingContext, answer: Answer) -> Answer:
    """Questions whose no is a yes, and phrases that decline without a no."""
    said = heard.text()
    if asks_to_mind(context):
        if answer is Answer.NO and said.startswith(("no", "not at all", "i do not", "nope")):
            return Answer.YES
        if answer is Answer.YES and said.endswith(("i do", "i do mind", "i would")):
            return Answer.NO
    if (
        context.asked in OFFERS
        and said.removesuffix(" thanks").removesuffix(" thank you").removesuffix(" for now") in _FINE_WITHOUT
    ):
        return Answer.NO
    return answer


def asks_to_mind(context: ReadingContext) -> bool:
    """Whether a no agrees to what the agent's line asks."""
    asked = context.asked_words.lower()
    return any(phrase in asked for phrase in _DO_YOU_MIND)


def figures_differ(heard: Utterance, context: ReadingContext, found: Amounts) -> bool:
    """Whether an answer to a price names another price than the one on the table."""
    table = context.amount_on_table
    if table is None or context.asked not in BINDING or not found.money:
        return False
    same = {table, table.quantize(Decimal(1)), Decimal(int(table))}
    named = {money.amount for money in found.money}
    return not named & same and not any(money.per == "seat" for money in found.money)
