"""The node of stage CLOSE: scope, price, checklist, commitment; each needs the buyer's own heard-and-answered words."""

from datetime import datetime
from typing import Any

from domain.acts import asks_something, planned, say
from domain.events import EventKind
from domain.firing import fire
from domain.ports import Ports
from domain.reading import Answer, Special, Wish
from domain.scoring import note
from domain.stages import CLOSE_STEPS, Stage, Step
from domain.state import ChainState, part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.commitment import check_list, commitment, price_again
from nodes.fulfilment import committed, won
from nodes.hearing import scope_differs
from nodes.orders import changed_scope, first_scope, read_back_scope, scope_of, set_scope, void_quote
from nodes.price import price_talk, scope_confirmed
from nodes.questions import abilities, answer_questions, lost_words, small_words, something_said
from nodes.undoing import links_to_people
from nodes.working import resumed


async def close(state: ChainState, *, ports: Ports) -> ChainState:
    turn = await resumed(state, ports)
    words = turn.event.kind is EventKind.WORDS
    if words and not turn.work.get("answered"):
        turn.work["answered"] = True
        answer_questions(turn, ports)
        small_words(turn, ports)
    if turn.step is Step.WON:
        won(turn, words)
        return turn.update()
    if not (turn.work.get("repeated") or (words and lost_words(turn))):
        _go_on(turn, ports, words and turn.event.data.get("speaker", "buyer") == "buyer")
    if words and turn.stage is Stage.CLOSE and not something_said(turn):
        _never_silent(turn, ports)
    return turn.update()


def _go_on(turn: Turn, ports: Ports, words: bool) -> None:
    if words and _turns_back(turn):
        return
    if words and (_quote_ran_out(turn) or _changes_scope(turn)):
        return
    if turn.step is Step.SCOPE:
        _scope(turn, words)
    if turn.step is Step.PRICE:
        price_talk(turn, words)
    if turn.step is Step.COMPLIANCE:
        check_list(turn, ports, words)
    if turn.step is Step.COMMIT_REQUESTED:
        commitment(turn, ports, words)
    if turn.step is Step.COMMITTED:
        committed(turn, ports, words)


def _turns_back(turn: Turn) -> bool:
    """T33 and T36: the buyer takes back, or puts off, what was begun. Every closing scope dies in this commit."""
    wishes = turn.reading.wishes
    if turn.step is Step.COMMITTED and wishes & {Wish.CANCEL_ORDER, Wish.FINAL_NO, Wish.THINK_IT_OVER}:
        order = part(turn.deal, "order")
        if order.get("signed") or order.get("paid_amount") is not None:
            turn.plan.clear()
            links_to_people(turn, "human_has_it", "cancelled_after_signature")
            return True
        if Wish.THINK_IT_OVER not in wishes or Wish.CANCEL_ORDER in wishes:
            _cancel_order(turn)
            return True
    reversal = bool(wishes & {Wish.THINK_IT_OVER, Wish.CANCEL_ORDER}) or _no_to_commit(turn)
    later = Wish.RESCHEDULE in wishes or (Wish.MEETING in wishes and bool(turn.reading.times))
    if not reversal and not later:
        return False
    if reversal and not turn.work["reversal"]:
        note(turn, "reversal")
    reason = "reversal" if reversal else "reschedule"
    row = fire(
        turn,
        Trigger.INTENT_REVERSED_OR_RESCHEDULE,
        reason=reason,
        records={"stage_reopened": {"reason": reason}},
        act=lambda: _take_back(turn, reversal),
    )
    if isinstance(row, Transition):
        turn.deal["cooldown"] = {"at": turn.now.isoformat(), "buyer_turns": turn.talk["buyer_turns"]}
        turn.work["reopened"] = reason
        if reversal:
            say(turn, "reversal_offer")
        else:
            turn.deal["meeting_wished"] = True
    return True


def _quote_ran_out(turn: Turn) -> bool:
    """A price that is no longer honoured is neither acknowledged nor committed to: the same order gets a new one."""
    quote = part(turn.deal, "quote")
    if turn.step not in (Step.PRICE, Step.COMPLIANCE, Step.COMMIT_REQUESTED) or not quote:
        return False
    if part(turn.deal, "order").get("signed") or turn.now < datetime.fromisoformat(quote["valid_until"]):
        return False
    say(turn, "quote_expired")
    price_again(turn, "quote_expired")
    return True


def _no_to_commit(turn: Turn) -> bool:
    answered: dict[str, Any] = part(turn.work, "answer_to")
    plain = answered.get("key") == "commit" and answered["answer"] == Answer.NO
    return plain and not scope_differs(turn, turn.reading) and turn.reading.request is None


def _take_back(turn: Turn, reversal: bool) -> None:
    """Compensations of T33: envelope and link die; the quote is voided on a reversal and stays on a reschedule."""
    void_order(turn)
    if reversal:
        void_quote(turn)


def void_order(turn: Turn) -> None:
    order = turn.deal.get("order")
    if order and order.get("open"):
        turn.want("void_order", quote_hash=order["quote_hash"])
        order.update(open=False, contract_void=True)


def _cancel_order(turn: Turn) -> None:
    turn.plan.clear()
    row = fire(
        turn,
        Trigger.BUYER_CANCELS_BEFORE_SIGNATURE,
        reason="cancelled_before_signature",
        act=lambda: void_order(turn),
    )
    if isinstance(row, Transition):
        say(turn, "order_cancelled")


def _changes_scope(turn: Turn) -> bool:
    """T34: another number, product or term after the scope was confirmed."""
    if turn.step not in (Step.PRICE, Step.COMPLIANCE, Step.COMMIT_REQUESTED) or not scope_differs(turn, turn.reading):
        return False
    scope = changed_scope(turn)
    row = fire(
        turn,
        Trigger.SCOPE_CHANGED,
        records={"scope_superseded": {"from": scope_of(turn).to_json(), "to": scope.to_json()}},
        act=lambda: void_quote(turn),
    )
    if isinstance(row, Transition):
        set_scope(turn, scope)
        read_back_scope(turn, "scope_changed")
    return True


def _scope(turn: Turn, words: bool) -> None:
    """Propose the order scope, take corrections, and go on when its read-back is confirmed."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    scope: dict[str, Any] | None = turn.deal.get("scope")
    if scope and scope.get("confirmed") and turn.work.get("closing_now"):
        turn.work["scope_confirmed_before"] = True
        scope_confirmed(turn)
        return
    if scope is None:
        proposed, own_number = first_scope(turn)
        set_scope(turn, proposed)
        if not planned(turn, "start_close"):
            say(turn, "start_close")
        read_back_scope(turn, "scope_readback" if own_number else "scope_proposal")
        return
    if words and scope_differs(turn, turn.reading):
        set_scope(turn, changed_scope(turn))
        read_back_scope(turn)
        return
    if answered.get("key") == "scope_readback" and answered["answer"] == Answer.YES:
        scope_confirmed(turn)
        return
    if words and turn.reading.request:
        say(turn, "request_noted")
    if answered.get("key") in ("scope_readback", "scope") and answered["answer"] == Answer.NO:
        say(turn, "ask_scope")
        return
    if turn.work.get("closing_now") or turn.work.get("returned") or (words and not asks_something(turn)):
        read_back_scope(turn)


def _never_silent(turn: Turn, ports: Ports) -> None:
    if Special.BACKCHANNEL in turn.reading.specials and turn.channel == "voice":
        return
    if turn.step in CLOSE_STEPS:
        say(turn, "what_i_can_do", abilities=abilities(turn, ports))
