"""API and jobs as they are started in production: a buyer is answered, an effect leaves, and both end in good order."""

import asyncio
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from graph.clock import SystemClock
from graph.policy_book import ensure_policies
from graph.settings import Settings, child_environment, load_settings
from memory.sealing import Sealer
from tests.integration.effect_rows import World, open_world

ROOT = Path(__file__).parents[2]
KEY = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@contextmanager
def process(module: str, settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    changes = {
        "database_url": settings.database_url or "",
        "data_dir": str(settings.data_dir),
        "data_key": KEY,
        "api_port": str(settings.api_port),
    }
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=child_environment(changes),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(world: World, statement: str, *values: Any, patience: float = 30) -> None:
    async with asyncio.timeout(patience):
        while not await world.rows(statement, *values):
            await asyncio.sleep(0.05)


async def answering(url: str, status: int) -> httpx.Response:
    async with asyncio.timeout(40), httpx.AsyncClient(trust_env=False) as http:
        while True:
            try:
                answer = await http.get(url)
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
                continue
            if answer.status_code == status:
                return answer
            await asyncio.sleep(0.1)


async def test_a_buyer_is_served_by_processes_that_end_in_good_order(
    fresh_dsn: str, sealer: Sealer, tmp_path: Path
) -> None:
    changes = {"database_url": fresh_dsn, "data_dir": tmp_path, "api_port": free_port()}
    settings = load_settings(None).model_copy(update=changes)
    own, log = f"http://127.0.0.1:{settings.api_port}", tmp_path / "log"
    async with open_world(fresh_dsn, sealer) as world:
        await ensure_policies(world.pool, settings, SystemClock().now())
        with process("ui.api_server", settings, log) as api, process("graph.jobs", settings, log) as jobs:
            await answering(f"{own}/health", 200)
            async with httpx.AsyncClient(base_url=own, trust_env=False, timeout=30) as http:
                text = {"id": uuid.uuid4().hex, "from": "+15125550101", "body": "Hi, we miss calls"}
                for _ in range(2):  # the carrier sends it twice
                    assert (await http.post("/channels/sms", json=text)).status_code == 200
                await until(world, "select 1 from messages where status = 'received'")
                assert len(await world.rows("select 1 from messages")) == 1
                assert len(await world.rows("select 1 from turns where kind = 'words'")) == 1

                # The jobs process dies: the API process runs turns all the same, and says what is missing.
                jobs.send_signal(signal.SIGKILL)
                jobs.wait()
                text = {**text, "id": uuid.uuid4().hex, "body": "Dana here"}
                assert (await http.post("/channels/sms", json=text)).status_code == 200

                # A link is accepted and paid; the local provider's webhook comes over HTTP.
                (row,) = await world.rows("select session_id from sessions")
                await world.order(str(row["session_id"]))
                await world.run("update quotes set valid_until = now() + interval '1 day'")
                await world.run("update payments set expires_at = now() + interval '1 day'")
                form = {"name": "Dana Reyes", "agreed": "yes"}
                assert (await http.post("/accept/c-tok", data=form)).status_code == 303
                assert (await http.post("/pay/p-tok", data={"result": "succeeded"})).status_code == 303
                assert await world.rows("select status from payments") == [{"status": "paid"}]
                await until(world, "select 1 from inbox where turn_id like 'webhook:%%' and status = 'done'")
            with process("graph.jobs", settings, log) as second:
                await until(world, "select 1 from heartbeats where process like %s", f"%:{second.pid}")
                await until(world, "select count(*) from messages having count(*) = 2")
                for child in (api, second):
                    child.terminate()
                    assert await asyncio.to_thread(child.wait, 20) == 0
        ended = await world.rows("select process from heartbeats where process not like %s", f"%:{jobs.pid}")
        assert ended == []
    said = log.read_text()
    assert "Traceback" not in said
    assert "c-tok" not in said
    assert "5125550101" not in said
