"""Puts the scene up before the first step: the policy in force, closers, taken hours, and who is on file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domain.contact import Identity
from domain.errors import BadInput
from domain.policy_copies import changed
from domain.ports import Places
from domain.stages import Channel
from graph.scenarios.format import Scenario
from graph.scenarios.record import Record
from graph.scenarios.rig import Rig
from graph.scenarios.setting import Seats, Taken
from graph.scenarios.sight import HOURS
from graph.scenarios.start import put_on_file, second_session
from memory.playback import put

_LEVELS = {"L1 close": "L1", "L3 close": "L3"}
_CLOSING = ("contract.send", "payment.link")


async def put_up(rig: Rig, scenario: Scenario) -> Record:
    """Everything that is there before the first step; returns the record that the steps go on with."""
    policy = policy_text(scenario, rig.world.settings.policy_path, rig.ports.places)
    await rig.world.policies.put_in_force(policy, scenario.id, rig.clock.now(), "scenario", scenario.title)
    await set_seats(rig, scenario.seats)
    await set_hours(rig, scenario.taken, (), "taken")
    found: dict[str, str] = {}
    for name, part in scenario.parts().items():
        contact = scenario.contact_of(name)
        if part.contact_of is None:
            session_id = await put_on_file(rig, name, part, contact, scenario.channel)
        elif part.start is None or part.contact_of not in found:
            problem = f"{name} goes on with {part.contact_of}"
            raise BadInput(
                f"sessions.{name}", problem, "Give it a start, and write it behind a session that has begun."
            )
        else:
            session_id = await second_session(rig, name, found[part.contact_of], part.start, contact)
        if session_id is not None:
            found[name] = session_id
    channels = {name: part.start.channel for name, part in scenario.parts().items() if part.start}
    return Record(rig.clock.now(), sessions=found, channels=channels)


def first_version(scenario: Scenario) -> str:
    return f"{scenario.id}.0"


def policy_text(scenario: Scenario, path: Path, places: Places) -> str:
    """The shipped policy with the scenario's autonomy and changes, as a version of its own; raises PolicyRefused."""
    changes = {**_autonomy(scenario, places), **scenario.policy}
    return changed(path.read_text("utf-8"), path.name, first_version(scenario), changes)


def _autonomy(scenario: Scenario, places: Places) -> dict[str, Any]:
    level = _LEVELS.get(scenario.autonomy)
    if level is None:
        return {}
    regions = dict.fromkeys(_region(scenario, name, places) for name in scenario.parts())
    cells = [{"scope": scope, "region": region, "level": level} for region in regions for scope in _CLOSING]
    return {"autonomy.cells": cells}


def _region(scenario: Scenario, name: str, places: Places) -> str:
    """The buyer's region: as it is on file, or as the number tells."""
    contact = scenario.contact_of(name)
    region = contact.region or (places.of(contact.phone)[0] if contact.phone else None)
    if region is None:
        raise BadInput("autonomy", f"the region of {name} is not known", "Give the contact a region or a US number.")
    return region


async def set_seats(rig: Rig, seats: Seats) -> None:
    """Closers as the scenario says, numbered through."""
    human = seats.human_closer
    states = ["free"] * human.free + ["busy"] * human.busy + ["off"] * human.off
    async with rig.world.pool.connection() as connection, connection.transaction():
        await put(connection, "no_seats", kind="human_closer")
        for number, status in enumerate(states, 1):
            seat = {"seat_id": f"human_closer:{number}", "name": f"Closer {number}", "kind": "human_closer"}
            await put(connection, "seat", status=status, now=rig.clock.now(), **seat)


async def set_hours(rig: Rig, take: Sequence[Taken], release: Sequence[Taken], label: str) -> None:
    """Hours of the calendar that somebody else takes or gives back."""
    if not take and not release:
        return
    now = rig.clock.now()
    stranger = Identity("chat", "chat:somebody-else")
    session_id = await rig.service.inbox.open_session(stranger, now, Channel.CHAT, HOURS)
    async with rig.world.pool.connection() as connection:
        for hours in release:
            await put(connection, "release_hours", session_id=session_id, starts=hours.starts, ends=hours.ends, now=now)
        for number, hours in enumerate(take):
            booking = {"booking_id": f"{label}:{number}", "turn_id": label, "starts": hours.starts, "ends": hours.ends}
            await put(connection, "take_hours", session_id=session_id, now=now, **booking)
