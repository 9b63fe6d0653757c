"""Puts buyers on file and sessions into their middle, so that a scenario can begin where it gets interesting."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from domain.contact import Identity, IdentityKind
from domain.events import Event, EventKind
from domain.facts import kind_of
from domain.opening import first_state
from domain.scoring import note
from domain.stages import COMMIT_STEPS, Channel, Stage, Step
from domain.turn import Turn
from graph.scenarios import start_deals as deals
from graph.scenarios import start_parts as parts
from graph.scenarios.rig import Rig
from graph.scenarios.setting import Contact, EvidencePart, OrderState, SessionPart, Start
from graph.scenarios.sight import START
from memory.playback import put
from nodes.commitment import ask_commit
from nodes.orders import say_terms
from nodes.speaking.wording import put_in_words
from nodes.working import opened

Work = Callable[[Turn], None]
Part = tuple[timedelta, Work]
_NOW, _COMMITTED, _LATELY = timedelta(0), timedelta(seconds=20), timedelta(seconds=30)
_TERMS, _ORDERED, _TRANSFERRED = timedelta(minutes=1), timedelta(minutes=3), timedelta(minutes=4)
_FILES = uuid.UUID("8f0f3a6e-5d0b-4a7c-9f5e-2b1f6f0f9a01")


def identity_on(contact: Contact, channel: Channel, fallback: str) -> Identity:
    """The address under which this buyer is met on a channel."""
    kinds: dict[Channel, tuple[IdentityKind, str | None]] = {
        Channel.VOICE: ("phone", contact.phone),
        Channel.SMS: ("phone", contact.phone),
        Channel.EMAIL: ("email", contact.email),
        Channel.CHAT: ("chat", contact.chat or contact.phone or contact.email or f"chat:{fallback}"),
    }
    kind, value = kinds[channel]
    if value is None:  # nobody knows a number or an address: who writes in the chat is known by its handle alone
        return Identity("chat", f"chat:{fallback}", contact.verified)
    if channel is Channel.CHAT and not contact.chat:
        kind = "phone" if contact.phone else "email" if contact.email else "chat"
    return Identity(kind, value, contact.verified)


async def put_on_file(rig: Rig, name: str, part: SessionPart, contact: Contact, channel: Channel) -> str | None:
    """The buyer's session in ENTRY.new with what is on file, or in its middle; None where nobody is on file yet."""
    known = bool(contact.name or contact.facts or contact.consents or part.start)
    if not known or not contact.on_file:
        return None
    now, start = rig.clock.now(), part.start
    begun = now - (start.age if start else timedelta(days=1))
    session_id = await rig.service.inbox.open_session(identity_on(contact, channel, name), begun, channel, "")
    await _addresses(rig, session_id, contact, begun)
    if start is None:
        await _filed_facts(rig, session_id, name, contact, begun)
    else:
        await play_start(rig, session_id, name, contact, start)
    return session_id


async def second_session(rig: Rig, name: str, of: str, start: Start, contact: Contact) -> str:
    """Another matter with a buyer who is on file already."""
    session_id = str(uuid.uuid5(_FILES, f"{of}:{name}"))
    begun = rig.clock.now() - start.age
    async with rig.world.pool.connection() as connection:
        names = {"new_id": session_id, "session_id": of, "channel": start.channel.value, "now": begun}
        await put(connection, "session_of_contact", **names)
    await play_start(rig, session_id, name, contact, start)
    return session_id


async def _addresses(rig: Rig, session_id: str, contact: Contact, at: datetime) -> None:
    addresses: list[tuple[IdentityKind, str | None]] = [
        ("phone", contact.phone),
        ("email", contact.email),
        ("chat", contact.chat),
    ]
    sealer = rig.world.sealer
    async with rig.world.pool.connection() as connection:
        for kind, value in addresses:
            if value:
                row = {"identity_hash": sealer.digest(kind, value), "kind": kind, "verified": contact.verified}
                await put(
                    connection, "identity", session_id=session_id, sealed=sealer.seal({"value": value}), now=at, **row
                )
        for consent in contact.consents:
            row = {"kind": consent.kind, "channel": consent.channel.value, "status": consent.status}
            await put(connection, "consent", session_id=session_id, now=at, **row)


async def _filed_facts(rig: Rig, session_id: str, name: str, contact: Contact, at: datetime) -> None:
    """Facts that a form or a list brought, before anything was said."""
    version = await rig.service.inbox.policy_version()
    filed: dict[str, tuple[Any, str, str | None]] = {}
    if contact.name:
        filed["contact.name"] = (contact.name, "claimed", "system")
    for key, value in (("region", contact.region), ("zone", contact.zone)):
        if value:
            filed[key] = (value, "confirmed", "buyer")
    for key, fact in contact.facts.items():
        value = fact.value if fact.value is not None else parts.USUAL.get(key)
        filed[key] = (value, fact.status.value, fact.speaker.value)
    common = {"session_id": session_id, "turn_id": f"{START}{name}:file", "at": at, "policy_version": version}
    async with rig.world.pool.connection() as connection:
        for key, (value, status, speaker) in filed.items():
            kind, fact_id = kind_of(key), uuid.uuid5(_FILES, f"{session_id}:{key}")
            sealed = rig.world.sealer.seal({"value": value, "unit": None, "quote": "", "asr_confidence": None})
            row = {"type": kind.name, "key": key, "status": status, "stake": kind.stake.value, "speaker": speaker}
            await put(connection, "known_fact", fact_id=fact_id, sealed=sealed, **common, **row)


async def play_start(rig: Rig, session_id: str, name: str, contact: Contact, start: Start) -> None:
    """Write the session in a few commits of the program's own saver, the oldest first, each at its own time."""
    now = rig.clock.now()
    groups: dict[timedelta, list[Work]] = {}
    for age, part in _parts(rig, contact, start, f"{START}{name}:call", now):
        groups.setdefault(min(age, start.age), []).append(part)
    for number, age in enumerate(sorted(groups, reverse=True)):
        rig.clock.set(now - age)
        event = Event(f"{START}{name}:{number}", EventKind.OPERATOR, now - age, start.channel, {"act": "start"})
        await _commit(rig, session_id, event, groups[age], start)
    rig.clock.set(now)


def _parts(rig: Rig, contact: Contact, start: Start, call_id: str, now: datetime) -> list[Part]:
    """Everything that the start implies, with its age."""
    begun, counts = start.age, start.evidence is None
    found: list[Part] = [
        (begun, partial(parts.locate, contact, rig.ports)),
        (begun, partial(parts.opening, contact, start, call_id)),
    ]
    if start.channel in parts.disclosed(start):
        found.append((begun, parts.disclose))
    facts = {**contact.facts, **start.facts}
    found += [(fact.age, partial(parts.know, key, fact, counts)) for key, fact in facts.items()]
    if start.step.stage in (Stage.TRANSFER, Stage.CLOSE) or start.step in (Step.SLOTS_OFFERED, Step.BOOKED):
        found.append((_TRANSFERRED, parts.need_recorded))
    if start.step.stage in (Stage.TRANSFER, Stage.CLOSE):
        found.append((_TRANSFERRED, partial(parts.transfer, start)))
    found.append((_ORDERED, partial(deals.order, start)))
    found += [(part.age, partial(deals.quote, part)) for part in start.quotes]
    implied = [EvidencePart.model_validate({"type": kind}) for kind in parts.implied_evidence(start)]
    found += [(piece.age, partial(_note, piece)) for piece in (implied if start.evidence is None else start.evidence)]
    found += _lately(rig, start)
    found.append((_NOW, partial(parts.stand, start, now)))
    return found


def _lately(rig: Rig, start: Start) -> list[Part]:
    """What was said and done last."""
    found: list[Part] = [(_LATELY, partial(parts.appointment, start))]
    if start.request is not None:
        found.append((_LATELY, partial(deals.request, start.request)))
    if start.step in COMMIT_STEPS:
        found.append((_TERMS, say_terms))
    if start.step is Step.COMMIT_REQUESTED and not start.said:
        found.append((_LATELY, ask_commit))
    found += [(part.age, partial(deals.spoken, part)) for part in start.said]
    if start.step is Step.COMMITTED or start.committed is not None:
        found.append((_COMMITTED, partial(deals.commitment, start.committed or OrderState(), rig.ports)))
    return found


def _note(piece: EvidencePart, turn: Turn) -> None:
    note(turn, piece.type.value, piece.confidence)


async def _commit(rig: Rig, session_id: str, event: Event, work: list[Work], start: Start) -> None:
    """One commit: the state as a turn would leave it, and the rows that go with it; then its lines are heard."""
    before = await rig.service.snapshot(session_id) or first_state(session_id)
    state: Any = {**before, "session_id": session_id, "event": event.to_json(), "refusal": None}
    turn = await opened(state, rig.ports)
    turn.work["step_before"] = turn.step.value
    turn.place["channel"] = start.channel.value
    for part in work:
        part(turn)
    messages = put_in_words(turn, rig.ports)
    turn.place["awaits"] = []
    lines = list(turn.plan)
    for channel in parts.disclosed(start):
        turn.talk["disclosed"].setdefault(channel.value, {"speech_id": None})["heard"] = True
    values = {**state, **turn.update(), "messages": messages, "situation": turn.situation}
    await rig.service.app.aupdate_state({"configurable": {"thread_id": session_id}}, values, as_node="gate")
    await _hear(rig, session_id, event, lines, start)


async def _hear(rig: Rig, session_id: str, event: Event, lines: list[Any], start: Start) -> None:
    """The lines of the start were heard as it says, just after they were committed."""
    heard_of = {part.act: part.status for part in start.said}
    quotes = start.quotes[-1].heard if start.quotes else True
    for line in lines:
        status = heard_of.get(
            line["act"], "heard" if quotes or not line["act"].startswith("price_readback") else "queued"
        )
        if status != "queued":
            data = {"speech_id": line["speech_id"], "status": status}
            heard = Event(
                f"{event.turn_id}:heard:{line['speech_id']}", EventKind.HEARD, rig.clock.now(), start.channel, data
            )
            await rig.service.inbox.note_heard(session_id, heard)
