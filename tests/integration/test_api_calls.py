"""A link lets its holder call as one buyer for a day, and neither it nor what it opens says who that is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from domain.contact import Identity
from graph.calling import CallDesk
from memory.calls import Calls
from memory.sealing import Sealer
from tests.integration.api_rig import OWN, Chain
from tests.integration.effect_rows import World, local_tools, open_world
from tools.rooms import Rooms, RoomServer
from ui import api_calls
from ui.api import DealsDesk, build_api
from ui.api_calls import CallPages
from ui.livekit_client import LIVEKIT_CLIENT

BUYER = Identity("phone", "+15125550143")
ROOMS = ("ws://127.0.0.1:7880", "http://127.0.0.1:7880")
SECRET = "s" * 40
JSON = {"content-type": "application/json"}


@dataclass
class Calling:
    """`asked` is what the LiveKit server was asked for; with `away` it does not answer."""

    world: World
    desk: CallDesk
    http: httpx.AsyncClient
    asked: list[str]
    away: bool = False

    async def path(self) -> str:
        return urlsplit(await self.desk.link(BUYER)).path

    async def post(self, path: str) -> httpx.Response:
        return await self.http.post(path, content=b"{}", headers=JSON)


@pytest.fixture
async def it(fresh_dsn: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Calling]:
    monkeypatch.setattr(api_calls, "fetched", lambda: True)
    async with calling(fresh_dsn, sealer) as opened:
        yield opened


@asynccontextmanager
async def calling(dsn: str, sealer: Sealer) -> AsyncIterator[Calling]:
    def livekit(request: httpx.Request) -> httpx.Response:
        if it.away:
            raise httpx.ConnectError("refused")
        it.asked.append(request.url.path.rpartition("livekit.")[2])
        return httpx.Response(200, json={"id": "AD_1"})

    async with open_world(dsn, sealer) as world, httpx.AsyncClient(transport=httpx.MockTransport(livekit)) as client:
        rooms = Rooms(RoomServer(ROOMS[0], "key", SECRET), client)
        desk = CallDesk(Calls(world.pool, sealer), rooms, sealer, world.clock, "sales", OWN)
        it = Calling(world, desk, httpx.AsyncClient(), [])
        app = build_api(
            Chain(),
            DealsDesk(world.pool, sealer, world.clock, local_tools(sealer).form),
            world.clock,
            post=_nobody,
            hosts={"127.0.0.1"},
            calls=CallPages(desk),
            rooms=ROOMS,
        )
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN) as it.http:
            yield it


async def _nobody(body: bytes, headers: Any) -> int:
    return 599


def rules(answer: httpx.Response) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


async def test_only_the_page_that_calls_may_run_scripts_and_reach_the_rooms(it: Calling) -> None:
    page = await it.http.get(await it.path())
    assert page.status_code == 200 and "microphone=(self)" in page.headers["permissions-policy"]
    found = rules(page)
    assert (found["default-src"], found["script-src"]) == ("'none'", "'self'")
    assert found["connect-src"] == f"'self' {ROOMS[0]} {ROOMS[1]}"
    assert "<script>" not in page.text and "512" not in page.text and BUYER.value[-4:] not in page.text
    elsewhere = await it.http.get("/pay/x")
    assert "script-src" not in rules(elsewhere) and "microphone=()" in elsewhere.headers["permissions-policy"]


async def test_a_link_gives_one_place_in_one_room_for_some_minutes(it: Calling) -> None:
    path = await it.path()
    joined = (await it.post(f"{path}/join")).json()
    claims = jwt.decode(
        joined["token"], SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_nbf": False}
    )
    (call,) = await it.desk.calls.live()
    assert joined["url"] == ROOMS[0]
    assert (claims["video"]["room"], claims["video"]["roomJoin"]) == (call.room, True)
    assert claims["sub"] == f"buyer-{call.room.removeprefix('call-')}"
    assert timedelta(0) < timedelta(seconds=claims["exp"] - it.world.clock.now().timestamp()) <= timedelta(minutes=5)
    assert not {"roomAdmin", "roomCreate", "roomList"} & set(claims["video"])
    assert BUYER.value[1:] not in f"{path} {claims}"
    assert it.asked == ["RoomService/CreateRoom", "AgentDispatchService/CreateDispatch"]


async def test_a_reload_joins_the_same_call_without_another_job(it: Calling) -> None:
    path = await it.path()
    first, second = (await it.post(f"{path}/join")).json(), (await it.post(f"{path}/join")).json()
    rooms = {
        jwt.decode(each["token"], options={"verify_signature": False})["video"]["room"] for each in (first, second)
    }
    assert len(rooms) == 1 and [each for each in it.asked if "Dispatch" in each] == [
        "AgentDispatchService/CreateDispatch"
    ]


async def test_hanging_up_ends_the_call_and_the_link_still_calls(it: Calling) -> None:
    path = await it.path()
    await it.post(f"{path}/join")
    (call,) = await it.desk.calls.live()
    assert (await it.post(f"{path}/leave")).status_code == 204
    ended = await it.desk.calls.call(call.call_id)
    assert ended and ended.end_reason == "hung_up"
    assert (await it.post(f"{path}/join")).status_code == 200
    (again,) = await it.desk.calls.live()
    assert again.call_id != call.call_id and again.identity == BUYER


@pytest.mark.parametrize("wrong", ["signature", "end", "call", "late", "shape"])
async def test_a_link_that_is_not_ours_or_has_run_out_opens_nothing(it: Calling, wrong: str) -> None:
    call_id, ends, signature = (await it.path()).removeprefix("/call/").split(".")
    link = {
        "signature": f"{call_id}.{ends}.{signature[:-1]}{'0' if signature[-1] != '0' else '1'}",
        "end": f"{call_id}.{int(ends) + 86400}.{signature}",
        "call": f"{'0' * len(call_id)}.{ends}.{signature}",
        "late": f"{call_id}.{ends}.{signature}",
        "shape": call_id,
    }[wrong]
    if wrong == "late":
        it.world.clock.advance(timedelta(hours=25))
    assert (await it.http.get(f"/call/{link}")).status_code == 404
    refused = await it.post(f"/call/{link}/join")
    assert (refused.status_code, refused.json()["field"]) == (422, "link")
    assert (await it.post(f"/call/{link}/leave")).status_code == 204  # nothing of ours is ended by it
    assert it.asked == []
    assert len(await it.desk.calls.live()) == 1


async def test_another_site_cannot_call_with_a_form(it: Calling) -> None:
    path = await it.path()
    for headers in ({"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}, {}):
        assert (await it.http.post(f"{path}/join", content=b"{}", headers=headers)).status_code == 415
    assert (await it.http.post(f"{path}/join", content=b"x" * 1000, headers=JSON)).status_code == 413
    assert it.asked == []


async def test_without_a_server_the_page_says_so_in_a_buyers_words(it: Calling) -> None:
    path = await it.path()
    it.away = True
    refused = await it.post(f"{path}/join")
    assert refused.status_code == 503 and "calls cannot be taken right now" in refused.json()["problem"]
    assert "LiveKit" not in refused.text


async def test_without_the_library_or_a_server_there_is_no_page_to_call_from(
    fresh_dsn: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_calls, "fetched", lambda: False)
    async with calling(fresh_dsn, sealer) as it:
        page = await it.http.get(await it.path())
        assert page.status_code == 503 and "try again" in page.text.lower()


async def test_what_the_set_up_fetches_is_what_is_served(it: Calling) -> None:
    static = Path(api_calls.__file__).with_name("static")
    answer = await it.http.get("/static/livekit-client.js")
    assert answer.status_code == (200 if (static / LIVEKIT_CLIENT).exists() else 404)
    for name in ("phone_line.js", "call_page.js"):
        script = await it.http.get(f"/static/{name}")
        assert script.headers["content-type"].startswith("text/javascript") and script.content
