"""What tests share: one throw-away database server, a new migrated database per test, and a sealer."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from memory.database import migrate
from memory.embedded import ensure, stop
from memory.sealing import Sealer
from setup import browser

_FOLDERS = "throughline-tests-"
_TEMPLATE = "template_throughline"
_numbers = count(1)
# Whoever waits longest begins first, so that two workers end at about the same time.
_FIRST = (
    "scenarios/test_scenarios",
    "screens/test_whole_sale",
    "durability",
    "voice",
    "scenarios",
    "screens",
    "integration",
    "speech",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: _turn(item.path.relative_to(here).as_posix()))


def _turn(name: str) -> int:
    return next((place for place, start in enumerate(_FIRST) if name.startswith(start)), len(_FIRST))


@contextmanager
def _server_folder() -> Iterator[Path]:
    """A folder that the server's user can reach: pytest's own are closed to it when the tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{os.getpid()}-", dir="/tmp"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: Path) -> None:
    for config in folder.rglob("postmaster.pid"):
        stop(config.parent, only_if_unused=False)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Servers of test runs that were killed before they could stop theirs."""
    for folder in Path("/tmp").glob(f"{_FOLDERS}*"):
        owner = folder.name.removeprefix(_FOLDERS).partition("-")[0]
        with suppress(OSError):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and folder.stat().st_uid == os.geteuid():
                _remove(folder)


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The test run's own server. It forgets on a power cut, unlike the product's: tests needn't wait for disks."""
    _sweep()
    with _server_folder() as folder:
        dsn = ensure(folder / "pg")
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter system set fsync = off")
            connection.execute("select pg_reload_conf()")
        yield dsn


@pytest.fixture
def make_server_folder() -> Iterator[Callable[[], Path]]:
    """Makes folders for servers of a test's own; those are stopped and the folders removed when it ends."""
    with ExitStack() as folders:
        yield lambda: folders.enter_context(_server_folder())


@pytest.fixture(scope="module")
def make_module_server_folder() -> Iterator[Callable[[], Path]]:
    """The same for all tests of a module."""
    with ExitStack() as folders:
        yield lambda: folders.enter_context(_server_folder())


@pytest.fixture(scope="session")
def template_database(postgres_dsn: str) -> str:
    """The name of a migrated database that is copied for every test."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(_TEMPLATE)))
    with ThreadPoolExecutor(1) as thread:  # a loop of its own, whatever loop the test runs in
        thread.submit(asyncio.run, migrate(make_conninfo(postgres_dsn, dbname=_TEMPLATE))).result()
    return _TEMPLATE


@contextmanager
def _copied(server: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        yield make_conninfo(server, dbname=name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def fresh_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A new migrated database; any process may connect to it while the test runs."""
    with _copied(postgres_dsn, template_database) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def module_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """The same for all tests of a module."""
    with _copied(postgres_dsn, template_database) as dsn:
        yield dsn


@pytest.fixture
def empty_dsn(postgres_dsn: str) -> Iterator[str]:
    """A new database without a single table."""
    name = f"empty_{next(_numbers)}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield make_conninfo(postgres_dsn, dbname=name)
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer({"test": bytes(range(32))}, "test")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium. Without one its tests are skipped with the reason, or fail where REQUIRE_BROWSER=1."""
    if path := browser.find():
        return path
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, but {browser.reason()}")
    pytest.skip(browser.reason())
