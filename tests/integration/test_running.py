"""`throughline run` as an operator meets it: started, hurt, stopped, killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from graph.doctor import State, report
from graph.settings import ROOT, child_environment
from memory.embedded import running_dsn

CONSOLE = """
import http.server, os, sys
print("pid", os.getpid(), flush=True)
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["THROUGHLINE_DATA_DIR"].encode())
http.server.HTTPServer(("127.0.0.1", int(os.environ["THROUGHLINE_CONSOLE_PORT"])), Page).serve_forever()
"""
RUN = "import sys; from pathlib import Path; from graph import cli, running; sys.exit(running.run(Path(sys.argv[1])))"


class Run:
    """One `throughline run` on a data folder, with a console that only says which folder that is."""

    def __init__(self, home: Path) -> None:
        self.data = home / "data"
        (home / "console.py").write_text(CONSOLE)
        procfile = home / "Procfile"
        procfile.write_text(f"console: python {home / 'console.py'}\njobs: sleep 300\n")
        environment = child_environment({"data_dir": str(self.data)})
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(procfile)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.printed: list[str] = []

    def address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed.append(line)
            if match := re.search(r"ready: open (\S+)", line):
                return match[1]
        raise AssertionError("".join(self.printed))

    def rest(self) -> str:
        return "".join(self.printed) + self.process.communicate(timeout=30)[0]

    def left(self) -> list[psutil.Process]:
        """Processes that work on this data folder."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter(["cmdline", "status"]):
            words: Any = process.info["cmdline"] or []
            if str(self.data.parent) in " ".join(words) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found


@contextmanager
def started(home: Path) -> Iterator[Run]:
    run = Run(home)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.terminate()
        run.process.communicate(timeout=30)


def eventually(what: Callable[[], object], patience: float = 20) -> None:
    late = time.monotonic() + patience
    while not what():
        assert time.monotonic() < late, "it did not happen"
        time.sleep(0.05)


def page(address: str) -> str | None:
    try:
        return httpx.get(address, trust_env=False).text
    except httpx.HTTPError:
        return None


def test_two_folders_are_served_side_by_side_and_one_folder_only_once(
    make_server_folder: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(started(make_server_folder())) for _ in range(2))
        addresses = [first.address(), second.address()]
        assert [page(address) for address in addresses] == [str(first.data), str(second.data)]

        with started(first.data.parent) as third:
            assert f"runs in {first.data} already: open {addresses[0]}" in third.rest()
            assert third.process.returncode == 1

        monkeypatch.setenv("THROUGHLINE_DATA_DIR", str(first.data))
        found = {finding.subject: finding for finding in report()}
        assert [name for name, finding in found.items() if finding.state is State.PROBLEM] == []
        assert found["migrations"].text == "all applied"
        assert found["policy"].state is State.GOOD

        first.process.send_signal(signal.SIGTERM)
        assert "throughline: stopped" in first.rest()
        assert first.process.returncode == 0
        assert first.left() == []
        assert page(addresses[1]) == str(second.data)


def test_console_and_database_are_killed_and_come_back(make_server_folder: Callable[[], Path]) -> None:
    with started(make_server_folder()) as run:
        address = run.address()
        log = run.data / "logs" / "console.log"
        os.kill(int(re.findall(r" pid (\d+)", log.read_text())[0]), signal.SIGKILL)
        server = psutil.Process(int((run.data / "postgres" / "postmaster.pid").read_text().split()[0]))
        server.kill()
        eventually(lambda: page(address) == str(run.data))
        eventually(lambda: running_dsn(run.data / "postgres"))
        run.process.send_signal(signal.SIGINT)
        assert "console ended with code -9" in run.rest()
        assert run.left() == []


def test_a_killed_run_leaves_nothing_running_and_can_be_started_again(make_server_folder: Callable[[], Path]) -> None:
    home = make_server_folder()
    with started(home) as run:
        run.address()
        run.process.kill()
        eventually(lambda: run.left() == [])
    with started(home) as again:
        again.address()
        assert json.loads((again.data / "running.json").read_text())["console"]
        dsn = running_dsn(again.data / "postgres")
        assert dsn
        with psycopg.connect(dsn) as connection:
            row = connection.execute("select count(*) from policy_activations").fetchone()
            assert row is not None and row[0] == 1


def test_a_command_that_started_the_database_stops_it_again(make_server_folder: Callable[[], Path]) -> None:
    """A talk in a terminal leaves no server behind; one that runs for somebody else stays."""
    data = make_server_folder() / "data"
    command = [sys.executable, "-m", "graph.cli", "talk", "--as", "+1 614 555 0198", "--channel", "chat"]
    environment = child_environment({"data_dir": str(data)})
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input="hello\n", capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0 and done.stdout.count("agent:") >= 2, done.stdout + done.stderr
    assert (data / "postgres" / "PG_VERSION").exists() and not (data / "postgres" / "postmaster.pid").exists()
