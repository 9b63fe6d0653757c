"""The accidents of a laptop or a container that must never leave the embedded database stuck, or lose a row."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from memory.embedded import DatabaseUnavailable, ensure, stop

ROOT = Path(__file__).parents[2]
IS_ROOT = os.geteuid() == 0
APPLICATION = """
import signal, sys, time, psycopg
from memory.embedded import ensure
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests were started in the background
connection = psycopg.connect(ensure(sys.argv[1]), autocommit=True)
with connection.transaction():
    connection.execute("select pg_advisory_xact_lock(1)")  # "if not exists" sees no creation under way
    connection.execute("create table if not exists kept (n int)")
    connection.execute("insert into kept values (1)")
print("up", flush=True)
time.sleep(float(sys.argv[2]))
"""


def application(data: Path, stays: float = 60) -> subprocess.Popen[str]:
    """Another program that uses the database of this folder."""
    command = [sys.executable, "-c", APPLICATION, str(data), str(stays)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_up(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "up\n", child.communicate()[1]


def kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def server(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))


def kill_server(data: Path) -> None:
    process = server(data)
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    wait_until_gone(process)


def wait_until_gone(process: psutil.Process) -> None:
    """A zombie is gone as well: who its parent is, and whether that parent cares, is the container's business."""
    for _ in range(1000):
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
                continue
        return
    raise AssertionError(f"{process} is still there")


def rows(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from kept").fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def folder(make_server_folder: Callable[[], Path]) -> Path:
    return make_server_folder() / "pg"


@pytest.fixture(scope="module")
def used(make_module_server_folder: Callable[[], Path]) -> Path:
    """A data folder with one committed row, whose application was killed; its server runs on."""
    data = make_module_server_folder() / "pg"
    child = application(data)
    wait_until_up(child)
    kill(child)
    return data


@pytest.fixture
def seeded(used: Path) -> Iterator[Path]:
    ensure(used)
    before = rows(ensure(used))
    yield used
    assert rows(ensure(used)) >= before >= 1


def test_five_processes_and_eight_threads_on_a_fresh_folder(folder: Path) -> None:
    children = [application(folder, stays=0) for _ in range(5)]
    with ThreadPoolExecutor(8) as threads:
        dsns = set(threads.map(lambda _: ensure(folder), range(8)))
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 5
    assert len(dsns) == 1
    assert rows(dsns.pop()) == 5


def test_a_running_server_is_adopted_in_milliseconds(seeded: Path) -> None:
    process = server(seeded)
    began = time.monotonic()
    ensure(seeded)
    assert time.monotonic() - began < 0.5
    assert server(seeded) == process


def test_it_stops_only_when_nobody_uses_it(seeded: Path) -> None:
    process = server(seeded)
    with psycopg.connect(ensure(seeded)):
        assert not stop(seeded)
        assert process.is_running()
    assert stop(seeded)
    wait_until_gone(process)
    assert not stop(seeded), "it was stopped already"


def test_it_stops_under_its_users_where_that_is_asked_for(seeded: Path) -> None:
    with psycopg.connect(ensure(seeded)):
        assert stop(seeded, only_if_unused=False)


def test_the_server_was_killed_and_the_same_process_asks_again(seeded: Path) -> None:
    with psycopg.connect(ensure(seeded), autocommit=True) as connection:
        connection.execute("insert into kept values (2)")
        kept = rows(ensure(seeded))
        kill_server(seeded)
    assert rows(ensure(seeded)) == kept


def test_application_and_server_were_killed(seeded: Path) -> None:
    child = application(seeded)
    wait_until_up(child)
    kill(child)
    kept = rows(ensure(seeded))
    kill_server(seeded)
    assert rows(ensure(seeded)) == kept


def test_the_recorded_pid_belongs_to_a_stranger(seeded: Path) -> None:
    pid_file = seeded / "postmaster.pid"
    text, pid = pid_file.read_text(), server(seeded).pid
    kill_server(seeded)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file.write_text(text.replace(str(pid), str(stranger.pid), 1))
        assert rows(ensure(seeded)) >= 1
        assert stranger.poll() is None
        stranger.kill()


def test_the_recorded_pid_is_a_zombie(seeded: Path) -> None:
    pid_file = seeded / "postmaster.pid"
    text, pid = pid_file.read_text(), server(seeded).pid
    kill_server(seeded)
    zombie = subprocess.Popen(["true"])
    psutil_zombie = psutil.Process(zombie.pid)
    while psutil_zombie.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.005)
    pid_file.write_text(text.replace(str(pid), str(zombie.pid), 1))
    assert rows(ensure(seeded)) >= 1
    zombie.wait()


@pytest.mark.parametrize("lines", [0, 1, 5])
def test_the_pid_file_is_half_written(seeded: Path, lines: int) -> None:
    pid_file = seeded / "postmaster.pid"
    text = pid_file.read_text()
    kill_server(seeded)
    pid_file.write_text("\n".join(text.split("\n")[:lines]))
    assert rows(ensure(seeded)) >= 1


def test_the_first_start_was_killed(folder: Path) -> None:
    child = application(folder)
    while not any(folder.parent.glob("pg.new-*/PG_VERSION")):
        time.sleep(0.002)
    kill(child)
    assert ensure(folder)
    assert not list(folder.parent.glob("pg.new-*"))


def test_the_folder_was_emptied_under_a_running_server(folder: Path) -> None:
    ensure(folder)
    process = server(folder)
    for path in folder.iterdir():
        if path.name != "postmaster.pid":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with psycopg.connect(ensure(folder)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    wait_until_gone(process)


def test_a_folder_of_something_else_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(DatabaseUnavailable, match="neither empty nor a database"):
        ensure(folder)
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert not stop(folder)


def test_a_long_path_and_an_odd_one(folder: Path) -> None:
    data = folder.parent / ("it's a long 'path' " + "x" * 60) / ("y" * 60)
    dsn = ensure(data)
    sockets = Path(str(conninfo_to_dict(dsn)["host"]))
    try:
        assert sockets.parent == Path("/tmp")
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        assert stop(data)
        sockets.rmdir()
        sockets.symlink_to(folder.parent)
        with pytest.raises(DatabaseUnavailable, match="belongs to somebody else"):
            ensure(data)
    finally:
        sockets.unlink()


def test_a_data_folder_of_another_version_is_refused_in_plain_words(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("12\n")
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 12"):
        ensure(folder)
    assert not stop(folder, only_if_unused=False)


def test_only_its_own_user_may_enter(seeded: Path) -> None:
    assert stat.S_IMODE(seeded.stat().st_mode) == 0o700
    with psycopg.connect(ensure(seeded)) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute("select current_setting(%s)", [name]).fetchone() == ("on",)


def test_personal_data_never_reaches_the_servers_log(seeded: Path) -> None:
    with psycopg.connect(ensure(seeded), autocommit=True) as connection:
        connection.execute("create table if not exists people (name text primary key)")
        for statement in ("insert into people values ('Ada Lovelace'), ('Ada Lovelace')", "select 'Ada Lovelace'::int"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
        with pytest.raises(psycopg.Error):
            connection.execute(
                "insert into people select %(n)s::text from generate_series(1, 2)", {"n": "Ada Lovelace"}
            )
    assert "Lovelace" not in (seeded / "server.log").read_text()


@pytest.mark.skipif(not IS_ROOT, reason="only root hands the server over to another user")
def test_a_private_parent_folder_is_refused_and_stays_private(folder: Path) -> None:
    private = folder.parent / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(DatabaseUnavailable, match=r"chmod o\+x"):
        ensure(private / "pg")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_refused(folder: Path) -> None:
    folder.parent.chmod(0o500)
    with pytest.raises(DatabaseUnavailable, match="THROUGHLINE_DATA_DIR"):
        ensure(folder)
    folder.parent.chmod(0o700)


@pytest.mark.skipif(not IS_ROOT, reason="without root the server runs as the user that started it")
def test_two_first_starts_that_both_copy_the_programs(
    make_server_folder: Callable[[], Path],
) -> None:
    """As root with the packages in a private folder: one copy is made, and both servers run from it."""
    home = make_server_folder()
    code = (
        "import sys; from pathlib import Path; from memory import embedded, postgres_binaries as b;"
        "b._SHARED = Path(sys.argv[1]); b._MACHINE_LOCK = b._SHARED / '.lock'; b._open_to_all = lambda folder: False;"
        "embedded.ensure(sys.argv[2])"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(home), str(home / name)], cwd=ROOT, stderr=subprocess.PIPE)
        for name in ("a", "b")
    ]
    assert [child.communicate(timeout=60)[1] for child in children] == [b"", b""]
    copies = [path for path in home.iterdir() if path.name.startswith("throughline-postgres-")]
    assert len(copies) == 1
    assert {server(home / name).exe().startswith(str(copies[0])) for name in ("a", "b")} == {True}
    for path in (copies[0], *copies[0].rglob("*")):
        assert path.is_symlink() or (path.stat().st_uid == 0 and not path.stat().st_mode & stat.S_IWOTH)


@pytest.mark.skipif(not IS_ROOT, reason="needs root to become somebody else")
def test_somebody_else_runs_their_own_server(make_server_folder: Callable[[], Path]) -> None:
    home = make_server_folder()
    nobody = 65534
    os.chown(home, nobody, nobody)
    code = "import sys; from memory.embedded import ensure, stop; ensure(sys.argv[1]); print(stop(sys.argv[1]))"
    if any(not parent.stat().st_mode & 0o001 for parent in Path(sys.executable).resolve().parents):
        pytest.skip("this Python lies in a folder that is private to root")
    done = subprocess.run(
        [sys.executable, "-c", code, str(home / "pg")],
        cwd=ROOT, user=nobody, group=nobody, extra_groups=[], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_a_hanging_up_terminal_does_not_reach_the_server(seeded: Path) -> None:
    process = server(seeded)
    stop(seeded, only_if_unused=False)
    wait_until_gone(process)
    child = subprocess.Popen(
        [sys.executable, "-c", APPLICATION, str(seeded), "60"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    wait_until_up(child)
    os.killpg(child.pid, signal.SIGINT)
    child.communicate(timeout=10)
    assert server(seeded).is_running()
