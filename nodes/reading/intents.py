"""Reads what the buyer wants done and what is asked, and the objections that stand or fall."""

from dataclasses import dataclass

from domain.reading import Question, ReadingContext, Special, Wish
from nodes.reading.phrases import Span
from nodes.reading.times import Times
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

_WISHES = {
    "meeting": Wish.MEETING,
    "reschedule": Wish.RESCHEDULE,
    "cancel_meeting": Wish.CANCEL_MEETING,
    "transfer": Wish.TRANSFER,
    "buy": Wish.BUY,
    "think": Wish.THINK_IT_OVER,
    "cancel_order": Wish.CANCEL_ORDER,
    "final_no": Wish.FINAL_NO,
    "none_of_these": Wish.NONE_OF_THESE,
    "repeat": Wish.REPEAT,
    "hold_on": Wish.HOLD_ON,
    "goodbye": Wish.GOODBYE,
    "call_back": Wish.CALL_BACK,
    "continue_with_ai": Wish.CONTINUE_WITH_AI,
}
_QUESTIONS = {
    "price": Question.PRICE,
    "discount": Question.DISCOUNT,
    "what_is_it": Question.WHAT_IS_IT,
    "how_it_works": Question.HOW_IT_WORKS,
    "next_step": Question.NEXT_STEP,
    "bot_question": Question.ARE_YOU_A_BOT,
    "who_is_calling": Question.WHO_IS_CALLING,
    "terms": Question.TERMS,
    "instructions": Question.INSTRUCTIONS,
    "how_long": Question.HOW_LONG,
    "my_data": Question.MY_DATA,
    "what_can_you_do": Question.WHAT_CAN_YOU_DO,
}
_OBJECTIONS = ("price", "timing", "trust", "competitor", "need")
_LOST = ("competitor", "price", "timing", "no_need")
_OPENERS = word_set(
    """
    what how why when where which who whose whom can could do does did is are will would should may am was were has
    """
)
_SUBJECTS = word_set(
    """
    i you we it this that they he she there your the my our a an someone anyone u these those if in
    """
)
_WH = word_set("what how why when where which who whose")
_SELLING = ("CLOSE",)
_HANDING_OVER = frozenset({"callback_choice", "transfer_offer", "callback_time", "callback_readback"})
_CHOOSING = frozenset({"slot", "slot_readback", "callback_time", "callback_choice"})
_DECLINABLE = word_set(
    "meeting_offer transfer_offer next_step_offer counter_offer slot slot_readback callback_choice recording quantity "
    "anything_else cancel_meeting_confirm fact_conflict"
)  # "I don't need that" declines these, and not the whole matter
# What asks and is served as something else than a question.
_ANSWERED_ELSEWHERE = ("small_talk", "presence", "greeting", "machine", "ask_human", "gatekeeper")


@dataclass(frozen=True, slots=True)
class Intents:
    wishes: frozenset[Wish]
    questions: frozenset[Question]
    asks: bool  # a question stands in the words, whatever it asks
    objections: tuple[str, ...]
    resolved: bool
    lost_reason: str | None


def read_intents(heard: Utterance, context: ReadingContext, specials: frozenset[Special], times: Times) -> Intents:
    questions = {question for name, question in _QUESTIONS.items() if heard.has(name)}
    asks = _asks(heard)
    wishes = _wishes(heard, context, specials, times, asks)
    if Question.HOW_IT_WORKS in questions and Question.TERMS in questions:
        questions.discard(Question.HOW_IT_WORKS)
    if Question.HOW_LONG in questions:
        questions.discard(Question.HOW_IT_WORKS)
    if Question.DISCOUNT in questions and not heard.has("price.asked"):
        questions.discard(Question.PRICE)
    if Question.TERMS in questions and not (asks or heard.has("tells")):
        questions.discard(Question.TERMS)  # a word such as "renew" that asks for nothing
    if asks and not questions and not wishes and not heard.has(*_ANSWERED_ELSEWHERE):
        questions.add(Question.OTHER)
    objections = tuple(kind for kind in _OBJECTIONS if heard.has(f"objection.{kind}"))
    if heard.has("authority.no"):
        objections = (*objections, "authority")
    resolved = heard.has("resolved") and not objections
    reason = _reason(heard) if Wish.FINAL_NO in wishes else None
    return Intents(frozenset(wishes), frozenset(questions), asks or bool(questions), objections, resolved, reason)


def _wishes(
    heard: Utterance, context: ReadingContext, specials: frozenset[Special], times: Times, asks: bool
) -> set[Wish]:
    wishes = {wish for name, wish in _WISHES.items() if heard.has(name)}
    if Special.OPT_OUT in specials:
        return {w for w in wishes if w is Wish.GOODBYE}
    if heard.has("final_no.soft") and context.asked not in _DECLINABLE:
        wishes.add(Wish.FINAL_NO)
    if context.step.startswith(_SELLING) and heard.has("not_now"):
        wishes.add(Wish.THINK_IT_OVER)
    if Wish.CONTINUE_WITH_AI in wishes and not (
        context.asked in _HANDING_OVER or context.step.startswith("TRANSFER") or heard.has("continue_with_ai.plain")
    ):
        wishes.discard(Wish.CONTINUE_WITH_AI)
    if context.asked not in _CHOOSING and context.step != "BOOK.slots_offered":
        wishes.discard(Wish.NONE_OF_THESE)
    if Wish.HOLD_ON in wishes and (asks or len(wishes) > 1 or times.mentions):
        wishes.discard(Wish.HOLD_ON)
    if Wish.CANCEL_ORDER in wishes:
        wishes -= {Wish.BUY, Wish.THINK_IT_OVER, Wish.HOLD_ON}
    if Wish.FINAL_NO in wishes:
        wishes -= {Wish.BUY, Wish.MEETING, Wish.TRANSFER}
    if Wish.RESCHEDULE in wishes and Wish.THINK_IT_OVER in wishes and times.mentions:
        wishes.discard(Wish.THINK_IT_OVER)  # a day was named: later, not never
    if context.step.startswith("BOOK") and any(m.day_from not in (None, context.today) for m in times.mentions):
        wishes.discard(Wish.THINK_IT_OVER)  # "not today, how about Monday"
    if Wish.GOODBYE in wishes and Wish.THINK_IT_OVER not in wishes and wishes & {Wish.BUY, Wish.MEETING}:
        wishes.discard(Wish.GOODBYE)
    if Wish.REPEAT in wishes and _only_sorry(heard):
        wishes.discard(Wish.REPEAT)
    if Wish.CONTINUE_WITH_AI in wishes:
        wishes.discard(Wish.TRANSFER)
    return wishes


def _only_sorry(heard: Utterance) -> bool:
    """ "Sorry" at the head of a sentence that says something else is no wish to hear it again."""
    spans = heard.spans("repeat")
    return (
        all(heard.text(*s) in ("sorry", "again", "excuse me", "what", "huh", "pardon") for s in spans)
        and len(heard.tokens) > 2
    )


def _asks(heard: Utterance) -> bool:
    if "?" in heard.flat or "？" in heard.words:
        return True
    tokens = heard.tokens
    for i, token in enumerate(tokens):
        if token.text not in _OPENERS or i + 1 >= len(tokens) or tokens[i + 1].brk:
            continue
        opens = (
            i == 0
            or token.brk > 0
            or tokens[i - 1].text in ("and", "but", "so", "ok", "yes", "yeah", "well", "wait", "then", "hi", "hm")
        )
        if token.text == "do" and tokens[i + 1].text in ("it", "that", "this"):
            continue  # "do it" is an order
        if token.text == "why" and tokens[i + 1].text == "not" and (i + 2 == len(tokens) or tokens[i + 2].brk):
            continue  # "why not" alone agrees
        if opens and (
            tokens[i + 1].text in _SUBJECTS or (token.text in _WH and tokens[i + 1].text not in ("ever", "i"))
        ):
            return True
    return False


def _reason(heard: Utterance) -> str:
    spans = [*heard.spans("final_no"), *heard.spans("final_no.soft")]
    for name in _LOST:
        if any(_touch(a, b) for a in heard.spans(f"lost.{name}") for b in spans) or (
            name != "no_need" and heard.has(f"objection.{name}") and name != "timing"
        ):
            return name
    return "other"


def _touch(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]
