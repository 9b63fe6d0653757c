"""The supervisor and its guardian: what dies is started again, and nothing outlives them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from domain.errors import BadInput
from graph.guardian import Guardian
from graph.process_log import ProcessLog
from graph.processes import Program, StartFailed, Supervisor, read_procfile
from graph.settings import ROOT, child_environment

STAYS = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + STAYS
WITH_CHILD = "import subprocess, sys; subprocess.Popen(['sleep', '61']);" + STAYS
DIES = "print('no such column: moon'); raise SystemExit(3)"


def program(name: str, code: str) -> Program:
    return Program(name, (sys.executable, "-c", code))


def supervisor(folder: Path, guardian: Guardian, *programs: Program) -> Supervisor:
    said: list[str] = []
    return Supervisor(programs, child_environment({}), folder, said.append, guardian, cwd=ROOT)


def pids(log: Path) -> list[int]:
    if not log.exists():
        return []
    return [int(line.split()[-1]) for line in log.read_text().splitlines() if " pid " in line]


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def until(what: Callable[[], object], patience: float = 10) -> None:
    async with asyncio.timeout(patience):
        while not what():
            await asyncio.sleep(0.02)


def test_the_procfile_is_read_with_this_python(tmp_path: Path) -> None:
    procfile = tmp_path / "Procfile"
    procfile.write_text("# ours\n\nweb: python -m a.b --x 'y z'\nother: sleep 1\n")
    assert read_procfile(procfile) == [
        Program("web", (sys.executable, "-m", "a.b", "--x", "y z")),
        Program("other", ("sleep", "1")),
    ]
    procfile.write_text("just words\n")
    with pytest.raises(BadInput, match="line 1"):
        read_procfile(procfile)
    names = ["console", "api", "jobs", "media", "voice", "standby"]
    assert [each.name for each in read_procfile(ROOT / "Procfile")] == names


async def test_a_killed_process_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    with Guardian(child_environment({})) as guardian:
        both = supervisor(tmp_path, guardian, program("one", STAYS), program("two", WITH_CHILD))
        running = asyncio.create_task(both.run())
        one, two = tmp_path / "one.log", tmp_path / "two.log"
        await until(lambda: pids(one) and pids(two))
        os.kill(pids(one)[0], signal.SIGKILL)
        await until(lambda: len(pids(one)) == 2)
        grandchild = psutil.Process(pids(two)[0]).children()[0]
        both.stop()
        await running
        await until(lambda: all(gone(pid) for pid in [*pids(one), *pids(two), grandchild.pid]))


async def test_a_process_that_never_comes_up_ends_the_run_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.processes._FIRST_PAUSE", 0.01)
    with Guardian(child_environment({})) as guardian:
        both = supervisor(tmp_path, guardian, program("fine", STAYS), program("broken", DIES))
        with pytest.raises(StartFailed, match=r"broken does not start \(code 3\)[^$]*no such column: moon"):
            await both.run()
        assert all(gone(pid) for pid in pids(tmp_path / "fine.log"))


async def test_a_process_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.processes._GRACE", 0.3)
    with Guardian(child_environment({})) as guardian:
        one = supervisor(tmp_path, guardian, program("one", STUBBORN))
        running = asyncio.create_task(one.run())
        await until(lambda: pids(tmp_path / "one.log"))
        one.stop()
        await asyncio.wait_for(running, 5)
        assert gone(pids(tmp_path / "one.log")[0])


def test_a_killed_program_leaves_no_process_behind(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from pathlib import Path
from graph.guardian import Guardian
from graph.processes import Program, Supervisor
from graph.settings import ROOT, child_environment
programs = [Program("one", (sys.executable, "-c", {WITH_CHILD!r})), Program("two", (sys.executable, "-c", {STAYS!r}))]
with Guardian(child_environment({{}})) as guardian:
    asyncio.run(Supervisor(programs, child_environment({{}}), Path({str(tmp_path)!r}), print, guardian, ROOT).run())
"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    late = time.monotonic() + 20
    while not (pids(one) and pids(two)) and time.monotonic() < late:
        time.sleep(0.02)
    left = [*pids(one), *pids(two), psutil.Process(pids(one)[0]).children()[0].pid]
    child.kill()
    child.wait()
    while not all(gone(pid) for pid in left) and time.monotonic() < late:
        time.sleep(0.02)
    assert [pid for pid in left if not gone(pid)] == []


async def test_the_log_is_bounded_and_survives_endless_lines(tmp_path: Path) -> None:
    stream = asyncio.StreamReader(limit=1024)
    stream.feed_data(b"first \xff\n" + b"x" * 5000 + b"\n" + b"last\n")
    stream.feed_eof()
    with ProcessLog(tmp_path / "logs" / "one.log") as log:
        await log.follow(stream)
        assert log.tail().splitlines()[0] == "first \ufffd"
        assert log.tail().splitlines()[-1] == "last"
    with ProcessLog(tmp_path / "logs" / "two.log", longest=200) as log:
        for number in range(50):
            log.write(f"line {number}")
    sizes = {path.name: path.stat().st_size for path in (tmp_path / "logs").iterdir()}
    assert set(sizes) == {"one.log", "two.log", "two.log.1"}
    assert max(sizes["two.log"], sizes["two.log.1"]) < 300
