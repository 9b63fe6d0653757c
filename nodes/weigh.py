"""The node that turns what was heard into readiness: evidence, score, gates; then returns and decisions."""

from datetime import datetime
from typing import Any

from domain.events import EventKind
from domain.facts import FactStatus
from domain.ledger import write
from domain.ports import Ports
from domain.reading import Answer, Question, Special, Wish
from domain.scoring import note, rescore, resolve, withdraw
from domain.stages import Stage, Step
from domain.state import ChainState, part
from domain.turn import Turn
from nodes.approvals import settle
from nodes.presence import come_back, is_other_person, leave
from nodes.undoing import tell_owed
from nodes.working import resumed

SOON_DAYS = 30
STAYS_AFTER_S = 300  # who is still talking five minutes into a call has stayed on the line
OPENING = (Step.NEW, Step.GREET, Step.IDENTIFY, Step.CONSENT)


async def weigh(state: ChainState, *, ports: Ports) -> ChainState:
    turn = await resumed(state, ports)
    if turn.work.get("refusal") and turn.work.get("handled"):
        return turn.update()
    if turn.event.kind is EventKind.WORDS and turn.event.data.get("speaker", "buyer") == "buyer":
        turn.work["buyer_turn"] = not turn.step.terminal
        turn.talk["buyer_turns"] += 1
        _from_words(turn)
    rescore(turn)
    if not turn.work.get("handled"):
        come_back(turn)
        if turn.event.kind in (EventKind.WORDS, EventKind.ARRIVED) and not is_other_person(turn):
            tell_owed(turn)
        await settle(turn, ports)
        leave(turn)
    return turn.update()


def _from_words(turn: Turn) -> None:
    if not turn.talk.get("stayed") and _on_line_s(turn) >= STAYS_AFTER_S:
        turn.talk["stayed"] = True
        note(turn, "stays_on_line")
    for item in turn.work.get("learned", []):
        _from_fact(turn, item)
    _from_questions(turn)
    _from_wishes(turn)
    if turn.reading.affirmative and not turn.reading.conditional and turn.step not in OPENING:
        note(turn, "affirmative")  # a yes to one's name or to a recording says nothing about buying
    if Special.ANGRY in turn.reading.specials:
        note(turn, "angry")
    _from_objections(turn)


def _on_line_s(turn: Turn) -> float:
    """Seconds since the call began; a text channel has no line to stay on."""
    began = turn.place.get("call_at")
    on_line = began is not None and turn.place.get("line") == "up"
    return (turn.now - datetime.fromisoformat(began)).total_seconds() if began and on_line else 0.0


def _from_fact(turn: Turn, item: dict[str, Any]) -> None:
    key, result, confidence = item["key"], item["result"], 0.85 if item["hedged"] else 0.9
    if result == "contradicted":
        withdraw(turn, key)
    elif result == "new" and key == "need" and "need" not in turn.intent.get("named", {}):
        note(turn, "need_confirmed", confidence, "need")
    elif result == "new" and key == "budget":
        note(turn, "budget_confirmed", confidence, "budget")
    elif result == "new" and key == "timeline" and int(turn.work.get("timeline_days", SOON_DAYS + 1)) <= SOON_DAYS + 1:
        note(turn, "timeline_30d", confidence, "timeline")
    elif result == "new" and key == "authority" and item["value"] is True:
        note(turn, "authority_confirmed", confidence, "authority")
    elif result == "new" and key == "authority":
        note(turn, "no_authority", confidence)


def _from_questions(turn: Turn) -> None:
    asked = turn.reading.questions
    if Question.PRICE in asked:
        note(turn, "asks_price")
    if asked & {Question.HOW_IT_WORKS, Question.WHAT_IS_IT, Question.OTHER, Question.TERMS} or turn.reading.topic:
        note(turn, "asks_detail")
    if Question.NEXT_STEP in asked:
        note(turn, "asks_next_step")


def _from_wishes(turn: Turn) -> None:
    wishes = turn.reading.wishes
    answered: dict[str, Any] = part(turn.work, "answer_to")
    accepts = answered.get("key") == "transfer_offer" and answered.get("answer") == Answer.YES
    if turn.stage in (Stage.BOOK, Stage.TRANSFER) and (accepts or Wish.TRANSFER in wishes):
        note(turn, "accept_transfer_now")
    elif Wish.BUY in wishes:
        note(turn, "asks_to_buy")
    if Wish.THINK_IT_OVER in wishes:
        note(turn, "reversal" if turn.stage is Stage.CLOSE else "vague_delay")
    if Wish.FINAL_NO in wishes:
        note(turn, "competitor_chosen" if turn.reading.lost_reason == "competitor" else "not_interested")


def _from_objections(turn: Turn) -> None:
    open_now = [
        key for key, fact in turn.facts.items() if key.startswith("objection.") and fact["status"] == FactStatus.OPEN
    ]
    for kind in turn.reading.objections:
        key = f"objection.{kind}"
        if key not in open_now:
            write(turn, key, kind, status=FactStatus.OPEN, quote=turn.words[:200])
            note(turn, "objection_open", 1.0, key)
    if turn.reading.objection_resolved or _settled_by_yes(turn):
        for key in open_now:
            write(turn, key, turn.facts[key]["value"], status=FactStatus.MET, quote=turn.words[:200])
            resolve(turn, key)


def _settled_by_yes(turn: Turn) -> bool:
    """Agreeing to a price, or committing, is the buyer's own word that the objection is settled."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    return answered.get("answer") == Answer.YES and answered.get("key") in (
        "price_readback",
        "transfer_offer",
        "counter_offer",
    )
