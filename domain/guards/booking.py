"""Guards of booking: need, slot, contact, meeting."""

from datetime import datetime

from domain.facts import confirmed, counts
from domain.guards.check import Check, guard
from domain.state import part
from domain.turn import Turn


@guard("need_captured")
def need_captured(turn: Turn) -> Check:
    """At least one need is on record in the buyer's own words."""
    need = turn.fact("need")
    held = counts(need, turn.now) and need is not None and need["speaker"] == "buyer"
    return Check(held, "need on record" if held else "no need on record")


@guard("slot_read_back_confirmed")
def slot_read_back_confirmed(turn: Turn) -> Check:
    """Day, time and zone were read back and heard, and the answer to that line is yes."""
    held = answered_yes(turn, "slot_readback")
    return Check(held, "confirmed" if held else "no yes to the read-back")


def answered_yes(turn: Turn, key: str) -> bool:
    """Whether this turn's words say yes to the line that asked `key`, with nothing else open."""
    answer = turn.work.get("answer_to")
    return bool(answer) and answer["key"] == key and answer["answer"] == "yes"


@guard("hold_still_valid")
def hold_still_valid(turn: Turn) -> Check:
    """The slot is still held for this buyer."""
    hold = turn.deal.get("hold")
    if not hold:
        return Check(False, "no hold")
    until = datetime.fromisoformat(hold["until"])
    return Check(turn.now < until, f"held until {until:%H:%M:%S}Z")


@guard("contact_confirmed")
def contact_confirmed(turn: Turn) -> Check:
    """The name and the number or address for the invitation are confirmed."""
    name = turn.fact("contact.name")
    address = turn.fact("contact.phone") or turn.fact("contact.email")
    held = confirmed(name, turn.now) and confirmed(address, turn.now)
    return Check(held, "name and address" if held else "name or address not confirmed")


@guard("tz_confirmed")
def tz_confirmed(turn: Turn) -> Check:
    """The buyer's time zone is confirmed."""
    zone = turn.fact("zone")
    return Check(zone is not None and zone["status"] == "confirmed", str(zone["value"]) if zone else "unknown")


@guard("same_contact")
def same_contact(turn: Turn) -> Check:
    """The person is the contact of the meeting."""
    speaker = turn.event.data.get("speaker", "buyer")
    return Check(speaker == "buyer" and bool(turn.deal.get("appointment")), str(speaker))


@guard("meant_the_meeting_confirmed")
def meant_the_meeting_confirmed(turn: Turn) -> Check:
    """The buyer confirmed that the meeting, and not all contact, is cancelled."""
    held = answered_yes(turn, "cancel_meeting_confirm")
    return Check(held, "confirmed" if held else "not asked or not confirmed")


@guard("seat_reserved_for_slot")
def seat_reserved_for_slot(turn: Turn) -> Check:
    """A seat was reserved when the slot was booked."""
    seat = part(turn.deal, "appointment").get("seat")
    return Check(bool(seat), str(seat or "none"))


@guard("rescored")
def rescored(turn: Turn) -> Check:
    """The readiness score was computed at this moment."""
    return Check(turn.work.get("scored_at") == turn.now.isoformat(), f"{turn.score:.2f}")
