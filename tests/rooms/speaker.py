"""A buyer who speaks on a call of a running installation, one line at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from domain.contact import Identity
from graph.calling import Joined
from livekit.caller import DemoCaller
from livekit.caller_script import CallStep
from tests.rooms.installation import Installation, eventually

Events = list[dict[str, Any]]


class Speaker:
    """The demo caller. `scripted`: what the recogniser takes the words for is written where it reads it."""

    def __init__(self, at: Installation, buyer: Identity, joined: Joined, *, scripted: bool = True) -> None:
        self.buyer, self.events = buyer, Events()
        self._at, self._joined, self._scripted = at, joined, scripted
        self._caller = DemoCaller(joined.url, joined.token, self.events.append, listens=False)

    @property
    def call_id(self) -> str:
        return self._joined.call_id

    async def says(self, words: str, **more: Any) -> None:
        """When the agent has finished."""
        await self._does(words, say=words, **more)

    async def says_over(self, words: str, after: float = 0.4) -> None:
        """While the agent speaks."""
        await self._does(words, interrupt=words, after=after)

    async def coughs(self, after: float = 0.4) -> None:
        await self._does(None, mumble=0.3, after=after)

    async def comes_back(self) -> None:
        await self._does(None, come_back=True)

    async def _does(self, words: str | None, **step: Any) -> None:
        if words and self._scripted:
            self._at.heard(self._joined.call_id, words)
        await self._caller.do(CallStep.model_validate(step))

    async def join(self) -> None:
        """Returns when the agent has begun to speak."""
        await self._caller.join()
        await eventually(lambda: self._heard("agent_speaks", 0.0))

    async def leave(self) -> None:
        await self._caller.leave()

    def now(self) -> float:
        """In the time of the events."""
        return asyncio.get_running_loop().time() - self._caller.start

    async def hears(self, after: float) -> float:
        """When the agent next begins to speak."""
        return (await eventually(lambda: self._heard("agent_speaks", after)))["at"]

    async def _heard(self, event: str, after: float) -> dict[str, Any] | None:
        return next((each for each in self.events if each["event"] == event and each["at"] > after), None)

    async def until_quiet(self) -> None:
        await self._caller.until_quiet()

    def waits(self) -> list[int]:
        """Milliseconds from the end of the buyer's words to the agent's voice, at the buyer's ear."""
        return sorted(event["after_ms"] for event in self.events if "after_ms" in event)

    async def session_id(self) -> str:
        return str((await eventually(lambda: self._at.session(self.buyer)))["session_id"])


@asynccontextmanager
async def on_the_line(at: Installation, buyer: Identity, *, scripted: bool = True) -> AsyncIterator[Speaker]:
    """A call of the buyer that was answered; what was said is printed when it is over."""
    speaker = Speaker(at, buyer, await at.calls.join(buyer, "test"), scripted=scripted)
    try:
        await speaker.join()
        yield speaker
    finally:
        await speaker.leave()
        refusals = await at.refusals(await speaker.session_id())
        print("\n".join([*await at.dialogue(buyer), *refusals, f"waits {speaker.waits()}"]))
