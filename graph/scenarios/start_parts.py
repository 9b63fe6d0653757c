"""What a session that starts in its middle has behind it: each part written by the functions that a real turn uses."""

from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from domain.acts import say
from domain.authority import closed, mint, opened
from domain.errors import BadInput
from domain.facts import FactStatus
from domain.firing import new_need
from domain.ledger import write
from domain.ports import Ports
from domain.scoring import note
from domain.stages import COMMIT_STEPS, Channel, Recording, Stage, Step
from domain.transitions import BY_ID
from domain.turn import Turn
from graph.scenarios.setting import Contact, KnownFact, Start

# The rows by which each step is usually reached; their grants and revokes tell which scopes are open there.
_TO_DISCOVERY = ("T05", "T06", "T07", "T10")
_TO_PENDING = (*_TO_DISCOVERY, "T15", "T16")
_TO_SCOPE = (*_TO_PENDING, "T18")
_WAY: dict[Step, tuple[str, ...]] = {
    Step.DIALING: ("T01",),
    Step.GREET: _TO_DISCOVERY[:1],
    Step.IDENTIFY: _TO_DISCOVERY[:2],
    Step.CONSENT: _TO_DISCOVERY[:3],
    Step.DISCOVERY: _TO_DISCOVERY,
    Step.SLOTS_OFFERED: (*_TO_DISCOVERY, "T11"),
    Step.BOOKED: (*_TO_DISCOVERY, "T11", "T12"),
    Step.OFFERED: _TO_PENDING[:-1],
    Step.PENDING: _TO_PENDING,
    Step.QUEUEING: (*_TO_PENDING, "T19"),
    Step.BRIDGING: (*_TO_PENDING, "T20"),
    Step.BRIDGED: (*_TO_PENDING, "T20", "T21"),
    Step.FAILED: (*_TO_PENDING, "T23"),
    Step.SCOPE: _TO_SCOPE,
    Step.PRICE: (*_TO_SCOPE, "T28"),
    Step.COMPLIANCE: (*_TO_SCOPE, "T28", "T29"),
    Step.COMMIT_REQUESTED: (*_TO_SCOPE, "T28", "T29", "T30"),
    Step.COMMITTED: (*_TO_SCOPE, "T28", "T29", "T30", "T31"),
}
BEFORE_DISCLOSURE = frozenset({Step.NEW, Step.DIALING, Step.GREET})
BEFORE_PARTY = BEFORE_DISCLOSURE | {Step.IDENTIFY}
BEFORE_DISCOVERY = BEFORE_PARTY | {Step.CONSENT}
_ACCEPTED = (Step.PENDING, Step.QUEUEING, Step.BRIDGING, Step.BRIDGED, Step.FAILED)
USUAL: dict[str, Any] = {"need": "missed calls", "authority": True, "timeline": "this month", "budget": 5000}
_EVIDENCE = {
    "need": "need_confirmed",
    "authority": "authority_confirmed",
    "budget": "budget_confirmed",
    "timeline": "timeline_30d",
}
_QUOTED = frozenset({"contract.send", "payment.link", "discount.apply"})
_HOLD = timedelta(minutes=10)


def opening(contact: Contact, start: Start, call_id: str, turn: Turn) -> None:
    """Who it is, on which line, and what was agreed, as far as the step lies behind it."""
    name, line = start.channel.value, start.line or ("up" if not (start.channel.text or start.overlay) else "down")
    turn.place.update(channel=name, opened=True, entered_at=turn.now.isoformat())
    if not start.channel.text:
        turn.place.update(line=line, call_id=call_id, call_at=turn.now.isoformat())
    _record(turn, start, name)
    turn.talk["stayed"] = True
    if contact.name:
        known = start.step not in BEFORE_PARTY
        status, speaker = (FactStatus.CONFIRMED, "buyer") if known else (FactStatus.CLAIMED, "system")
        turn.place["name_on_file"] = True
        write(turn, "contact.name", contact.name, status=status, speaker=speaker, confidence=1.0)
    if contact.region:
        turn.place["region"] = contact.region
        write(turn, "region", contact.region, status=FactStatus.CONFIRMED, confidence=1.0)
    zone = contact.zone or next(iter(turn.place.get("zones") or []), None)
    if zone and start.step not in BEFORE_DISCOVERY:
        write(turn, "zone", zone, status=FactStatus.CONFIRMED, confidence=1.0)


def _record(turn: Turn, start: Start, channel: str) -> None:
    asked = not start.channel.text and start.step not in BEFORE_DISCOVERY
    recording = start.recording or (Recording.ON if asked else Recording.OFF)
    turn.place["recording"] = recording.value
    if recording in (Recording.ON, Recording.DECLINED):
        status = "given" if recording is Recording.ON else "declined"
        turn.want("consent", consent="recording", channel=channel, status=status)


def disclosed(start: Start) -> tuple[Channel, ...]:
    """The channels on which the AI disclosure was heard."""
    if start.disclosed is not None:
        return start.disclosed
    return () if start.step in BEFORE_DISCLOSURE else (start.channel,)


def locate(contact: Contact, ports: Ports, turn: Turn) -> None:
    """Region and zones as the number tells them, and the addresses on record."""
    if contact.phone:
        region, zones = ports.places.of(contact.phone)
        turn.place.update(region=region, zones=list(zones))
        write(turn, "contact.phone", contact.phone, status=FactStatus.CONFIRMED, speaker="system", confidence=1.0)
    if contact.email:
        write(turn, "contact.email", contact.email, status=FactStatus.CONFIRMED, speaker="system", confidence=1.0)


def disclose(turn: Turn) -> None:
    company = turn.catalogue.company
    say(
        turn,
        "disclose_ai",
        agent=company.agent_name,
        company=company.name,
        purpose=company.purpose,
        optout=company.optout,
    )


def know(key: str, fact: KnownFact, counts: bool, turn: Turn) -> None:
    """A fact of the ledger, and with `counts` the evidence behind it."""
    value = fact.value if fact.value is not None else USUAL.get(key)
    if value is None:
        raise BadInput(f"facts.{key}", "it has no usual value", "Write {value: ...} behind the key.")
    quote = fact.quote or str(value)
    write(turn, key, value, status=fact.status, quote=quote, confidence=1.0, unit=fact.unit, speaker=fact.speaker.value)
    if counts and fact.status is FactStatus.CONFIRMED and key in _EVIDENCE:
        note(turn, _EVIDENCE[key], 1.0, key)


def need_recorded(turn: Turn) -> None:
    """A session past discovery has its need in the CRM already."""
    new_need(turn)


def transfer(start: Start, turn: Turn) -> None:
    """The offer and the acceptance that lie behind TRANSFER and CLOSE."""
    ours = start.step.stage is Stage.CLOSE or any(line.act == "offer_ai_close" for line in start.said)
    target = start.offer or ("ai_closer" if ours else "human_closer")
    turn.deal["offer"] = {
        "target": target,
        "at": turn.now.isoformat(),
        "meeting": False,
        "buyer_turn": turn.talk["buyer_turns"],
    }
    if start.step is not Step.OFFERED:
        turn.deal["transfer"] = {"accepted_at": turn.now.isoformat(), "target": target, "tried": []}


def appointment(start: Start, turn: Turn) -> None:
    """A meeting that is booked, with the timers that belong to it."""
    part = start.appointment
    if part is None:
        return
    record: dict[str, Any] = {
        "booking_id": f"{turn.session_id}:{turn.event.turn_id}",
        "resource": 1,
        "starts": part.starts.isoformat(),
        "ends": (part.starts + timedelta(minutes=part.minutes)).isoformat(),
        "zone": ZoneInfo(part.zone).key,
        "until": (turn.now + _HOLD).isoformat(),
    }
    turn.want("hold", **record)
    turn.want("book", booking_id=record["booking_id"])
    turn.deal["appointment"] = {**record, **({"seat": "human_closer:1"} if part.seat else {})}
    value = {"starts": record["starts"], "zone": record["zone"]}
    write(turn, "appointment", value, status=FactStatus.CONFIRMED, speaker="system", confidence=1.0)
    turn.want("timer", timer="appointment", ref="meeting", due_at=record["starts"])
    turn.want("timer", timer="no_show", ref="meeting", due_at=(part.starts + timedelta(minutes=10)).isoformat())


def stand(start: Start, at: datetime, turn: Turn) -> None:
    """Step, overlay, gates, open scopes and live capabilities, as they are when the scenario begins."""
    turn.step = start.step
    for row in (BY_ID[name] for name in _WAY.get(start.step, ())):
        before = turn.step
        opened(turn, row.grants)
        if row.revokes:
            closed(turn, row.revokes)
        turn.epoch += bool(row.revokes) or row.id in ("T05", "T15", "T18")
        turn.step = before
    if start.scopes is not None:
        turn.authority["open"] = list(start.scopes)
    if start.overlay is not None:
        turn.overlay, turn.remembered = start.overlay, start.remembered or start.step
        turn.authority["before_overlay"] = list(turn.authority["open"])
        turn.want("timer", timer="dormant", ref="session", due_at=(at + timedelta(days=30)).isoformat())
    passed = {"transfer": start.step.stage in (Stage.TRANSFER, Stage.CLOSE), "close": start.step.stage is Stage.CLOSE}
    for name, is_open in {**passed, "commit": start.step in COMMIT_STEPS, **start.gates}.items():
        turn.intent["gates"][name] = {"open": is_open, "above": 2 if is_open else 0, "below": 0}
    quote = cast("dict[str, Any]", turn.deal.get("quote") or {})
    for scope in start.capabilities:
        mint(turn, scope, quote_hash=quote.get("quote_hash") if scope in _QUOTED else None)


def implied_evidence(start: Start) -> list[str]:
    """What a buyer must have done to stand at this step."""
    found: list[str] = []
    if start.step.stage is Stage.CLOSE or start.step in _ACCEPTED:
        found.append("accept_transfer_now")
    if start.order is not None and start.order.confirmed and start.step.stage is Stage.CLOSE:
        found.append("scope_confirm")
    if start.quotes and start.quotes[-1].acknowledged:
        found.append("price_ack")
    return found
