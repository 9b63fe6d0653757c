"""Keeps what a process prints: time-stamped in a file that does not grow without bound, the last lines at hand."""

import asyncio
from collections import deque
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import IO

from graph.clock import SystemClock

_LONGEST_FILE = 10 * 1024 * 1024
_TAIL_LINES = 30


class ProcessLog(AbstractContextManager["ProcessLog"]):
    """One log file per process; the one before it is kept as `.1`."""

    def __init__(self, path: Path, longest: int = _LONGEST_FILE) -> None:
        self.path = path
        self._longest = longest
        self._clock = SystemClock()
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._file: IO[str] | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()
            self._file = None

    async def follow(self, stream: asyncio.StreamReader | None) -> None:
        """Writes every line until the process closes its output."""
        while stream is not None:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the stream's limit: what was read of it is dropped by asyncio
                self.write("(a line of over a million characters was left out)")
                continue
            if not line:
                return
            self.write(line.decode("utf-8", "replace").rstrip())

    def write(self, line: str) -> None:
        self._tail.append(line)
        file = self._open()
        file.write(f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%f}Z {line}\n")
        file.flush()

    def tail(self) -> str:
        return "\n".join(self._tail) or "(it printed nothing)"

    def _open(self) -> IO[str]:
        if self._file and self._file.tell() > self._longest:
            self._file.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            self._file = None
        if self._file is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8")
        return self._file
