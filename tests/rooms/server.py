"""A LiveKit server of a test's own: configured as the program configures its own, and killed and restarted at will."""

import os
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from graph.calling import room_server
from graph.media import binary, config
from graph.media.readiness import server_answers
from graph.settings import Settings
from tools.rooms import RoomServer

_START_S, _STOP_S = 20.0, 2.0


def path_of_server() -> Path:
    """Found or, where rooms are required, built; otherwise the test is skipped with the reason."""
    if found := binary.find():
        return found
    if os.environ.get("REQUIRE_ROOMS") != "1":
        pytest.skip("no livekit-server on PATH or in the cache: make test builds one, and so does make run")
    return binary.find_or_build(print)


class LiveKit:
    """One server with ports and keys of its own; those stay through its restarts."""

    def __init__(self, path: Path, folder: Path, held: ExitStack) -> None:
        self._path, self._log = path, folder / "livekit.log"
        self.place = config.choose("127.0.0.1", held)
        self._config = config.write(folder, self.place)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._path), "--config", str(self._config)], stdout=log, stderr=log, start_new_session=True
            )
        late = time.monotonic() + _START_S
        while not server_answers(self.settings()):
            assert self._process.poll() is None and time.monotonic() < late, self._log.read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:  # it waits for people who are still in a room
                self._process.kill()
                self._process.wait(15)

    def environment(self) -> dict[str, str]:
        """The settings of a process that uses this server."""
        names = {"URL": self.place.url, "API_KEY": self.place.key, "API_SECRET": self.place.secret}
        return {f"THROUGHLINE_LIVEKIT_{name}": value for name, value in names.items()}

    def settings(self) -> Settings:
        access = {
            "livekit_url": self.place.url,
            "livekit_api_key": SecretStr(self.place.key),
            "livekit_api_secret": SecretStr(self.place.secret),
        }
        return Settings(_env_file=None).model_copy(update=access)  # pyright: ignore[reportCallIssue]

    def rooms(self) -> RoomServer:
        server = room_server(self.settings())
        assert server
        return server

    @property
    def process(self) -> psutil.Process:
        assert self._process
        return psutil.Process(self._process.pid)

    def listening(self) -> list[tuple[str, int]]:
        """Every address on which it waits for somebody."""
        found = self.process.net_connections("inet")
        return [
            (each.laddr.ip, each.laddr.port) for each in found if each.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
        ]


@contextmanager
def running(folder: Path) -> Generator[LiveKit]:
    with ExitStack() as held:
        server = LiveKit(path_of_server(), folder, held)
        server.start()
        try:
            yield server
        finally:
            server.stop()
