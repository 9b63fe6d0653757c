"""The door to calls for browsers: a call is opened or found again, a link to it is signed, a job is asked for."""

import asyncio
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx

from domain.calls import Call, CallTurn
from domain.contact import Identity
from domain.errors import BadInput
from domain.ports import Clock
from graph.bootstrap import World, open_world
from graph.media.readiness import Readiness, readiness
from graph.settings import Settings
from memory.calls import Calls
from memory.sealing import Sealer
from tools.rooms import Rooms, RoomServer, RoomsUnreachable, buyers_token

__all__ = ["CallDesk", "Joined", "Readiness", "RoomsUnreachable", "open_calls", "origins", "readiness", "room_server"]

LINK_LIFE = timedelta(hours=24)
_LINK_PARTS = 3
_JOB_ENDS_IT_S = 0.2


@dataclass(frozen=True, slots=True)
class Joined:
    """What a browser needs to be on a call. The token is good for one room and one name, for some minutes."""

    call_id: str
    room: str
    url: str
    token: str


@dataclass(frozen=True, slots=True)
class CallDesk:
    """Opens calls and lets buyers in; what is said on them is the worker's matter."""

    calls: Calls
    rooms: Rooms
    sealer: Sealer
    clock: Clock
    agent: str
    buyers_url: str

    async def join(self, identity: Identity, label: str = "") -> Joined:
        """The call that this buyer is on, or a new one. Raises RoomsUnreachable."""
        now = self.clock.now()
        call = await self.calls.open_call(identity, now, label)
        await self.rooms.open(call.room, now)
        if call.dispatches == 0 and await self.calls.claim_dispatch(call.call_id, 0):
            # Should it be lost on the way, whoever watches the calls asks again.
            await self.rooms.dispatch(call.room, self.agent, call.call_id, now)
        # The same name in the same call: who comes back takes the place of what is left of them.
        name = f"buyer-{call.room.removeprefix('call-')}"
        token = buyers_token(self.rooms.server, call.room, name, now)
        return Joined(call.call_id, call.room, self.rooms.server.url, token)

    async def hang_up(self, call_id: str) -> None:
        """Over for good. The job learns of it by the closed room, and says so to the session; a dead job cannot."""
        call = await self.calls.call(call_id)
        if call is None or call.ended_at:
            return
        await self.rooms.close(call.room, self.clock.now())
        await asyncio.sleep(_JOB_ENDS_IT_S)
        await self.calls.end_call(call_id, self.clock.now(), "hung_up")

    async def hang_up_by_link(self, link: str) -> None:
        call = await self.called(link)
        live = await self.calls.of(call.identity) if call else None
        if live:
            await self.hang_up(live.call_id)

    async def last_answer(self, call_id: str) -> CallTurn | None:
        """The newest turn of a call whose answer was heard."""
        turns = [turn for turn in await self.calls.turns(call_id) if turn.voice_ms is not None]
        return turns[-1] if turns else None

    # ---- links
    async def link(self, identity: Identity, label: str = "") -> str:
        """An address that lets its holder call as this buyer for a day, and says nothing about them."""
        now = self.clock.now()
        call = await self.calls.open_call(identity, now, label)
        ends = int((now + LINK_LIFE).timestamp())
        return f"{self.buyers_url.rstrip('/')}/call/{call.call_id}.{ends}.{self._signature(call.call_id, ends)}"

    async def called(self, link: str) -> Call | None:
        """The call that a link was made for; None where it is not ours or has run out."""
        parts = link.split(".")
        if len(parts) != _LINK_PARTS or not (parts[1].isascii() and parts[1].isdecimal()) or len(parts[1]) > 12:
            return None
        call_id, ends, signature = parts
        if not hmac.compare_digest(signature.encode(), self._signature(call_id, int(ends)).encode()):
            return None
        if int(ends) < self.clock.now().timestamp():
            return None
        return await self.calls.call(call_id)

    async def join_by_link(self, link: str) -> Joined:
        """Also after a call is over: the link is for calling, not for one call. Raises BadInput, RoomsUnreachable."""
        call = await self.called(link)
        if call is None:
            raise BadInput("link", "it has run out", "Ask for a new one.")
        return await self.join(call.identity, call.label)

    def _signature(self, call_id: str, ends: int) -> str:
        return self.sealer.digest("call link", f"{call_id}.{ends}")[:32]


def room_server(settings: Settings) -> RoomServer | None:
    """The LiveKit server of this installation; None where nothing was configured or started."""
    key, secret = settings.livekit_api_key, settings.livekit_api_secret
    if settings.livekit_url is None or key is None or secret is None:
        return None
    return RoomServer(settings.livekit_url.rstrip("/"), key.get_secret_value(), secret.get_secret_value())


def origins(settings: Settings) -> tuple[str, ...]:
    """What a page that calls has to be allowed to connect to."""
    url = (settings.livekit_url or "").rstrip("/")
    return (url, f"http{url.removeprefix('ws')}") if url else ()


@asynccontextmanager
async def call_desk(world: World) -> AsyncGenerator[CallDesk | None]:
    server = room_server(world.settings)
    if server is None:
        yield None
        return
    async with httpx.AsyncClient(trust_env=False) as client:
        yield CallDesk(
            Calls(world.pool, world.sealer),
            Rooms(server, client),
            world.sealer,
            world.clock,
            world.settings.livekit_agent,
            world.settings.buyers_url,
        )


@asynccontextmanager
async def open_calls(settings: Settings) -> AsyncGenerator[CallDesk | None]:
    """The door alone, with two connections; None where there is no LiveKit server."""
    if room_server(settings) is None:
        yield None
        return
    async with open_world(settings, size=2, one_pool=True) as world, call_desk(world) as calls:
        yield calls
