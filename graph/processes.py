"""Runs the processes of the Procfile as one program: starts, watches, restarts and stops them."""

import asyncio
import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import BadInput, ThroughlineError
from graph.guardian import Guardian
from graph.process_log import ProcessLog

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_STEADY = 20.0  # seconds of life after which a death is an accident and not a failed start
_FAILED_STARTS = 5
_GRACE = 12.0


class StartFailed(ThroughlineError):
    """A process keeps dying before it ever ran; its last lines are in the message."""


@dataclass(frozen=True, slots=True)
class Program:
    """One line of the Procfile."""

    name: str
    command: tuple[str, ...]


def read_procfile(path: Path) -> list[Program]:
    """The programs in order; `python` means the Python that runs this."""
    programs: list[Program] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        words = shlex.split(command)
        if not colon or not name.isidentifier() or not words:
            raise BadInput(f"{path.name} line {number}", f"{line!r} is not a process", "Write it as name: command.")
        words[0] = sys.executable if words[0] == "python" else words[0]
        programs.append(Program(name, tuple(words)))
    return programs


@dataclass(slots=True)
class _Life:
    """How one program is doing."""

    process: asyncio.subprocess.Process | None = None
    started: float = 0.0
    quick_deaths: int = 0
    ran_well: bool = False


@dataclass(slots=True)
class Supervisor:
    """Keeps the programs running until it is told to stop; then none of them is left.

    A program that is named in `spare` may fail for ever: the others are worth having without it.
    """

    programs: Sequence[Program]
    environment: Mapping[str, str]
    log_dir: Path
    say: Callable[[str], None]
    guardian: Guardian
    cwd: Path
    spare: frozenset[str] = frozenset()
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _lives: dict[str, _Life] = field(default_factory=dict[str, _Life])

    def stop(self) -> None:
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    async def pause(self, seconds: float) -> bool:
        """Waits; says whether the time passed without a call to stop."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False

    async def run(self) -> None:
        """Returns after `stop`; raises StartFailed where a program never comes up."""
        keepers = [asyncio.create_task(self._keep(program), name=program.name) for program in self.programs]
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            done, _ = await asyncio.wait([*keepers, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopped}:
                task.result()
        finally:
            self._stopping.set()
            stopped.cancel()
            await asyncio.gather(*(self._end(life) for life in self._lives.values()))
            await asyncio.gather(*keepers, return_exceptions=True)

    async def _keep(self, program: Program) -> None:
        life = self._lives.setdefault(program.name, _Life())
        pause = _FIRST_PAUSE
        with ProcessLog(self.log_dir / f"{program.name}.log") as log:
            while not self.stopping:
                code = await self._live(program, life, log)
                if self.stopping:
                    return
                if time.monotonic() - life.started >= _STEADY:
                    life.ran_well, life.quick_deaths, pause = True, 0, _FIRST_PAUSE
                life.quick_deaths += 1
                if life.quick_deaths >= _FAILED_STARTS and not life.ran_well and program.name not in self.spare:
                    raise StartFailed(f"{program.name} does not start (code {code}). Its last lines:\n{log.tail()}")
                if program.name not in self.spare or life.quick_deaths <= _FAILED_STARTS:  # need not be told for ever
                    self.say(f"{program.name} ended with code {code}, starting it again (see {log.path})")
                await self.pause(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _live(self, program: Program, life: _Life, log: ProcessLog) -> int:
        """One life of a process, from its start to its end."""
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self.environment,
            cwd=self.cwd,
            limit=1 << 20,
            start_new_session=True,  # Ctrl-C reaches us alone, and whatever it starts ends with it
        )
        life.process, life.started = process, time.monotonic()
        self.guardian.watch(process.pid)
        try:
            if self.stopping:  # asked to stop while it was being started
                await self._end(life)
            following = asyncio.create_task(log.follow(process.stdout))
            code = await process.wait()
            _signal_group(process.pid, signal.SIGKILL)  # what it started must not outlive it, nor hold its output open
            await following
            return code
        finally:
            self.guardian.forget(process.pid)

    async def _end(self, life: _Life) -> None:
        process = life.process
        if process is None or process.returncode is not None:
            return
        _signal_group(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _GRACE)
        except TimeoutError:
            _signal_group(process.pid, signal.SIGKILL)
            await process.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return
