"""Sees to it that one living job serves each call: a server of one's own asks for a job once, and never again."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from domain.calls import Call, CallState
from domain.ports import Clock
from memory.calls import Calls
from memory.database import Gone
from tools.rooms import Participant, RoomsUnreachable

_log = logging.getLogger(__name__)
BUYER = "buyer-"  # what a buyer's identity in a room begins with
OFFER_LIFE = timedelta(hours=24)  # a call that was offered by a link and never taken up
EMPTY_S = 90.0  # how long a call that nobody serves waits for its buyer
_SWEEP_S = 0.5
_SURE_S = 1.0  # how long a call has to be found lost: after a stop of the database every heart seems to stand still
_TAKEN_S, _LOOK_S = 1.5, 0.15  # how long a worker is given to take a job
_TIDY_EVERY = 120  # sweeps
_PAUSE_S = 1.0


class RoomDoor(Protocol):
    """What is needed of the rooms."""

    async def people(self, room: str, now: datetime) -> Sequence[Participant]: ...

    async def remove(self, room: str, identity: str, now: datetime) -> None: ...

    async def dispatch(self, room: str, agent: str, call_id: str, now: datetime) -> str: ...

    async def taken(self, room: str, dispatch_id: str, now: datetime) -> bool: ...

    async def close(self, room: str, now: datetime) -> None: ...


@dataclass(slots=True)
class _Watched:
    """A call that nobody serves, since when, and since when without a buyer either."""

    since: float
    untaken: bool = False  # asked for, and no worker took it: the next sweep asks again
    empty_since: float | None = None


@dataclass(slots=True)
class Reconciler:
    """Any number may run: who asks for a job claims that in the database first."""

    calls: Calls
    rooms: RoomDoor
    clock: Clock
    agent: str
    _watched: dict[str, _Watched] = field(default_factory=dict[str, _Watched])

    async def run(self, stop: asyncio.Event) -> None:
        """Until the event is set; a database or a server that is away costs a pause, never the loop."""
        sweeps = 0
        while not stop.is_set():
            try:
                await self.sweep()
                if sweeps % _TIDY_EVERY == 0:
                    await self.tidy()
                sweeps += 1
                pause = _SWEEP_S
            except Exception as fault:  # noqa: BLE001  # the edge of the process: log, wait, go on
                if not isinstance(fault, (*Gone, RoomsUnreachable)):
                    _log.error("calls are not watched", extra={"action": "watch_failed"}, exc_info=fault)
                self._watched.clear()  # how long a call was lost is not known over a gap
                pause = _PAUSE_S
            await _wait(stop, pause)

    async def sweep(self) -> None:
        """One look at every call that nobody serves."""
        lost = {call.call_id: call for call in await self.calls.lost_calls()}
        for call_id, watched in list(self._watched.items()):
            if call_id in lost:
                continue
            again = await self.calls.call(call_id) if watched.untaken else None
            if again and again.job_id is None and again.state is not CallState.ENDED:
                lost[call_id] = again
            else:
                del self._watched[call_id]
        if lost:
            results = await asyncio.gather(*(self._look_after(call) for call in lost.values()), return_exceptions=True)
            if fault := next((each for each in results if isinstance(each, BaseException)), None):
                raise fault

    async def tidy(self) -> None:
        """Offers that ran out."""
        now = self.clock.now()
        await self.calls.end_untaken(now - OFFER_LIFE, now)

    async def _look_after(self, call: Call) -> None:
        time = asyncio.get_running_loop().time()
        watched = self._watched.setdefault(call.call_id, _Watched(time))
        if not watched.untaken and time - watched.since < _SURE_S:
            return
        people = await self.rooms.people(call.room, self.clock.now())
        if not any(each.identity.startswith(BUYER) and not each.agent for each in people):
            await self._nobody_there(call, watched, time)
            return
        watched.empty_since = None
        if await self.calls.claim_dispatch(call.call_id, call.dispatches):
            await self._serve_anew(call, people, watched)

    async def _nobody_there(self, call: Call, watched: _Watched, time: float) -> None:
        """A buyer who comes back finds the call; where nobody does, it is over."""
        watched.empty_since = watched.empty_since or time
        if time - watched.empty_since >= EMPTY_S:
            if await self.calls.end_call(call.call_id, self.clock.now(), "left"):
                await self.rooms.close(call.room, self.clock.now())
            del self._watched[call.call_id]

    async def _serve_anew(self, call: Call, people: Sequence[Participant], watched: _Watched) -> None:
        """The old job has lost the call with the claim; its voice goes before another one comes."""
        for each in people:
            if each.agent:
                await self.rooms.remove(call.room, each.identity, self.clock.now())
        asked = await self.rooms.dispatch(call.room, self.agent, call.call_id, self.clock.now())
        watched.untaken = not await self._taken(call.room, asked)
        extra = {"action": "call_dispatched", "call": call.call_id, "times": call.dispatches + 1}
        _log.warning("a call that nobody served was given to another job", extra=extra)

    async def _taken(self, room: str, asked: str) -> bool:
        until = asyncio.get_running_loop().time() + _TAKEN_S
        while asyncio.get_running_loop().time() < until:
            if await self.rooms.taken(room, asked, self.clock.now()):
                return True
            await asyncio.sleep(_LOOK_S)
        return False


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
