"""Push and the doors around it: who may listen, what is not lost between drawing and listening, what is refused."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.screens.conftest import environment
from tests.screens.seed import ROOT
from ui import push, security, server

HEAVY = ("langgraph", "langchain", "langchain_core", "langchain_openai", "chromadb", "openai")
PATH = f"/{push.PATH}"
OWN = "http://testserver"  # where Starlette's client says that it is


@pytest.fixture
def hub() -> push.Hub:
    return push.Hub()


@pytest.fixture
def client(hub: push.Hub) -> Iterator[TestClient]:
    async def hello(_request: object) -> PlainTextResponse:
        return PlainTextResponse("hello")

    routes = [WebSocketRoute(PATH, hub.serve), Route("/", hello)]
    app = Starlette(routes=routes, middleware=[Middleware(security.Headers)])
    with TestClient(app) as opened:
        yield opened


@pytest.mark.parametrize(
    ("token", "origin"),
    [
        ("", OWN),
        ("0123456789abcdef.99999999999.00000000000000000000000000000000", OWN),
        (None, "http://evil.example"),
        (None, "null"),
    ],
)
def test_a_socket_without_our_token_or_from_elsewhere_is_refused(
    client: TestClient, token: str | None, origin: str
) -> None:
    shown = push.token("somebody") if token is None else token
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{PATH}?k={shown}", headers={"origin": origin}):
        pass


def test_a_token_names_nobody_and_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    token = push.token("idp|mia")
    assert push.valid(token) and "mia" not in token
    who, ends, mac = token.split(".")
    assert not push.valid(f"{who}.{int(ends) + 60}.{mac}")
    monkeypatch.setattr(push.time, "time", lambda: float(ends) + 1)
    assert not push.valid(token)


def test_a_page_hears_of_its_session_and_of_no_other(client: TestClient, hub: push.Hub) -> None:
    headers = {"origin": OWN}
    with client.websocket_connect(f"{PATH}?k={push.token('x')}&s=mine", headers=headers) as socket:
        assert socket.receive_json() == {"hello": hub.number("mine")}
        assert client.portal is not None
        for session in ("other", "mine", "other"):
            client.portal.call(hub.publish, session)
        assert socket.receive_json() == {"news": hub.number("mine")}
        client.portal.call(hub.publish, "")  # the database came back: everybody looks
        assert socket.receive_json() == {"news": hub.number()}


def test_what_happens_between_drawing_and_listening_is_in_the_greeting(hub: push.Hub) -> None:
    """The page was drawn at a number; the greeting names a newer one, so it draws again."""
    drawn = hub.number("mine")
    hub.publish("mine")
    greeting = hub.number("mine")
    assert drawn != greeting and int(greeting.split(".")[1]) > int(drawn.split(".")[1])
    hub.publish("other")
    assert hub.number("mine") == greeting


async def test_a_slow_page_gets_the_newest_news_only(hub: push.Hub) -> None:
    async with hub.subscribed("") as news:
        for _ in range(50):
            hub.publish("s")
        assert news.qsize() == 1 and f".{await news.get()}" in hub.number()
    hub.publish("s")  # nobody is there any more
    await asyncio.sleep(0)


def test_sessions_are_forgotten_before_they_fill_the_memory(hub: push.Hub) -> None:
    for number in range(push.MOST_REMEMBERED + 10):
        hub.publish(f"s{number}")
    assert len(hub._latest) <= push.MOST_REMEMBERED
    assert hub.number("s0") != f"{hub.number().split('.')[0]}.0"  # forgotten means: look again


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    headers = client.get("/").headers
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"
    assert "unsafe-eval" not in headers["content-security-policy"] and "'unsafe-inline'" not in rules["script-src"]
    assert "sha256-" in rules["script-src"]
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")


@pytest.mark.parametrize(
    ("host", "refused"), [("0.0.0.0", True), ("192.168.1.4", True), ("::", True), ("127.0.0.1", False), ("::1", False)]
)
def test_an_address_that_others_reach_needs_sign_in(host: str, refused: bool) -> None:
    assert (security.refusal(host, lambda: False) is not None) is refused
    assert security.refusal(host, lambda: True) is None


def test_the_launcher_refuses_to_listen_in_public(capsys: pytest.CaptureFixture[str]) -> None:
    assert server.run("0.0.0.0", 8599) == 2
    assert "without any sign-in" in capsys.readouterr().err


PROGRAM = """
import sys
from streamlit.testing.v1 import AppTest
from ui import bridge, identity, server
identity.listens_on_loopback = lambda: True
app = AppTest.from_file("ui/app.py", default_timeout=60).run()
for page in ("sessions", "talk"):
    assert not app.exception, app.exception
    app.switch_page(f"app_pages/{page}.py").run()
assert not app.exception and app.get("bidi_component")
bridge.bridge().close()
print(sorted({name.split(".")[0] for name in sys.modules} & set(HEAVY)))
"""


def test_the_console_loads_no_graph_and_no_model(seeded_dsn: str, tmp_path: Path) -> None:
    """Streamlit walks the whole heap after every run: what is heavy has no place in this process."""
    program = PROGRAM.replace("HEAVY", repr(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(seeded_dsn, 8599, tmp_path),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"
