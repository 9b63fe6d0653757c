"""Slots: which are offered, held, read back and booked."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.acts import say
from domain.authority import use
from domain.facts import FactStatus
from domain.ledger import confirm, write
from domain.ports import Ports, Slot, SlotQuery
from domain.refusal import Refused
from domain.stages import Channel
from domain.state import part
from domain.turn import Turn
from nodes.slot_focus import exact_time, focus_of
from nodes.whereabouts import zone_of

HOLD_MINUTES, HOLD_MINUTES_BY_MESSAGE = 10, 240
STILL_FREE = timedelta(minutes=2)  # what was free then is offered again without another look
BY_MESSAGE = (Channel.SMS, Channel.EMAIL)


async def offer(turn: Turn, ports: Ports) -> None:
    """Answer the times that were named with a read-back, or with a choice of free slots."""
    corrected = _in_corrected_zone(turn) or _lapsed(turn)
    focus = focus_of(turn)
    if use_refused(turn, "calendar.read"):
        return
    exact = corrected or exact_time(turn, focus)
    zone = zone_of(turn)
    taken = _taken(turn)
    hold = turn.deal.get("hold")
    if exact is not None and hold and datetime.fromisoformat(hold["starts"]) == exact:
        read_back_slot(turn, exact)
        return
    if exact is not None and exact not in taken:
        found = await ports.calendar.free(SlotQuery(zone=zone, now=turn.now, at=exact))
        if found:
            propose(turn, found[0])
            return
    query = SlotQuery(
        zone=zone,
        now=turn.now,
        days=tuple(date.fromisoformat(day) for day in focus.get("days", [])),
        not_days=tuple(date.fromisoformat(day) for day in focus.get("not_days", [])),
        clock_from=focus.get("clock_from") if exact is None else None,
        clock_to=focus.get("clock_to") if exact is None else None,
        exclude=tuple(datetime.fromisoformat(s) for s in turn.deal.get("rejected", [])) + tuple(taken),
    )
    slots = list(await ports.calendar.free(query))
    narrow = bool(query.days or query.clock_from)
    if not slots and narrow:
        slots = list(await ports.calendar.free(SlotQuery(zone=zone, now=turn.now, exclude=query.exclude)))
    _offer_list(turn, slots, missed=exact is not None or (narrow and not _fits(slots, query, zone)))


def _lapsed(turn: Turn) -> datetime | None:
    """The slot whose hold ran out before the buyer's yes: it is tried once more."""
    lapsed = turn.work.get("lapsed")
    return datetime.fromisoformat(lapsed) if lapsed else None


def _in_corrected_zone(turn: Turn) -> datetime | None:
    """The clock time that was read back, in the zone that the buyer says is the right one."""
    hold = turn.deal.get("hold")
    if not hold or not turn.reading.zone or turn.reading.zone == hold["zone"] or turn.reading.times:
        return None
    local = datetime.fromisoformat(hold["starts"]).astimezone(ZoneInfo(hold["zone"])).replace(tzinfo=None)
    return local.replace(tzinfo=ZoneInfo(turn.reading.zone)).astimezone(ZoneInfo("UTC"))


def use_refused(turn: Turn, scope: str) -> bool:
    return isinstance(use(turn, scope, "slots"), Refused)


def _taken(turn: Turn) -> list[datetime]:
    """What the database refused when this turn was decided before."""
    refusal = part(turn.work, "refusal")
    return [datetime.fromisoformat(refusal["starts"])] if refusal.get("starts") else []


def _fits(slots: list[Slot], query: SlotQuery, zone: str) -> bool:
    if not query.days:
        return bool(slots)
    return any(slot.starts.astimezone(ZoneInfo(zone)).date() in query.days for slot in slots)


def _offer_list(turn: Turn, slots: list[Slot], missed: bool) -> None:
    if not slots:
        say(turn, "no_slots_at_all")
        return
    turn.deal["slots"] = [slot.starts.isoformat() for slot in slots]
    turn.deal["slots_at"] = turn.now.isoformat()
    when = [spoken(turn, slot.starts) for slot in slots]
    say(turn, "no_slots_then" if missed else "offer_slots", slots=when)


def offer_same(turn: Turn) -> bool:
    """Say the times again that were found a moment ago, without another look; the hold decides who gets one."""
    slots: list[str] = turn.deal.get("slots") or []
    if not slots or turn.now - datetime.fromisoformat(turn.deal.get("slots_at", "1970-01-01T00:00Z")) > STILL_FREE:
        return False
    say(turn, "offer_slots", slots=[spoken(turn, datetime.fromisoformat(starts)) for starts in slots])
    return True


def propose(turn: Turn, slot: Slot) -> None:
    """Hold the slot in this commit and read it back with day, time and zone."""
    zone = zone_of(turn)
    hold = turn.deal.get("hold")
    if hold and hold["starts"] == slot.starts.isoformat():
        read_back_slot(turn, slot.starts)
        return
    booking_id = f"{turn.session_id}:{turn.event.turn_id}"
    if isinstance(use(turn, "calendar.hold", booking_id), Refused):
        return
    release(turn)
    # Who writes a message answers later than who is on the line.
    until = turn.now + timedelta(minutes=HOLD_MINUTES_BY_MESSAGE if turn.channel in BY_MESSAGE else HOLD_MINUTES)
    record = {
        "booking_id": booking_id,
        "resource": slot.resource,
        "starts": slot.starts.isoformat(),
        "ends": slot.ends.isoformat(),
        "zone": zone,
        "until": until.isoformat(),
    }
    turn.want("hold", **record)
    turn.deal["hold"] = record
    read_back_slot(turn, slot.starts)


def read_back_slot(turn: Turn, starts: datetime) -> None:
    """Day, time, zone and where the invitation goes; that is asked for first where nobody knows it."""
    if not contact_of(turn):
        say(turn, "ask_email")
    else:
        say(turn, "slot_readback", when=spoken(turn, starts), contact=contact_of(turn))


def release(turn: Turn) -> None:
    hold = turn.deal.pop("hold", None)
    if hold:
        turn.want("cancel_booking", booking_id=hold["booking_id"])


def contact_of(turn: Turn) -> str:
    """Where the invitation goes, as it is on record."""
    return str(turn.value("contact.phone") or turn.value("contact.email") or "")


def spoken(turn: Turn, at: datetime) -> dict[str, str]:
    """A time for a line: the instant and the zone; the line's file decides how it is worded."""
    return {"at": at.isoformat(), "zone": zone_of(turn), "now": turn.now.isoformat()}


def book_it(turn: Turn) -> None:
    """The effects of T12: the hold becomes a booking, the old meeting goes, the invitation leaves."""
    hold: dict[str, Any] = turn.deal.pop("hold")
    permit = use(turn, "calendar.write", hold["booking_id"])
    if isinstance(permit, Refused):
        return
    old = turn.deal.get("appointment")
    if old:
        turn.want("cancel_booking", booking_id=old["booking_id"])
        mirror(turn, old, "cancel", permit.capability_id)
    turn.want("book", booking_id=hold["booking_id"])
    turn.deal["appointment"] = hold
    mirror(turn, hold, "create", permit.capability_id)
    write(
        turn,
        "appointment",
        {"starts": hold["starts"], "zone": hold["zone"]},
        status=FactStatus.CONFIRMED,
        speaker="system",
    )
    starts = datetime.fromisoformat(hold["starts"])
    turn.want("timer", timer="appointment", ref="meeting", due_at=starts.isoformat())
    turn.want("timer", timer="no_show", ref="meeting", due_at=(starts + timedelta(minutes=10)).isoformat())
    for key in ("slots", "slots_at", "rejected", "focus"):
        turn.deal.pop(key, None)


def drop_meeting(turn: Turn, capability_id: str | None) -> None:
    """The meeting is off: the slot is free again, the invitation is taken back, and nobody is waited for."""
    meeting: dict[str, Any] = turn.deal.pop("appointment")
    turn.want("cancel_booking", booking_id=meeting["booking_id"])
    mirror(turn, meeting, "cancel", capability_id)
    for timer in ("appointment", "no_show"):
        turn.want("cancel_timer", timer=timer, ref="meeting")


def mirror(turn: Turn, booking: dict[str, Any], action: str, capability_id: str | None) -> None:
    turn.want(
        "outbox",
        outbox="calendar_event",
        object=booking["booking_id"],
        capability_id=capability_id,
        payload={
            "booking_id": booking["booking_id"],
            "starts": booking["starts"],
            "ends": booking["ends"],
            "zone": booking["zone"],
            "title": f"{turn.catalogue.company.name}: demo",
            "attendee_name": str(turn.value("contact.name") or ""),
            "attendee_address": contact_of(turn),
            "action": action,
        },
    )


def confirm_details(turn: Turn) -> None:
    """The yes to the read-back confirms zone, name and address, which it named."""
    zone = zone_of(turn)
    fact = turn.fact("zone")
    if fact is None or fact["status"] != FactStatus.CONFIRMED:
        write(turn, "zone", zone, status=FactStatus.CONFIRMED, quote=turn.words[:80])
    for key in ("contact.name", "contact.phone", "contact.email"):
        confirm(turn, key)
