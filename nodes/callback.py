"""The callback: a promised call needs a number, a time and a place in the ranking before it is promised."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.acts import asks_something, say
from domain.authority import use
from domain.events import EventKind
from domain.firing import fire
from domain.ports import Ports
from domain.reading import Answer, TimeMention, Wish
from domain.stages import Overlay, Step
from domain.state import part
from domain.transitions import Transition, Trigger
from domain.turn import Turn
from nodes.whereabouts import zone_of

AS_SOON = "as_soon_as_possible"


async def callback_talk(turn: Turn, ports: Ports) -> None:
    """Under HUMAN, and where a transfer failed: collect time and number, read them back, promise the call."""
    if turn.overlay is Overlay.CALLBACK:
        if turn.event.kind is EventKind.WORDS:
            say(turn, "human_has_it")
        return
    if turn.event.kind is not EventKind.WORDS and not turn.work.get("person_wanted"):
        return
    if turn.place.get("owner", "agent") != "agent" and not turn.work.get("person_wanted"):
        return  # a person holds the session; the agent stays silent
    callback: dict[str, Any] = turn.deal.setdefault("callback", {})
    answered: dict[str, Any] = part(turn.work, "answer_to")
    if answered.get("key") == "callback_readback" and answered["answer"] == Answer.YES:
        callback.update(number_confirmed=True, time_confirmed=True)
        _promise(turn, callback)
        return
    _take_time(turn, callback)
    if callback.get("at") and turn.value("contact.phone"):
        _read_back(turn, callback)
    elif callback.get("at") and turn.counted("ask_phone") < 3:
        turn.count("ask_phone")
        say(turn, "ask_phone")
    elif turn.work.get("person_wanted"):
        await _say_who_is_there(turn, ports)
    elif not asks_something(turn):
        say(turn, "ask_callback_time" if turn.counted("ask_callback_time") < 3 else "human_has_it")
        turn.count("ask_callback_time")


async def _say_who_is_there(turn: Turn, ports: Ports) -> None:
    capacity = await ports.seats.capacity(turn.now)
    if capacity.on_shift and turn.place.get("owner", "agent") != "agent":
        say(turn, "human_coming")
        return
    zone = ZoneInfo(zone_of(turn))
    opens = capacity.next_shift or turn.now
    words = ports.lines.phrase("as_soon_as_free") if capacity.on_shift else ports.lines.render("when_words", {
        "when": {"at": opens.isoformat(), "zone": zone.key, "now": turn.now.isoformat()}}, 0)  # fmt: skip
    say(turn, "human_absent", next=words)


def _take_time(turn: Turn, callback: dict[str, Any]) -> None:
    soon = Wish.CALL_BACK in turn.reading.wishes and not turn.reading.times
    accepts = (
        part(turn.work, "answer_to").get("key") in ("callback_choice", "callback_time")
        and turn.reading.answer is Answer.YES
    )
    if turn.reading.times:
        at = _instant(turn, turn.reading.times[0])
        callback.update(at=at.isoformat(), window_open=True)
    elif soon or accepts:
        callback.update(at=AS_SOON, window_open=True)


def _instant(turn: Turn, mention: TimeMention) -> datetime:
    zone = ZoneInfo(zone_of(turn))
    local = turn.now.astimezone(zone)
    day = mention.day_from or local.date()
    clock = mention.clock_from or time(9, 0)
    at = datetime.combine(day, clock, zone)
    if at <= local and mention.day_from is None:
        at += timedelta(days=1)
    return at.astimezone(ZoneInfo("UTC"))


def _read_back(turn: Turn, callback: dict[str, Any]) -> None:
    say(turn, "callback_readback", when=_spoken(turn, callback), contact=str(turn.value("contact.phone")))


def _spoken(turn: Turn, callback: dict[str, Any]) -> Any:
    if callback["at"] == AS_SOON:
        return AS_SOON
    return {"at": callback["at"], "zone": zone_of(turn), "now": turn.now.isoformat()}


def _promise(turn: Turn, callback: dict[str, Any]) -> None:
    """T24: the call is promised, keeps its rank, and is a task for people."""
    callback.update(rank=callback.get("priority", "value"), object=f"callback:{turn.event.turn_id}")
    due = turn.now if callback["at"] == AS_SOON else datetime.fromisoformat(callback["at"])

    def schedule() -> None:
        permit = use(turn, "callback.schedule", callback["object"])
        payload = {"number": str(turn.value("contact.phone")), "at": due.isoformat(), "reason": callback["rank"]}
        capability_id = getattr(permit, "capability_id", None)
        turn.want("outbox", outbox="callback", object=callback["object"], capability_id=capability_id, payload=payload)

    fields = {"at": due.isoformat(), "zone": zone_of(turn), "priority": callback["rank"]}
    row = fire(turn, Trigger.CALLBACK_ACCEPTED, records={"task_callback": fields}, act=schedule)
    if isinstance(row, Transition):
        turn.deal["owed"] = [news for news in turn.deal.get("owed", []) if news["act"] != "callback_undone"]
        say(turn, "callback_set", when=_spoken(turn, callback), contact=str(turn.value("contact.phone")))
    elif turn.step is Step.FAILED:
        say(turn, "ask_callback_time")
