"""The question asked is answered before the stage's goal, and every line of the buyer gets some answer."""

from typing import Any

from domain.acts import planned, say
from domain.authority import use
from domain.events import EventKind
from domain.ports import Ports
from domain.reading import Question, Special, Wish
from domain.refusal import Refused
from domain.stages import CLOSE_STEPS, Stage, Step
from domain.turn import Turn


def answer_questions(turn: Turn, ports: Ports) -> None:
    """Plan the answers to what was asked. Figures come from policy or the quote, never from the words."""
    if turn.event.kind is not EventKind.WORDS:
        return
    asked, company = turn.reading.questions, turn.catalogue.company
    if Special.OTHER_LANGUAGE in turn.reading.specials:
        return  # what was asked cannot be answered in words that the buyer understands
    if Wish.REPEAT in turn.reading.wishes and _repeat(turn):
        return
    if Question.ARE_YOU_A_BOT in asked:
        say(turn, "answer_bot", company=company.name)
    if Question.WHO_IS_CALLING in asked:
        say(turn, "answer_who", agent=company.agent_name, company=company.name, purpose=company.purpose)
    if Question.INSTRUCTIONS in asked:
        say(turn, "answer_instructions")
    if Question.PRICE in asked:
        _price(turn)
    if Question.DISCOUNT in asked or (turn.reading.request and turn.stage is not Stage.CLOSE):
        _discount_outside_close(turn)
    if Question.TERMS in asked:
        say(turn, "answer_terms", refund=company.refund_terms, restrictions=company.restrictions)
    if Question.MY_DATA in asked:
        say(turn, "answer_my_data")
    _about_product(turn, ports)
    _about_process(turn, ports)


def _about_product(turn: Turn, ports: Ports) -> None:
    asked, company = turn.reading.questions, turn.catalogue.company
    article = ports.knowledge.article(turn.reading.topic) if turn.reading.topic else None
    if article and Question.TERMS in asked and article.answer in company.refund_terms:
        return  # the terms have just said it
    meets = bool(turn.reading.times) and turn.stage is Stage.BOOK  # "can we meet at three?" is answered by a time
    if article:
        say(turn, "answer_article", answer=article.answer)
    elif Question.WHAT_IS_IT in asked:
        say(turn, "answer_what", company=company.name, purpose=company.purpose)
    elif Question.HOW_IT_WORKS in asked:
        say(turn, "answer_how")
    elif Question.OTHER in asked and not turn.plan_answers() and not turn.reading.request and not meets:
        say(turn, "answer_unknown")
        turn.audit("question_noted", {"words": turn.words[:300]}, actor="buyer")


def _about_process(turn: Turn, ports: Ports) -> None:
    asked = turn.reading.questions
    if Question.NEXT_STEP in asked:
        say(turn, "answer_next", next=ports.lines.phrase(f"next.{turn.step.value}"))
    article = ports.knowledge.article(turn.reading.topic) if turn.reading.topic else None
    if Question.HOW_LONG in asked and not (article and article.on_duration):
        say(turn, "answer_long", duration=ports.lines.phrase(f"duration.{(turn.stage or Stage.BOOK).value}"))
    if Question.WHAT_CAN_YOU_DO in asked:
        say(turn, "answer_abilities", abilities=abilities(turn, ports))


def abilities(turn: Turn, ports: Ports) -> str:
    return ports.lines.phrase(f"abilities.{(turn.stage or Stage.BOOK).value}")


def _price(turn: Turn) -> None:
    """In closing the quote's figures; before it the public list prices, after exact pricing was refused."""
    quote: dict[str, Any] | None = turn.deal.get("quote")
    if quote and turn.step in CLOSE_STEPS:
        if turn.step is not Step.PRICE:
            say(turn, "answer_quote", **quote_slots(quote))
        return
    refused = use(turn, "pricing.read", "list")
    prices = sorted(row.list for row in turn.policy.pricing.catalogue.values())
    if isinstance(refused, Refused) or not quote:
        say(turn, "answer_price_list", lowest=str(prices[0]), highest=str(prices[-1]))


def _discount_outside_close(turn: Turn) -> None:
    """Outside closing a discount is refused by the authority, and the wish is kept for the quote."""
    if turn.step in CLOSE_STEPS or planned(turn, "no_authority_in_words"):
        return
    use(turn, "discount.apply", "request")
    say(turn, "discount_in_booking")


def quote_slots(quote: dict[str, Any]) -> dict[str, Any]:
    """The slots of a price line, from the quote alone."""
    return {
        "quantity": quote["scope"]["quantity"],
        "product": quote["scope"]["product"],
        "amount": quote["amount"],
        "term": quote["scope"]["term"],
        "discount": quote["discount_pct"],
        "quote_hash": quote["quote_hash"],
    }


def _repeat(turn: Turn) -> bool:
    """Say the last lines again, the hard ones word for word."""
    last: list[dict[str, Any]] = turn.talk.get("last_plan", [])
    if not last:
        return False
    say(turn, "repeat_intro")
    for line in last:
        turn.plan.append(
            {key: value for key, value in line.items() if key not in ("speech_id", "words", "channel", "variant")}
        )
    turn.work["repeated"] = True
    return True


def small_words(turn: Turn, ports: Ports) -> None:
    """What is no question, no fact and no answer still gets a polite word."""
    specials, wishes = turn.reading.specials, turn.reading.wishes
    if Special.OTHER_LANGUAGE in specials:
        say(turn, "other_language", language=turn.reading.language)
    elif not turn.words.strip():
        say(turn, "empty_line")
    elif turn.work.get("unsure"):
        say(turn, "low_confidence")
    elif Special.UNREADABLE in specials:
        say(turn, "unreadable")
    elif Special.COMPLAINT in specials:
        say(turn, "complaint_ack")
    elif Special.PRESENCE in specials and turn.place.get("opened"):
        say(turn, "still_here")
    elif Special.SMALL_TALK in specials and turn.place.get("opened"):
        say(turn, "greet_back" if _greets(turn.words) else "small_talk")
    elif Wish.HOLD_ON in wishes:
        say(turn, "hold_on_ok")
    elif Special.THANKS in specials and not turn.plan:
        say(turn, "thanks_reply")
    for kind in turn.reading.objections:
        if not planned(turn, f"objection_{kind}"):
            say(turn, f"objection_{kind}")


def _greets(words: str) -> bool:
    first = words.lower().split()[:1]
    return bool(first) and first[0].strip(",.!?") in ("hi", "hello", "hey", "good", "hola", "morning", "howdy")


def lost_words(turn: Turn) -> bool:
    """Words that carry nothing to go on with: asking on in the same breath would not be listening."""
    unread = bool(turn.reading.specials & {Special.UNREADABLE, Special.OTHER_LANGUAGE})
    return unread or bool(turn.work.get("unsure")) or not turn.words.strip()


def something_said(turn: Turn) -> bool:
    """Whether the plan answers the buyer with more than a disclosure."""
    return any("ai" not in line["disclosure_keys"] for line in turn.plan)
