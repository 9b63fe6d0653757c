"""A sale by voice from hello to won, in a real room, through everything that `throughline run` starts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.contact import Identity
from graph.calling import Joined
from livekit.caller import DemoCaller
from livekit.caller_script import CallStep
from tests.rooms.installation import Installation, eventually, installed
from tests.rooms.server import LiveKit

BUYER = Identity("phone", "+15125550101")
LINES = (
    "Hi, this is Dana Whitfield",
    "I need something for 12 people, we miss calls, and we start next month",
    "Yes, that's fine",
    "Yes it's my call, and the budget is there",
    "Yes, let's do it now",
    "12 team seats, monthly, right",
    "2,388 a month, fine",
)
Events = list[dict[str, Any]]


class Speaker:
    """The demo caller, one line at a time."""

    def __init__(self, at: Installation, joined: Joined, *, scripted: bool) -> None:
        self.events: Events = []
        self._at, self._joined, self._scripted = at, joined, scripted
        self._caller = DemoCaller(joined.url, joined.token, self.events.append, listens=False)

    @asynccontextmanager
    async def on_the_line(self) -> AsyncIterator[None]:
        await self._caller.join()
        try:
            yield
        finally:
            await self._caller.leave()

    async def says(self, words: str) -> None:
        """Waits until the agent has finished."""
        if self._scripted:
            self._at.heard(self._joined.call_id, words)
        await self._caller.do(CallStep.model_validate({"say": words}))

    def waits(self) -> list[int]:
        """Milliseconds from the end of the buyer's words to the agent's voice, at the buyer's ear."""
        return [event["after_ms"] for event in self.events if "after_ms" in event]


async def sold(at: Installation, *, scripted: bool) -> Speaker:
    """From the first ring to a signed and paid order."""
    joined = await at.calls.join(BUYER, "test")
    speaker = Speaker(at, joined, scripted=scripted)
    async with speaker.on_the_line():
        await eventually(lambda: agent_spoke(speaker))
        for line in LINES:
            await speaker.says(line)
        session_id = str((await at.session(BUYER))["session_id"])
        await eventually(lambda: at.waiting(session_id))
        await at.approve(session_id)
        await eventually(lambda: at.asked(session_id, "commit"))
        await speaker.says("Yes, go ahead")
        await eventually(lambda: at.links(session_id))
        await at.sign_and_pay(session_id, "Dana Whitfield")
        await eventually(lambda: at.stands(session_id, "WON"))
        await eventually(lambda: at.heard_act(session_id, "won"))
    return speaker


async def agent_spoke(speaker: Speaker) -> bool:
    return any(event["event"] == "agent_speaks" for event in speaker.events)


@pytest.fixture
async def at(fresh_dsn: str, livekit_server: LiveKit, tmp_path: Path) -> AsyncIterator[Installation]:
    async with installed(fresh_dsn, livekit_server, tmp_path) as opened:
        yield opened
        print("\n".join(await opened.dialogue(BUYER)))


async def test_a_whole_sale_by_voice(at: Installation) -> None:
    async with asyncio.timeout(150):
        speaker = await sold(at, scripted=True)
    session = await at.session(BUYER)
    print(sorted(speaker.waits()))
    assert session["step"] == "WON"
