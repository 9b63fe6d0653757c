"""Runs a piece of work in a process of its own that begins warm, leaves nothing behind, and may die."""

import os
import pickle
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """How a child ended: with a value, with a fault in words, or killed by a signal."""

    value: T | None = None
    fault: str = ""
    signal: int = 0

    @property
    def killed(self) -> bool:
        return self.signal == signal.SIGKILL


@dataclass(slots=True)
class Child(Generic[T]):
    """A running child; `ended` waits for it."""

    pid: int
    pipe: int
    patience: float

    def end(self) -> None:
        """At once; a child that has ended already is only collected."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.pipe)

    def ended(self) -> Ended[T]:
        data, late = _read(self.pipe, time.monotonic() + self.patience)
        if late:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        if late:
            return Ended(fault=f"no end after {self.patience:.0f} s")
        if os.WIFSIGNALED(status):
            return Ended(signal=os.WTERMSIG(status))
        if not data:
            return Ended(fault=f"the process ended with code {os.WEXITSTATUS(status)} and said nothing")
        value, fault = pickle.loads(data)  # noqa: S301  # written by our own child a moment ago
        return Ended(value, fault)


def start(work: Callable[[], T], patience: float = 60.0) -> Child[T]:
    """Fork and do the work there. The caller must hold no connection and run no thread."""
    read, write = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        _in_child(work, write)
    os.close(write)
    return Child(pid, read, patience)


def in_child(work: Callable[[], T], patience: float = 60.0) -> Ended[T]:
    return start(work, patience).ended()


def _in_child(work: Callable[[], Any], pipe: int) -> NoReturn:
    """Never returns: no clean-up of the parent's may run a second time here."""
    code = 0
    try:
        answer = pickle.dumps((work(), ""))
    except BaseException as fault:  # noqa: BLE001  # the edge of the process: the parent is told
        answer, code = pickle.dumps((None, _in_words(fault))), 1
    try:
        with os.fdopen(pipe, "wb") as stream:
            stream.write(answer)
    finally:
        os._exit(code)


def _in_words(fault: BaseException) -> str:
    """The fault and where it happened, innermost frames of our own code last."""
    frames = traceback.extract_tb(fault.__traceback__)[-4:]
    where = " < ".join(f"{os.path.relpath(frame.filename)}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(fault).__name__}: {fault} ({where})"


def _read(pipe: int, until: float) -> tuple[bytes, bool]:
    """What the child wrote until it closed its end; and whether the time was up first."""
    parts: list[bytes] = []
    try:
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                return b"", True
            part = os.read(pipe, 1 << 20)
            if not part:
                return b"".join(parts), False
            parts.append(part)
    finally:
        os.close(pipe)
