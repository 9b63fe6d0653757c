"""A seeded database with a desk on it, a console of its own in a process, and one Chromium for the whole run."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from streamlit.components.v2 import manifest_scanner

from domain.policy import Policy
from domain.ports import Clock
from graph.clock import FixedClock
from graph.desk import Desk
from memory.database import open_pool
from memory.sealing import Sealer
from nodes.speaking.lines import LineBook, load_lines
from tests.screens.seed import ROOT, Seeded, seed, shared_policy
from ui import bridge, identity

Db = psycopg.Connection[DictRow]
NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"][data-test-connection-state="CONNECTED"]'
_numbers = count(1)


class Book:
    """The one policy of these tests."""

    async def current(self, version: str, region: str | None, product: str | None) -> Policy:
        return shared_policy().for_session(region, product)


@lru_cache
def line_book() -> LineBook:
    path = ROOT / "policy" / "lines" / "en.yaml"
    return load_lines(path.read_text("utf-8"), str(path), {"team": "Team", "enterprise": "Enterprise"})


@asynccontextmanager
async def desk_on(dsn: str, sealer: Sealer, clock: Clock) -> AsyncIterator[Desk]:
    async with open_pool(dsn, 1, 4, name="screens") as pool:
        yield Desk(pool, sealer, clock, Book(), line_book())


# ---- databases
def copy_of(server: str, template: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return make_conninfo(server, dbname=name)


def drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def seeded(postgres_dsn: str, template_database: str, sealer: Sealer) -> Seeded:
    """What stands in the database that every test gets a copy of."""
    return seed(copy_of(postgres_dsn, template_database, "screens_template"), sealer, NOW)


@pytest.fixture
def seeded_dsn(postgres_dsn: str, seeded: Seeded) -> Iterator[str]:
    name = f"screens_{next(_numbers)}"
    yield copy_of(postgres_dsn, "screens_template", name)
    drop(postgres_dsn, name)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def desk(seeded_dsn: str, sealer: Sealer, clock: FixedClock) -> AsyncIterator[Desk]:
    async with desk_on(seeded_dsn, sealer, clock) as opened:
        yield opened


@pytest.fixture
def db(seeded_dsn: str) -> Iterator[Db]:
    """Rows as dictionaries; every statement is a commit."""
    with Db.connect(seeded_dsn, autocommit=True, row_factory=dict_row) as connection:
        yield connection


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "listens_on_loopback", lambda: True)
    # Reading the metadata of every installed package, once per page, costs more than the pages themselves.
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", list)


@pytest.fixture
def joined(seeded_dsn: str, sealer: Sealer, clock: FixedClock) -> Iterator[bridge.Bridge]:
    """The bridge of this process, with a desk on the test's database."""
    chosen = bridge.Bridge(lambda: desk_on(seeded_dsn, sealer, clock))
    bridge.use(chosen)
    yield chosen
    bridge.use(None)
    chosen.close()


# ---- a console in a process of its own, as `python -m ui.server` starts it
@dataclass(frozen=True, slots=True)
class Console:
    url: str
    dsn: str
    seeded: Seeded
    sealer: Sealer

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def announce(self, name: str) -> None:
        """What a runner says after a commit."""
        self.run("select pg_notify('throughline_change', %s)", f'{{"session": "{self.seeded.sessions[name]}"}}')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(dsn: str, port: int, folder: Path) -> dict[str, str]:
    key = base64.b64encode(bytes(range(32))).decode()
    return {
        **os.environ,
        "THROUGHLINE_DATABASE_URL": dsn,
        "THROUGHLINE_DATA_KEY": f"test:{key}",
        "THROUGHLINE_DATA_DIR": str(folder),
        "THROUGHLINE_CONSOLE_PORT": str(port),
        "THROUGHLINE_API_PORT": "8502",
    }


@pytest.fixture(scope="session")
def console(
    postgres_dsn: str, template_database: str, sealer: Sealer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """Requests stay open for long: a slow machine must not run out of their time."""
    dsn = copy_of(postgres_dsn, template_database, "screens_console")
    here = seed(dsn, sealer, datetime.now(UTC), minutes=44)
    port, folder = free_port(), tmp_path_factory.mktemp("console")
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ui.server"], cwd=ROOT, env=environment(dsn, port, folder), stdout=log, stderr=log
        )
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/ready", process, folder / "console.log")
            yield Console(f"http://127.0.0.1:{port}", dsn, here, sealer)
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            if process.poll() is None:
                process.kill()
                process.wait(5)
            drop(postgres_dsn, "screens_console")


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, log.read_text("utf-8")
        with suppress(urllib.error.URLError, ConnectionError, TimeoutError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8"))


# ---- a browser
@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One Chromium; where there is none the tests are skipped, or fail with REQUIRE_BROWSER=1.

    Per module, because playwright's loop runs in this thread until it is closed, and other tests need a loop too.
    """
    if not CHROMIUM:
        reason = "no Chromium: install Debian's chromium, or set CHROMIUM to its path"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def desktop(chromium: Any) -> Iterator[Any]:
    """One context keeps the cache: only the first page pays for the JavaScript."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(30_000)
    yield context
    context.close()


class Tab:
    """A page of the console that knows when it is settled, and what it asked other hosts for."""

    def __init__(self, page: Any, console: Console) -> None:
        self.page, self.console = page, console
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self._policy(said.text))
        page.on("request", lambda request: self._asked(request.url))

    def _policy(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.console.url, "data:", "blob:", self.console.url.replace("http", "ws"))):
            self.strangers.append(url)

    def open(self, path: str = "") -> Any:
        self.page.goto(f"{self.console.url}/{path}", wait_until="domcontentloaded")
        self.settle()
        return self.page

    def settle(self) -> None:
        """A run has ended and nothing is queued: the page says so itself."""
        self.page.wait_for_selector(SETTLED, timeout=60_000)


@pytest.fixture
def tab(desktop: Any, console: Console) -> Iterator[Tab]:
    opened = Tab(desktop.new_page(), console)
    yield opened
    opened.page.close()
    assert opened.errors == [] and opened.strangers == []


@pytest.fixture
def phone(chromium: Any, console: Console) -> Iterator[Tab]:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(30_000)
    opened = Tab(context.new_page(), console)
    yield opened
    context.close()
    assert opened.errors == [] and opened.strangers == []
