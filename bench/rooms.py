"""Rooms for benchmarks of calls: a LiveKit server and workers with settings of their own, and a caller's way in."""

import asyncio
import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from graph.media import binary, config
from graph.media.readiness import readiness, server_answers
from graph.settings import ROOT, Settings, child_environment, load_settings

_START_S, _STOP_S = 240.0, 2.0
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ground:
    """What all programs of one benchmark share."""

    dsn: str
    home: Path
    place: config.MediaServer
    media: int  # the LiveKit server's process
    key: str

    @staticmethod
    def port() -> int:
        """One that is free now: the program that gets it claims it itself."""
        with socket.socket() as probe:
            probe.bind((_HOST, 0))
            return probe.getsockname()[1]

    def folder(self, name: str) -> Path:
        made = self.home / name
        made.mkdir(exist_ok=True)
        made.chmod(0o711)
        return made

    def values(self, name: str, **changes: Any) -> dict[str, Any]:
        """Settings of a program of that name, with its own data folder and ports."""
        place = self.place
        return {
            "database_url": self.dsn,
            "data_key": self.key,
            "data_dir": str(self.folder(name)),
            "voice_port": str(self.port()),
            "livekit_url": place.url,
            "livekit_api_key": place.key,
            "livekit_api_secret": place.secret,
            "livekit_agent": name,
            "stt_script": str(self.folder("scripts")),
            "policy_label": "local",
            **changes,
        }

    def heard(self, call_id: str, words: str) -> None:
        """What a scripted recogniser takes the next utterance of a call for."""
        with (self.folder("scripts") / f"{call_id}.jsonl").open("a") as script:
            script.write(json.dumps({"text": words}) + "\n")


def settings_of(values: dict[str, Any]) -> Settings:
    return load_settings(None).model_validate({**load_settings(None).model_dump(), **values})


def _environment(values: dict[str, Any]) -> dict[str, str]:
    as_text = {name: json.dumps(v) if isinstance(v, dict) else str(v) for name, v in values.items()}
    return child_environment(as_text) | {"PYTHONPATH": str(ROOT)}


def server_at_hand() -> Path | None:
    return binary.find()


@contextmanager
def ground(dsn: str, home: Path) -> Generator[Ground]:
    """With a LiveKit server of its own, built where there is none."""
    path = binary.find_or_build(lambda text: print(text, file=sys.stderr))
    with ExitStack() as held:
        place = config.choose(_HOST, held)
        folder = home / "livekit"
        process = _started([str(path), "--config", str(config.write(folder, place))], None, folder / "livekit.log")
        held.callback(_stop, process)
        key = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        made = Ground(dsn, home, place, process.pid, key)
        settings = settings_of(made.values("ground"))
        late = time.monotonic() + _START_S
        while not server_answers(settings):
            assert process.poll() is None and time.monotonic() < late, (folder / "livekit.log").read_text()
            time.sleep(0.05)
        yield made


@asynccontextmanager
async def worker(values: dict[str, Any], command: Sequence[str] = ("-m", "graph.media.worker")) -> AsyncGenerator[int]:
    """A voice worker with these settings, known to the server; gives its process."""
    settings = settings_of(values)
    log = settings.data_dir / "worker.log"
    process = _started([sys.executable, *command], _environment(values), log)
    try:
        await _until_ready(settings, process, log)
        yield process.pid
    finally:
        await asyncio.to_thread(_stop, process)


@asynccontextmanager
async def installation(values: dict[str, Any]) -> AsyncGenerator[None]:
    """What a sale needs of `throughline run`: the buyers' pages, the jobs, and the voice worker."""
    settings = settings_of(values)
    logs = {name: settings.data_dir / f"{name}.log" for name in ("ui.api_server", "graph.jobs", "graph.media.worker")}
    running: list[subprocess.Popen[bytes]] = []
    try:
        for name, log in logs.items():
            running.append(_started([sys.executable, "-m", name], _environment(values), log))
        await _until_ready(settings, running[-1], logs["graph.media.worker"])
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(_stop, process) for process in running))


async def _until_ready(settings: Settings, process: subprocess.Popen[bytes], log: Path) -> None:
    def ready() -> bool:
        assert process.poll() is None, log.read_text()[-3000:]
        return readiness(settings).ready

    await until(ready, _START_S)


async def until(met: Callable[[], bool], seconds: float) -> None:
    """It is asked off the loop. Raises TimeoutError."""
    late = time.monotonic() + seconds
    while not await asyncio.to_thread(met):
        if time.monotonic() > late:
            raise TimeoutError
        await asyncio.sleep(0.1)


def _started(command: list[str], environment: dict[str, str] | None, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip


def _stop(process: subprocess.Popen[bytes]) -> None:
    """A worker would wait for as long as its calls last."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_S)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def tree(pid: int) -> list[psutil.Process]:
    """A process and everything that it started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []
