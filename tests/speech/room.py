"""A LiveKit server on loopback for the demo caller's tests; where there is none they are skipped with the reason."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from graph.media import binary, config
from tools.rooms import RoomServer, buyers_token

_START_S = 20.0


def server_program() -> Path:
    if found := binary.find():
        return found
    if os.environ.get("REQUIRE_ROOMS") == "1":
        return binary.find_or_build(print)
    pytest.skip("no livekit-server on PATH or in the cache")


@contextmanager
def running(folder: Path) -> Iterator[RoomServer]:
    with ExitStack() as held:
        place = config.choose("127.0.0.1", held)
        command = [str(server_program()), "--config", str(_config(folder, place))]
        with (folder / "livekit.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            server = RoomServer(place.url, place.key, place.secret)
            late = time.monotonic() + _START_S
            while not _answers(server):
                assert process.poll() is None and time.monotonic() < late, (folder / "livekit.log").read_text()
                time.sleep(0.05)
            yield server
        finally:
            process.terminate()
            process.wait(15)


def _config(folder: Path, place: config.MediaServer) -> Path:
    """The program's own file, without its server for addresses: on loopback nobody need ask for theirs."""
    path = config.write(folder, place)
    content = yaml.safe_load(path.read_text())
    content["rtc"].pop("stun_servers", None)
    path.write_text(yaml.safe_dump(content))
    return path


def _answers(server: RoomServer) -> bool:
    try:
        return httpx.get(server.http, timeout=1, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def access(server: RoomServer, room: str, who: str) -> tuple[str, str]:
    return server.url, buyers_token(server, room, who, datetime.now(UTC))
