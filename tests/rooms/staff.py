"""The processes behind a call, as `throughline run` starts them: a worker that is watched over, and a reconciler."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from graph.bootstrap import World, open_world
from graph.calling import CallDesk, call_desk
from graph.guardian import Guardian
from graph.media.readiness import readiness
from graph.policy_book import ensure_policies
from graph.processes import Program, Supervisor
from graph.reconciling import Reconciler
from graph.settings import ROOT, Settings, child_environment, load_settings
from tests.rooms.server import LiveKit

_START_S = 90.0
KEY = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@dataclass(slots=True)
class Staff:
    """`scripts` is where the recogniser reads what it hears: see `heard`."""

    world: World
    desk: CallDesk
    scripts: Path
    log: Path
    supervisor: Supervisor
    started_s: float  # how long a worker's start takes here and now
    said: list[str] = field(default_factory=list[str])

    def heard(self, call_id: str, *lines: str) -> None:
        """What the next utterances of a call will be taken for."""
        with (self.scripts / f"{call_id}.jsonl").open("a") as script:
            for line in lines:
                script.write(f'{{"text": "{line}"}}\n')

    def worker(self) -> psutil.Process:
        process = self.supervisor._lives["voice"].process
        assert process
        return psutil.Process(process.pid)

    def jobs(self) -> list[psutil.Process]:
        """The processes that are on a call: who is in a room has sockets for its media."""
        return [each for each in self.worker().children(recursive=True) if each.net_connections("udp")]


def settings_of(dsn: str, server: LiveKit, folder: Path, voice_port: int, **more: Any) -> Settings:
    """Reads the environment as a process does that is given these changes."""
    changes: dict[str, Any] = {
        "database_url": dsn,
        "data_key": KEY,
        "data_dir": str(folder / "data"),
        "voice_port": str(voice_port),
        "stt": "scripted",
        "stt_script": str(folder / "scripts"),
        "tts": "tests.voice.audio.Tone",
        "tts_options": {"per_word_s": 0.05},  # nobody has to understand it
        "policy_label": "local",
        "voice_cpu": 1.0,  # other tests may be busy: no call is shed for them
        **{name.removeprefix("THROUGHLINE_").lower(): value for name, value in server.environment().items()},
        **more,
    }
    (folder / "scripts").mkdir(exist_ok=True)
    return load_settings(None).model_validate({**load_settings(None).model_dump(), **changes})


def environment_of(settings: Settings) -> dict[str, str]:
    """The same settings for a process."""
    names = ["database_url", "data_dir", "voice_port", "stt_script", "livekit_url", "policy_label"]
    names += ["api_port", "console_port", "voice_ready", "voice_cpu"]
    key, secret = settings.livekit_api_key, settings.livekit_api_secret
    assert key and secret and settings.data_key
    secrets = {
        "livekit_api_key": key.get_secret_value(),
        "livekit_api_secret": secret.get_secret_value(),
        "data_key": settings.data_key.get_secret_value(),
    }
    lists = {"tts_options": json.dumps(settings.tts_options)} if settings.tts_options else {}
    lists |= {"stt": ",".join(settings.stt), "tts": ",".join(settings.tts)}
    return child_environment({**{name: str(getattr(settings, name)) for name in names}, **secrets, **lists}) | {
        "PYTHONPATH": str(ROOT)  # the tests' voice is one of theirs
    }


@asynccontextmanager
async def at_work(settings: Settings, folder: Path) -> AsyncGenerator[Staff]:
    """Until a worker is ready; it is started again when it dies, as it is for real."""
    said: list[str] = []
    began = time.monotonic()
    environment = environment_of(settings)
    with Guardian(environment) as guardian:
        command = (sys.executable, "-m", "graph.media.worker")
        programs = [Program("voice", command), Program("standby", (*command, "--standby"))]
        supervisor = Supervisor(programs, environment, folder, said.append, guardian, cwd=ROOT)
        running = asyncio.create_task(supervisor.run())
        try:
            async with open_world(settings) as world, call_desk(world) as desk:
                assert desk and settings.stt_script
                await ensure_policies(world.pool, settings, world.clock.now())
                stop = asyncio.Event()
                watching = asyncio.create_task(Reconciler(desk.calls, desk.rooms, world.clock, desk.agent).run(stop))
                try:
                    await ready(settings, folder / "voice.log")
                    took = time.monotonic() - began
                    yield Staff(world, desk, settings.stt_script, folder / "voice.log", supervisor, took, said)
                finally:
                    stop.set()
                    await watching
        finally:
            supervisor.stop()
            await running


async def ready(settings: Settings, log: Path) -> None:
    async with asyncio.timeout(_START_S):
        while not (found := await asyncio.to_thread(readiness, settings)).ready:
            await asyncio.sleep(0.1)
            assert "Traceback" not in (log.read_text() if log.exists() else ""), (found.text, log.read_text()[-3000:])
