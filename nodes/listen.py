"""The node that hears: what happened, who speaks, what it answers and teaches, and what must be served first."""

from domain.acts import say
from domain.events import EventKind
from domain.firing import fire
from domain.ports import Ports
from domain.stages import Step
from domain.state import ChainState, part
from domain.transitions import Trigger
from domain.turn import Turn
from nodes.fulfilment import note_webhook
from nodes.hearing import learn_facts, note_receipts, pair_answer, reading_context, surely_heard
from nodes.people import give_to_people
from nodes.presence import disclose_first, is_other_person, note_presence
from nodes.safety import after_opt_out, clear_no, erasure, other_party, person_wanted, revocation, warnings
from nodes.undoing import effect_failed
from nodes.whereabouts import know_the_place, zone_of
from nodes.working import keep_reading, opened

BUYER_THERE = (EventKind.WORDS, EventKind.ARRIVED)
LONGEST = 4000  # characters read of one message; the rest is stored, not read


async def listen(state: ChainState, *, ports: Ports) -> ChainState:
    turn = await opened(state, ports)
    if part(turn.work, "refusal").get("kind") == "safe_line":
        turn.work["handled"] = _turn_refused(turn)
        return turn.update()
    know_the_place(turn, ports)
    note_presence(turn)
    note_receipts(turn)
    note_webhook(turn)
    if turn.event.kind is EventKind.TIMER and turn.event.data.get("timer") == "effect_failed":
        effect_failed(turn)
    if turn.event.kind is EventKind.WORDS:
        reading = ports.language.read(turn.words[:LONGEST], reading_context(turn, zone_of(turn)))
        keep_reading(turn, surely_heard(turn, reading))
        _days_until(turn)
        pair_answer(turn)
    turn.work["handled"] = _first_things(turn)
    if any(seen.type == "region" for seen in turn.reading.facts):
        know_the_place(turn, ports)  # these very words have told it
    return turn.update()


def _days_until(turn: Turn) -> None:
    """The horizon of a stated timeline in days, for the evidence that asks for thirty."""
    for seen in turn.reading.facts:
        if seen.type == "timeline_days":
            turn.work["timeline_days"] = int(seen.value)


def _first_things(turn: Turn) -> bool:
    """Revocation, then safety; the rest of the order belongs to the stage. True when nothing else is to be said."""
    if revocation(turn):
        erasure(turn)  # asked for in the same breath, it outlives the opt-out
        return True
    if after_opt_out(turn):
        return True
    if turn.event.kind in BUYER_THERE and turn.overlay is None:
        if turn.step is Step.NEW:
            _begin(turn)
        disclose_first(turn)
    if turn.event.kind is EventKind.WORDS and not is_other_person(turn):
        learn_facts(turn)
    if other_party(turn):
        return True
    if erasure(turn):
        return True
    if person_wanted(turn):
        return False  # under HUMAN the transfer node says what happens next
    if clear_no(turn):
        return True
    warnings(turn)
    if len(turn.words) > LONGEST:
        say(turn, "too_long")
    return False


def _begin(turn: Turn) -> None:
    """T05: a buyer is there."""
    fire(turn, Trigger.INBOUND_ANY_CHANNEL, records={"interaction_opened": {"channel": turn.channel.value}})
    turn.place["entered_at"] = turn.now.isoformat()


def _turn_refused(turn: Turn) -> bool:
    """The database refused every decision of this turn: say so plainly and make it a task for a person."""
    say(turn, "safe_line")
    give_to_people(turn, "turn_refused", turn.work["refusal"])
    return True
