"""The node of stage BOOK: opening, discovery, and a meeting that is really booked."""

from datetime import datetime
from typing import Any

from domain.acts import asks_something, planned, say
from domain.authority import use
from domain.events import EventKind
from domain.facts import counts
from domain.firing import fire
from domain.ports import Ports
from domain.reading import Answer, Special, Wish
from domain.refusal import Refused
from domain.scoring import note
from domain.stages import Stage, Step
from domain.state import ChainState, part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.discovery import acknowledge, ask_next, settle_contradiction, wants_meeting, wants_to_go_on
from nodes.only_slot import take_only_slot
from nodes.opening import open_up
from nodes.presence import park
from nodes.questions import abilities, answer_questions, lost_words, small_words, something_said
from nodes.slot_focus import focus_of
from nodes.slots import book_it, confirm_details, contact_of, drop_meeting, offer, offer_same, read_back_slot, release
from nodes.transfer import try_offer
from nodes.working import resumed


async def book(state: ChainState, *, ports: Ports) -> ChainState:
    turn = await resumed(state, ports)
    words = turn.event.kind is EventKind.WORDS
    if words and not turn.work.get("answered"):
        turn.work["answered"] = True
        answer_questions(turn, ports)
        small_words(turn, ports)
    if not (turn.work.get("repeated") or (words and lost_words(turn))):
        open_up(turn)
        await _go_on(turn, ports, words)
    if words and turn.stage is Stage.BOOK and not turn.work.get("repeated"):
        _never_silent(turn, ports)
    return turn.update()


async def _go_on(turn: Turn, ports: Ports, words: bool) -> None:
    if turn.event.kind is EventKind.TIMER:
        if turn.work.get("undone") == "T12" and turn.step is Step.SLOTS_OFFERED and turn.present:
            await offer(turn, ports)
        _timer(turn)
        return
    if turn.step is Step.BOOKED and words:
        await _booked(turn, ports)
    if turn.step is Step.SLOTS_OFFERED and words:
        await _slots_offered(turn, ports)
    if turn.step is Step.DISCOVERY and (words or turn.work.get("reopened")):
        await _discover(turn, ports)


async def _discover(turn: Turn, ports: Ports) -> None:
    if turn.work.get("reopened") and turn.work["reopened"] != "reschedule":
        return  # a reversal: one offer was made, no pressure
    if settle_contradiction(turn):
        return
    if turn.work.get("first_discovery") is None:
        acknowledge(turn)
    turn.work["asks_transfer"] = wants_to_go_on(turn)
    meeting = turn.work["meeting_now"] = wants_meeting(turn)
    if _backing_off(turn):
        return
    if await try_offer(turn, ports, meeting=meeting):
        return
    if meeting and await _meet(turn, ports):
        return
    ask_next(turn)


def _backing_off(turn: Turn) -> bool:
    """After a reversal a second no is taken as it is: no further offer in this turn."""
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") == "next_step_offer" and answered["answer"] != Answer.YES and not turn.reading.times:
        say(turn, "reversal_close")
        turn.talk["asked"] = None
        return True
    if _another_time(turn):
        say(turn, "later_ok")
        park(turn, "later")
        return True
    if Wish.GOODBYE in turn.reading.wishes:
        say(turn, "goodbye")
        return True
    if Wish.THINK_IT_OVER in turn.reading.wishes and not asks_something(turn):
        say(turn, "later_ok")
        return True
    return False


def _another_time(turn: Turn) -> bool:
    """Not now, without a word about when or what for: whoever is busy is left in peace."""
    later = bool({Wish.CALL_BACK, Wish.RESCHEDULE} & set(turn.reading.wishes))
    return later and not turn.reading.times and not counts(turn.fact("need"), turn.now)


async def _meet(turn: Turn, ports: Ports) -> bool:
    """T11: offer times, once the need is known."""
    focus_of(turn)
    row = fire(turn, Trigger.WANTS_MEETING_OR_TRANSFER_NOT_VIABLE, records={"need": {"need": turn.value("need")}})
    if not isinstance(row, Transition):
        return False
    turn.deal.pop("meeting_wished", None)
    await offer(turn, ports)
    return True


async def _slots_offered(turn: Turn, ports: Ports) -> None:
    turn.work["asks_transfer"] = wants_to_go_on(turn)
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") == "slot_readback" and answered["answer"] == Answer.YES and not _other_zone(turn):
        await _accept(turn, ports)
        return
    if await try_offer(turn, ports, meeting=True):
        return
    refused = Wish.NONE_OF_THESE in turn.reading.wishes or (
        answered.get("key") in ("slot", "slot_readback") and answered["answer"] == Answer.NO and not turn.reading.times
    )
    if refused:
        await _other_slots(turn, ports)
    elif turn.reading.times or take_only_slot(turn) or _other_zone(turn) or turn.work.get("refusal"):
        await offer(turn, ports)
    elif turn.reading.specials & {Special.SMALL_TALK, Special.PRESENCE} or Wish.HOLD_ON in turn.reading.wishes:
        return
    elif Wish.GOODBYE in turn.reading.wishes:
        release(turn)
        say(turn, "goodbye")
    else:
        await _offer_again(turn, ports)


def _other_zone(turn: Turn) -> bool:
    """The buyer corrects the zone in which the slot was read back."""
    hold = turn.deal.get("hold")
    return bool(turn.reading.zone and hold and turn.reading.zone != hold["zone"])


async def _offer_again(turn: Turn, ports: Ports) -> None:
    hold = turn.deal.get("hold")
    if hold:
        read_back_slot(turn, datetime.fromisoformat(hold["starts"]))
    elif turn.counted("ask_slot") % 2 == 0:
        turn.count("ask_slot")
        say(turn, "ask_slot")
    else:
        turn.count("ask_slot")
        if not offer_same(turn):
            await offer(turn, ports)


async def _other_slots(turn: Turn, ports: Ports) -> None:
    """T13, then T11 with what is left: the meeting is still wanted."""
    release(turn)
    offered: list[str] = turn.deal.pop("slots", [])
    turn.deal["rejected"] = [*turn.deal.get("rejected", []), *offered][-12:]
    row = fire(turn, Trigger.NO_SLOT_FITS_OR_TOPIC_CHANGE, records={"preference": {"not": offered}})
    if isinstance(row, Transition):
        await _meet(turn, ports)


async def _accept(turn: Turn, ports: Ports) -> None:
    confirm_details(turn)
    old = turn.deal.get("appointment")
    hold: dict[str, Any] = part(turn.deal, "hold")
    meeting = {"starts": hold.get("starts"), "ends": hold.get("ends"), "zone": hold.get("zone")}
    row = fire(
        turn,
        Trigger.SLOT_EXPLICITLY_ACCEPTED,
        records={"meeting": meeting, "stage_booked": {"starts": hold.get("starts")}},
        act=lambda: book_it(turn),
    )
    if isinstance(row, Transition):
        note(turn, "slot_accepted")
        when = {"at": meeting["starts"], "zone": meeting["zone"], "now": turn.now.isoformat()}
        say(turn, "rebooked" if old else "booked", when=when, contact=contact_of(turn))
    else:
        turn.work["lapsed"] = hold.get("starts")
        release(turn)
        await offer(turn, ports)


async def _booked(turn: Turn, ports: Ports) -> None:
    answered: dict[str, Any] = part(turn.work, "answer_to")
    appointment: dict[str, Any] = turn.deal["appointment"]
    when = {"at": appointment["starts"], "zone": appointment["zone"], "now": turn.now.isoformat()}
    if Wish.GOODBYE in turn.reading.wishes:
        say(turn, "goodbye_booked", when=when)
        return
    if answered.get("key") == "cancel_meeting_confirm":
        _cancel_or_keep(turn, str(answered["answer"]), when)
        return
    moves = Wish.RESCHEDULE in turn.reading.wishes or (bool(turn.reading.times) and Wish.MEETING in turn.reading.wishes)
    if turn.reading.wishes & {Wish.CANCEL_MEETING, Wish.CANCEL_ORDER}:  # nothing is ordered yet: the meeting is meant
        say(turn, "ask_cancel_meeting", when=when)
        return
    if moves:
        row = fire(turn, Trigger.RESCHEDULE, records={"reschedule_requested": {"from": appointment["starts"]}})
        if isinstance(row, Transition):
            turn.deal["focus"] = {}
            await offer(turn, ports)
        return
    turn.work["asks_transfer"] = wants_to_go_on(turn)
    acknowledge(turn)
    if await try_offer(turn, ports, meeting=False):
        return
    if answered.get("key") == "anything_else":
        if not turn.plan_answers():
            say(turn, "goodbye_booked", when=when)
    elif not something_said(turn):
        say(turn, "anything_else")


def _cancel_or_keep(turn: Turn, answer: str, when: dict[str, str]) -> None:
    if answer != Answer.YES:
        say(turn, "keep_meeting", when=when)
        return
    appointment: dict[str, Any] = turn.deal["appointment"]

    def cancel() -> None:
        permit = use(turn, "calendar.cancel", appointment["booking_id"])
        drop_meeting(turn, None if isinstance(permit, Refused) else permit.capability_id)

    row = fire(
        turn, Trigger.MEETING_CANCELLED, records={"meeting_cancelled": {"starts": appointment["starts"]}}, act=cancel
    )
    if isinstance(row, Transition):
        say(turn, "meeting_cancelled", when=when)


def _timer(turn: Turn) -> None:
    """The meeting's time has come, or has passed without the buyer."""
    kind = turn.event.data.get("timer")
    if turn.step is not Step.BOOKED or turn.overlay is not None:
        return
    if kind == "no_show":
        note(turn, "no_show")
        fire(turn, Trigger.NO_SHOW_10MIN, records={"no_show": {"starts": turn.deal["appointment"]["starts"]}})


def _never_silent(turn: Turn, ports: Ports) -> None:
    """No line of the buyer meets silence."""
    if something_said(turn) or planned(turn, "ask_name", "confirm_name"):
        return
    say(turn, "what_i_can_do", abilities=abilities(turn, ports))
