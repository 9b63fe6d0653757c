"""The node of stage TRANSFER: the offer, who closes, and what happens when nobody can."""

from datetime import datetime, timedelta
from typing import Any

from domain.acts import asks_something, say
from domain.authority import use
from domain.events import EventKind
from domain.firing import fire
from domain.guards.transfer import closing_level, gate_open
from domain.ports import Ports
from domain.reading import Answer, Special, Wish
from domain.stages import Overlay, Stage, Step
from domain.state import ChainState, part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.admission import AI, HUMAN, admission, expected_wait, target_of
from nodes.callback import callback_talk
from nodes.human_closer import consulted, from_human, held_too_long
from nodes.questions import abilities, answer_questions, lost_words, small_words, something_said
from nodes.working import resumed


async def transfer(state: ChainState, *, ports: Ports) -> ChainState:
    turn = await resumed(state, ports)
    words = turn.event.kind is EventKind.WORDS
    if words and not turn.work.get("answered"):
        turn.work["answered"] = True
        answer_questions(turn, ports)
        small_words(turn, ports)
    if turn.overlay is Overlay.HUMAN or turn.overlay is Overlay.CALLBACK:
        await callback_talk(turn, ports)
        return turn.update()
    if turn.work.get("repeated") or (words and lost_words(turn)):
        return turn.update()
    await _go_on(turn, ports, words)
    if words and turn.stage is Stage.TRANSFER and not something_said(turn) and not turn.overlay:
        say(turn, "what_i_can_do", abilities=abilities(turn, ports))
    return turn.update()


async def _go_on(turn: Turn, ports: Ports, words: bool) -> None:
    if turn.event.kind is EventKind.CONSULT:
        consulted(turn)
    if turn.event.kind is EventKind.TIMER and turn.event.data.get("timer") == "hold_cap":
        held_too_long(turn)
    if turn.step is Step.OFFERED:
        await _offered(turn, ports, words)
    if turn.step is Step.PENDING:
        await _pending(turn, ports)
    if turn.step is Step.FAILED and (words or turn.work.get("failed_now")):
        await _failed(turn, ports)
    if turn.step is Step.BRIDGED and turn.event.kind is EventKind.OPERATOR:
        from_human(turn)


async def try_offer(turn: Turn, ports: Ports, *, meeting: bool) -> bool:
    """T15: offer the transfer when the readiness gate is open and somebody can take the buyer."""
    target = AI
    turn.work["admission"] = "not looked up, the gate is shut"
    if gate_open(turn, "transfer"):
        capacity = await ports.seats.capacity(turn.now)
        target = target_of(turn, capacity)
        turn.work["admission"] = admission(turn, capacity, target)
    row = fire(
        turn,
        Trigger.READINESS_GATE_OPEN,
        records={"need": {"need": turn.value("need")}, "transfer_offered": {"target": target}},
    )
    if not isinstance(row, Transition):
        return False
    turn.deal["offer"] = {
        "target": target,
        "at": turn.now.isoformat(),
        "meeting": meeting,
        "buyer_turn": turn.talk["buyer_turns"],
    }
    turn.work["offered_now"] = True
    if turn.work.get("asks_transfer"):
        return True  # the buyer asked: the transfer node accepts in the same turn
    if meeting:
        say(turn, "offer_with_meeting", when=ports.lines.phrase("meeting_instead"))
    else:
        say(turn, "offer_ai_close" if target == AI else "offer_human")
    return True


async def _offered(turn: Turn, ports: Ports, words: bool) -> None:
    if turn.work.get("offered_now") and not turn.work.get("asks_transfer"):
        return
    answered: dict[str, Any] = part(turn.work, "answer_to")
    asks = bool({Wish.TRANSFER, Wish.BUY} & set(turn.reading.wishes)) or Special.ASK_HUMAN in turn.reading.specials
    yes = answered.get("key") == "transfer_offer" and answered["answer"] == Answer.YES
    if yes or asks:
        turn.work["asks_transfer"] = asks
        if Special.ASK_HUMAN in turn.reading.specials:
            turn.deal["offer"]["target"] = HUMAN
        fire(
            turn,
            Trigger.BUYER_ACCEPTS_NOW,
            records={"transfer_accepted": {"target": turn.deal["offer"]["target"]}},
            act=lambda: _accepted(turn),
        )
        return
    if not words:
        if turn.work.get("returned"):
            _offer_again(turn)
        return
    no = answered.get("key") == "transfer_offer" and answered["answer"] == Answer.NO
    meeting = Wish.MEETING in turn.reading.wishes or bool(turn.reading.times)
    ignored = turn.talk["buyer_turns"] - int(turn.deal["offer"]["buyer_turn"]) >= 2
    if no or meeting or ignored or Wish.GOODBYE in turn.reading.wishes:
        _declined(turn, meeting)
    elif not asks_something(turn):
        _offer_again(turn)


def _accepted(turn: Turn) -> None:
    use(turn, "call.transfer", turn.deal["offer"]["target"])
    turn.deal["transfer"] = {"accepted_at": turn.now.isoformat(), "target": turn.deal["offer"]["target"], "tried": []}


def _offer_again(turn: Turn) -> None:
    say(turn, "offer_ai_close" if turn.deal.get("offer", {}).get("target", AI) == AI else "offer_human")


def _declined(turn: Turn, meeting: bool) -> None:
    """T17, and the cooldown before the next offer."""
    offer: dict[str, Any] = part(turn.deal, "offer")
    fire(turn, Trigger.BUYER_DECLINES_OR_IGNORES, records={"transfer_declined": {"target": offer.get("target")}})
    turn.deal["cooldown"] = {"at": turn.now.isoformat(), "buyer_turns": turn.talk["buyer_turns"]}
    if offer.get("meeting") or turn.deal.get("meeting_wished"):
        turn.deal["meeting_wished"] = True
        say(turn, "offer_declined_meeting", when="")
    elif not meeting:
        say(turn, "offer_declined")
    turn.work["first_discovery"] = False


async def _pending(turn: Turn, ports: Ports) -> None:
    """Who closes: the AI when every guard allows it, else a person who is free, else the callback."""
    move: dict[str, Any] = turn.deal.setdefault(
        "transfer", {"accepted_at": turn.now.isoformat(), "target": HUMAN, "tried": []}
    )
    if move["target"] == AI and _need_region(turn):
        return
    if move["target"] == AI:
        row = fire(turn, Trigger.AI_CLOSER_SELECTED, records={"stage_closing": {"closer": AI}})
        if isinstance(row, Transition):
            turn.work["closing_now"] = True
            return
        move["target"] = HUMAN
    elif closing_level(turn) < "L1":  # refused, and on the trail; else who was promised a person gets one
        fire(turn, Trigger.AI_CLOSER_SELECTED)
    await _to_person(turn, ports)


def _need_region(turn: Turn) -> bool:
    """The region is asked before the AI may close, if the number does not tell it."""
    if turn.place.get("region") is not None or turn.counted("ask_region") >= 2:
        return False
    turn.count("ask_region")
    say(turn, "ask_region")
    return True


async def _to_person(turn: Turn, ports: Ports) -> None:
    """No person can be bridged from a text channel or without a free seat: the callback is offered honestly."""
    capacity = await ports.seats.capacity(turn.now)
    wait = expected_wait(turn, capacity) if capacity.human_free == 0 else 0.0
    turn.work["expected_wait_s"] = wait
    reason = (
        "absent"
        if not capacity.on_shift
        else "busy"
        if capacity.human_free == 0
        else "text_channel"
        if turn.channel.text
        else "no_leg"
    )
    if reason == "busy":
        waits = fire(
            turn, Trigger.ALL_SEATS_BUSY_HOLD_IS_BEST, records={"queue_entered": {"expected_wait_s": round(wait)}}
        )
        if isinstance(waits, Transition):
            due = turn.now + timedelta(seconds=turn.policy.capacity.hold_cap_s)
            turn.want("timer", timer="hold_cap", ref="line", due_at=due.isoformat())
            say(turn, "connecting")
            return
    row = fire(
        turn, Trigger.CALLBACK_IS_BETTER_OR_HOLD_CAP_OR_BUYER_LEFT, reason=reason,
        records={"queue_left": {"reason": reason, "expected_wait_s": round(wait)}},
    )  # fmt: skip
    if isinstance(row, Transition):
        turn.work["failed_now"] = True
        if capacity.on_shift:
            say(turn, "closer_busy", wait=round(wait or 60))
        else:
            say(turn, "closer_absent", next=_when(turn, capacity.next_shift))


def _when(turn: Turn, at: datetime | None) -> dict[str, str]:
    return {"at": (at or turn.now).isoformat(), "zone": turn.policy.locale.business_tz, "now": turn.now.isoformat()}


async def _failed(turn: Turn, ports: Ports) -> None:
    """Callback, go on with the AI, or a meeting: the buyer chooses."""
    if turn.work.get("failed_now") and turn.plan:
        return
    wishes = turn.reading.wishes
    if Wish.CONTINUE_WITH_AI in wishes or Wish.BUY in wishes:
        row = fire(turn, Trigger.BUYER_PREFERS_TO_CONTINUE_WITH_AI, records={"stage_closing": {"closer": AI}})
        if isinstance(row, Transition):
            turn.work["closing_now"] = True
            return
    if Wish.MEETING in wishes:
        fire(turn, Trigger.BUYER_PREFERS_MEETING, records={"transfer_to_meeting": {}})
        return
    await callback_talk(turn, ports)
