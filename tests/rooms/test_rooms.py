"""Tokens and rooms against a real server: what a token opens and what it does not, and what is on which address."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest

from graph.calling import Joined
from livekit import rtc
from tests.rooms.buyer import Buyer
from tests.rooms.server import LiveKit
from tools.rooms import Rooms, RoomServer, RoomsUnreachable, buyers_token


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def rooms(livekit_server: LiveKit) -> AsyncIterator[Rooms]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield Rooms(livekit_server.rooms(), client)


def joined(server: LiveKit, room: str, token: str) -> Joined:
    return Joined("c", room, server.place.url, token)


def test_the_server_listens_on_loopback_only(livekit_server: LiveKit) -> None:
    found = livekit_server.listening()
    assert len(found) == 2 and {host for host, _ in found} == {"127.0.0.1"}


def test_a_token_opens_one_room_for_one_identity_and_says_nothing_else(livekit_server: LiveKit) -> None:
    server, at = livekit_server.rooms(), now()
    token = buyers_token(server, "call-1", "buyer-1", at)
    claims = jwt.decode(token, server.secret, algorithms=["HS256"])
    assert (claims.pop("sub"), claims.pop("iss")) == ("buyer-1", server.key)
    assert claims.pop("exp") - at.timestamp() <= 300 and claims.pop("nbf") <= at.timestamp()
    grants = claims.pop("video")
    assert claims == {}
    assert (grants["room"], grants["roomJoin"], grants["canPublishSources"]) == ("call-1", True, ["microphone"])
    assert not {name for name, value in grants.items() if value and ("Admin" in name or "Create" in name)}
    assert "secret" not in json.dumps(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))
    assert server.secret not in repr(server)


async def test_a_token_is_refused_when_it_has_run_out_and_in_another_room(
    livekit_server: LiveKit, rooms: Rooms
) -> None:
    server = livekit_server.rooms()
    late = buyers_token(server, "call-a", "buyer-a", now() - timedelta(minutes=10))
    forged = buyers_token(RoomServer(server.url, server.key, "x" * 40), "call-a", "buyer-a", now())
    for token in (late, forged):
        buyer = Buyer()
        with pytest.raises(rtc.ConnectError):
            await buyer.join(joined(livekit_server, "call-a", token))
        await buyer.leave()
    buyer = Buyer()
    await buyer.join(joined(livekit_server, "call-b", buyers_token(server, "call-a", "buyer-a", now())))
    try:
        assert buyer.room.name == "call-a"  # whatever else a page says: the token names the room
        with pytest.raises(RoomsUnreachable):
            await rooms._ask("RoomService/ListParticipants", {"room": "call-a"}, {"room": "call-a"}, now())
    finally:
        await buyer.leave()


async def test_who_is_in_a_room_and_who_has_to_leave(livekit_server: LiveKit, rooms: Rooms) -> None:
    assert await rooms.people("call-nobody", now()) == []
    await rooms.remove("call-nobody", "agent-x", now())  # what is gone is gone
    await rooms.open("call-c", now())
    buyer = Buyer()
    await buyer.join(joined(livekit_server, "call-c", buyers_token(livekit_server.rooms(), "call-c", "buyer-c", now())))
    try:
        (there,) = await rooms.people("call-c", now())
        assert (there.identity, there.agent) == ("buyer-c", False)
        await rooms.remove("call-c", "buyer-c", now())
        assert await rooms.people("call-c", now()) == []
        await rooms.close("call-c", now())
        await rooms.close("call-c", now())
    finally:
        await buyer.leave()


async def test_a_job_that_no_worker_takes_is_seen_to_be_untaken(rooms: Rooms) -> None:
    asked = await rooms.dispatch("call-d", "nobody-of-this-name", "c1", now())
    assert asked and not await rooms.taken("call-d", asked, now())


async def test_a_server_that_is_away_is_said_to_be_away() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        rooms = Rooms(RoomServer("ws://127.0.0.1:9", "k", "s" * 40), client)
        with pytest.raises(RoomsUnreachable, match="does not answer"):
            await rooms.people("call-e", now())
