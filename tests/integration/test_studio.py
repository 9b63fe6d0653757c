"""`langgraph dev` shows a running session and its open approval, on the same database and without a key."""

import asyncio
import base64
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from graph.settings import ROOT, child_environment
from tests.durability.buyers import DISCOUNT, Buyer, lead
from tests.durability.house import KEY, furnish, opened

PATIENCE_S = 120.0


@asynccontextmanager
async def studio(dsn: str, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The development server, as an engineer starts it beside a running product."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = child_environment(
        {"database_url": dsn, "data_dir": str(folder), "data_key": f"test:{base64.b64encode(KEY).decode()}"}
    )
    offline = {"LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGSMITH_TRACING": "false", "LANGGRAPH_NO_VERSION_CHECK": "true"}
    command = [Path(sys.executable).with_name("langgraph"), "dev", "--no-browser", "--no-reload", "--port", str(port)]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env={**environment, **offline}, stdout=log, stderr=log)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await _ready(client, process, folder)
            yield client
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


async def _ready(client: httpx.AsyncClient, process: subprocess.Popen[bytes], folder: Path) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
            try:
                if (await client.get("/ok")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)


async def test_a_running_session_is_shown_with_its_open_approval(fresh_dsn: str, tmp_path: Path) -> None:
    assert find_spec("langgraph_api"), "the extra `studio` is not installed: make test does that"
    furnished = await _waiting_for_people(fresh_dsn)
    async with studio(fresh_dsn, tmp_path) as client:
        drawn = (await client.post("/assistants/search", json={})).json()
        assert [each["graph_id"] for each in drawn] == ["throughline"]
        picture = (await client.get(f"/assistants/{drawn[0]['assistant_id']}/graph")).json()
        nodes = {node["id"] for node in picture["nodes"]}
        assert {"listen", "weigh", "book", "transfer", "close", "gate"} <= nodes
        thread: dict[str, Any] = {
            "thread_id": furnished,
            "if_exists": "do_nothing",
            "metadata": {"graph_id": "throughline"},
        }
        assert (await client.post("/threads", json=thread)).status_code == 200
        state = (await client.get(f"/threads/{furnished}/state")).json()
    assert state["values"]["step"] == "CLOSE.price" and state["values"]["session_id"] == furnished
    (waiting,) = [each for task in state["tasks"] for each in task["interrupts"]]
    (request,) = waiting["value"]["action_requests"]
    assert "discount.apply" in request["name"] and request["args"]["discount_pct"] == "18"


async def _waiting_for_people(dsn: str) -> str:
    await furnish(dsn)
    buyer = Buyer(DISCOUNT, 1)
    async with opened(dsn) as house:
        session_id = await lead(house, buyer)
        await house.service.submit(session_id, buyer.last_event)
    return session_id
