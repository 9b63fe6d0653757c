"""The call bar without a browser: where there is no voice it says why and what to do, and what it does is on record."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from domain.contact import Identity
from graph.calling import CallDesk, Readiness
from graph.clock import FixedClock
from memory.calls import Calls
from memory.database import open_pool
from memory.sealing import Sealer
from tests.screens.conftest import desk_on
from tools.rooms import Rooms, RoomServer
from ui import bridge, call_bar
from ui.thread_items import chatted

BUYER = Identity("phone", "+15125550161")


class LiveKit:
    """The server's interface, as far as it is asked here."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused")
        self.asked.append(request.url.path.rpartition("/")[2])
        return httpx.Response(200, json={"id": "AD_1"})


@pytest.fixture
def livekit(seeded_dsn: str, sealer: Sealer, clock: FixedClock) -> Iterator[LiveKit]:
    """A bridge whose calls are asked for at this server."""
    server = LiveKit()

    @asynccontextmanager
    async def calls() -> AsyncIterator[CallDesk]:
        transport = httpx.MockTransport(server)
        async with open_pool(seeded_dsn, 1, 2, name="calls") as pool, httpx.AsyncClient(transport=transport) as client:
            rooms = Rooms(RoomServer("ws://127.0.0.1:7880", "key", "s" * 40), client)
            yield CallDesk(Calls(pool, sealer), rooms, sealer, clock, "sales", "http://127.0.0.1:8502")

    chosen = bridge.Bridge(lambda: desk_on(seeded_dsn, sealer, clock), calls)
    bridge.use(chosen)
    yield server
    bridge.use(None)
    chosen.close()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What one page of one person remembers."""
    state: dict[str, Any] = {"call": SimpleNamespace(call=7, left=None)}
    monkeypatch.setattr(call_bar.st, "session_state", state)
    return state


def test_a_call_that_is_asked_for_gets_a_place_in_a_room(livekit: LiveKit, page: dict[str, Any]) -> None:
    call_bar.begin(BUYER)
    place = page["on_call"]
    assert place["wish"] == 7 and place["url"] == "ws://127.0.0.1:7880" and place["token"].count(".") == 2
    assert livekit.asked == ["CreateRoom", "CreateDispatch"] and "call_refused" not in page
    assert call_bar.took(page["last_call"], BUYER) == ""


def test_without_a_server_the_bar_says_so_and_what_to_do(livekit: LiveKit, page: dict[str, Any]) -> None:
    livekit.away = True
    call_bar.begin(BUYER)
    assert "on_call" not in page and page["call_refused"]["wish"] == 7
    assert "does not answer" in page["call_refused"]["text"] and "write" in page["call_refused"]["text"]


@pytest.mark.parametrize("hung_up", [True, False])
def test_only_who_hangs_up_ends_a_call(livekit: LiveKit, page: dict[str, Any], hung_up: bool) -> None:
    call_bar.begin(BUYER)
    call_id = page["on_call"]["call"]
    page["call"].left = {"call": call_id, "hung_up": hung_up}
    call_bar.left()
    calls = bridge.calls()
    call = bridge.call(calls.calls.call(call_id)) if calls else None
    assert call and bool(call.ended_at) is hung_up
    assert page["on_call"] is None and livekit.asked[2:] == (["DeleteRoom"] if hung_up else [])


def test_a_link_is_the_buyers_and_names_nobody(livekit: LiveKit, page: dict[str, Any]) -> None:
    call_bar.make_link(BUYER)
    whose, link = page["call_link"]
    assert whose == ("phone", BUYER.value) and link.startswith("http://127.0.0.1:8502/call/")
    assert "512555" not in link and livekit.asked == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (Readiness(True, False, "is ready for calls"), ("Voice is ready for calls.",)),
        (Readiness(False, False, "is being set up: building"), ("is being set up: building", "write")),
        (Readiness(False, True, "could not be set up: no network"), ("no network", "media.log", "write")),
    ],
)
def test_the_bar_says_how_voice_is_doing_and_what_can_be_done(found: Readiness, says: tuple[str, ...]) -> None:
    assert all(part in call_bar.line_of(found) for part in says)


LINE = "We answer every call, day and night. Shall I go on?"


@pytest.mark.parametrize(
    ("status", "heard", "text", "rest"),
    [
        ("heard", None, LINE, None),
        ("partly", "We answer every call", "We answer every call", ", day and night. Shall I go on?"),
        ("partly", LINE, LINE, ""),
        ("partly", "", "", LINE),
        ("unheard", None, "", LINE),
        ("queued", None, "", LINE),
    ],
)
def test_the_chat_tells_heard_words_from_unheard(status: str, heard: str | None, text: str, rest: str | None) -> None:
    entry = {"kind": "agent", "speech_id": "s1", "text": LINE, "heard": heard, "status": status, "channel": "voice"}
    (item,) = chatted([entry])
    assert (item["text"], item.get("rest")) == (text, rest)
    (typed,) = chatted([{**entry, "channel": "chat"}])
    assert typed["text"] == LINE and "rest" not in typed


def test_the_library_that_the_set_up_pins_is_the_one_that_is_served() -> None:
    from ui.livekit_client import ADDRESS, LIVEKIT_CLIENT

    setup = (Path(call_bar.__file__).parents[1] / "setup" / "static_files.py").read_text("utf-8")
    assert f'"livekit-client@{LIVEKIT_CLIENT.split("-client-")[1].removesuffix(".umd.js")}"' in setup
    assert f'"{LIVEKIT_CLIENT.split("/")[1]}"' in setup and ADDRESS.removesuffix(".js") in LIVEKIT_CLIENT
