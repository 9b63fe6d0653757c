"""The worker before a server: it registers, takes calls until it is full, sheds load, and drains without a cut."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from graph.settings import ROOT, child_environment
from livekit.job_metadata import dispatch_metadata
from tests.voice.dispatch import KEY, SECRET, DispatchServer, dispatching


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Worker:
    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    metrics: int

    def notes(self) -> list[str]:
        path = self.folder / "notes"
        return path.read_text().splitlines() if path.exists() else []

    async def noted(self, what: str, times: int = 1, timeout: float = 30) -> list[str]:
        async with asyncio.timeout(timeout):
            while len(found := [line for line in self.notes() if line.startswith(what)]) < times:
                assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
                await asyncio.sleep(0.05)
        return found

    def end(self, job_id: str) -> None:
        (self.folder / f"end-{job_id}").touch()

    async def get(self, port: int, path: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def working(server: DispatchServer, folder: Path) -> AsyncGenerator[Worker]:
    port, metrics = free_port(), free_port()
    changes = {
        "livekit_url": server.url,
        "livekit_api_key": KEY,
        "livekit_api_secret": SECRET,
        "livekit_agent": "seller",
        "voice_port": str(port),
        "voice_metrics_port": str(metrics),
        "voice_calls": "2",
        "voice_ready": "1",
    }
    environment = {**child_environment(changes), "DISPATCHED": str(folder)}
    command = [sys.executable, "-W", "ignore", "-m", "livekit.agents", "start", "tests/voice/dispatched.py"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        async with asyncio.timeout(60):
            while not server.registered.is_set():
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
                await asyncio.sleep(0.05)
        yield Worker(process, folder, port, metrics)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


async def test_a_worker_takes_calls_until_it_is_full_and_drains(tmp_path: Path) -> None:
    async with dispatching() as server, working(server, tmp_path) as worker:
        assert server.name == "seller"
        await worker.noted("warm")
        assert await worker.get(worker.port, "/") == (200, "OK")
        assert "lk_agents_worker_load" in (await worker.get(worker.metrics, "/metrics"))[1]

        refused = await server.offer("stray", "{}")
        assert not refused.available and refused.terminate, "a job that names no call is nobody's"

        first = await server.offer("one", dispatch_metadata("call-1"))
        assert first.available and first.participant_identity.startswith("agent-")
        (began,) = await worker.noted("began one")
        assert began.split()[2:] == ["call-1", "True", first.participant_identity]
        second = await server.offer("two", dispatch_metadata("call-2"))
        assert second.available and second.participant_identity != first.participant_identity
        await worker.noted("began two")

        await server.until_status("WS_FULL")
        assert not (await server.offer("three", dispatch_metadata("call-3"))).available
        worker.end("one")
        await worker.noted("ended one")
        await server.until_status("WS_AVAILABLE")
        (tmp_path / "load").write_text("0.95")
        await server.until_status("WS_FULL")
        assert not (await server.offer("four", dispatch_metadata("call-4"))).available
        (tmp_path / "load").unlink()
        await server.until_status("WS_AVAILABLE")

        worker.process.send_signal(signal.SIGTERM)
        await server.until_status("WS_FULL")
        assert not (await server.offer("five", dispatch_metadata("call-5"))).available
        await asyncio.sleep(0.5)
        assert worker.process.poll() is None, "a call goes on while the worker drains"
        worker.end("two")
        assert await asyncio.to_thread(worker.process.wait, 30) == 0
        assert [line for line in worker.notes() if line.startswith("ended")] == ["ended one", "ended two"]


async def test_a_worker_that_lost_its_server_registers_again_and_keeps_its_call(tmp_path: Path) -> None:
    async with dispatching() as server, working(server, tmp_path) as worker:
        assert (await server.offer("one", dispatch_metadata("call-1"))).available
        await worker.noted("began one")
        await server.cut()
        async with asyncio.timeout(30):
            await server.registered.wait()
        assert server.registrations == 2 and worker.process.poll() is None
        worker.end("one")
        await worker.noted("ended one")
