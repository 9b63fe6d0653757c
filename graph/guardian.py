"""Ends the processes of a program that was killed and could not end them itself.

The guardian is a process of its own that reads a pipe. The program writes who is to be watched into it; when the
program is gone, however it went, the pipe closes, and the guardian ends whoever is left and frees the database.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

import psutil

from graph.settings import ROOT

_GRACE = 10.0
_FREE_DATABASE = "database"


class Guardian:
    """The program's end of the pipe."""

    def __init__(self, environment: dict[str, str], free_database: bool = False) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "graph.guardian", _FREE_DATABASE if free_database else ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=ROOT,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pipe = self._pipe()
        with suppress(BrokenPipeError):
            pipe.close()
        self._process.wait()

    def watch(self, pid: int) -> None:
        self._tell(f"+{pid}")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}")

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):  # somebody killed the guardian: the program works without
            self._pipe().write(f"{line}\n")
            self._pipe().flush()

    def _pipe(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin


def guard(pipe: IO[str], free_database: bool) -> None:
    """Watches until the pipe closes, then ends what is still watched."""
    watched: dict[int, psutil.Process] = {}
    for line in pipe:
        pid = int(line[1:])
        watched.pop(pid, None)
        if line.startswith("+"):
            with suppress(psutil.NoSuchProcess):
                watched[pid] = psutil.Process(pid)
    _end(list(watched.values()))
    if free_database:
        from graph.installation import release_database
        from graph.settings import load_settings

        release_database(load_settings())


def _end(processes: list[psutil.Process]) -> None:
    for number, patience in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, 2.0)):
        for process in processes:
            # A pid may have been given to a stranger meanwhile: psutil compares the time of its start.
            if process.is_running():
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)
        until = time.monotonic() + patience
        while time.monotonic() < until and any(_alive(process) for process in processes):
            time.sleep(0.05)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)  # it ends with its program, not before
    guard(sys.stdin, _FREE_DATABASE in sys.argv[1:])
