"""Starts, adopts, repairs and stops one PostgreSQL server per data folder, so that nothing need be installed."""

import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import filelock
import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from memory.postgres_binaries import Account, DatabaseUnavailable, account_for, binaries
from memory.queries import SQL

__all__ = ["DatabaseUnavailable", "ensure", "running_dsn", "stop"]

_PATIENCE = 120.0
_LONGEST_SOCKET_FOLDER = 80  # a socket's whole path has room for 103 bytes (macOS) or 107 (Linux)
_CONFIG = "throughline.conf"
# Durable as PostgreSQL is by default; the rest is for one machine, short transactions and small logs without
# personal data: no error of a statement is logged, because its message may quote a value.
_TUNING = """\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
max_connections = 200
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 128MB
work_mem = 8MB
jit = off
wal_level = minimal
max_wal_senders = 0
wal_buffers = 16MB
max_wal_size = 1GB
checkpoint_timeout = 15min
random_page_cost = 1.1
io_method = sync
autovacuum_naptime = 20s
timezone = 'UTC'
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""


def ensure(folder: str | os.PathLike[str]) -> str:
    """A DSN that answers, for the server of this data folder; safe from any number of threads and processes."""
    data = _resolved(folder)
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with _lock(data):
            if _cluster(data) and _answers(_dsn(data)):
                return _dsn(data)
            account = account_for(data)
            _check_reachable(data, account)
            _drop_stale_pid_files(data)
            if not _cluster(data):
                _create(data, account)
            _start(data, account)
            return _dsn(data)
    except PermissionError as error:
        raise DatabaseUnavailable(
            f"The data folder {data} belongs to another user ({error.strerror}: {error.filename}). "
            "Choose another one with THROUGHLINE_DATA_DIR, or run as that user."
        ) from None


def running_dsn(folder: str | os.PathLike[str]) -> str | None:
    """The DSN of the server of this data folder if it answers now; starts nothing."""
    data = _resolved(folder)
    try:
        return _dsn(data) if _cluster(data) and _answers(_dsn(data)) else None
    except PermissionError:
        return None


def stop(folder: str | os.PathLike[str], only_if_unused: bool = True) -> bool:
    """Stops the server, by default only where no other client is connected; says whether it was stopped."""
    data = _resolved(folder)
    if not _cluster(data):
        return False
    with _lock(data):
        if not (data / "postmaster.pid").exists() or (only_if_unused and _in_use(_dsn(data))):
            return False
        account = account_for(data)
        return _run(data, account, "pg_ctl", "stop", "-D", str(data), "-m", "fast", "-w", "-t", "30")[0] == 0


def _resolved(folder: str | os.PathLike[str]) -> Path:
    return Path(folder).expanduser().resolve()


def _lock(data: Path) -> filelock.FileLock:
    return filelock.FileLock(f"{data}.lock", timeout=_PATIENCE, mode=0o600)


def _cluster(data: Path) -> bool:
    return (data / "PG_VERSION").exists()


def _dsn(data: Path) -> str:
    return make_conninfo(host=str(_socket_folder(data)), port=5432, user="postgres", dbname="postgres")


def _socket_folder(data: Path) -> Path:
    """The data folder itself, which is private already; only a long path needs a short stand-in."""
    if len(os.fsencode(data)) <= _LONGEST_SOCKET_FOLDER:
        return data
    # The same for every process whatever its TMPDIR; _make_socket_folder refuses what a stranger put there.
    return Path("/tmp") / f"throughline-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"  # noqa: S108


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _in_use(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            row = connection.execute(SQL["count_other_clients"]).fetchone()
            return row is None or row[0] > 0
    except psycopg.OperationalError:
        return False


def _check_reachable(data: Path, account: Account) -> None:
    if account.other and (shut := [p for p in data.parents if not p.stat().st_mode & 0o001]):
        raise DatabaseUnavailable(
            f"Started as root, so PostgreSQL runs as user {account.name!r}, which cannot enter {shut[0]}. "
            f"Choose a data folder under /var/lib with THROUGHLINE_DATA_DIR, or allow it with: chmod o+x {shut[0]}"
        )


def _drop_stale_pid_files(data: Path) -> None:
    """PostgreSQL trusts any live process of the recorded pid, also a zombie or a stranger: look closer."""
    sockets = _socket_folder(data)
    for file in (data / "postmaster.pid", *sockets.glob(".s.PGSQL.*.lock")):
        server = _server_of(file, data)
        if server and not _cluster(data):  # the folder was emptied under a running server
            _end(server)
            server = None
        if server is None:
            file.unlink(missing_ok=True)


def _server_of(pid_file: Path, data: Path) -> psutil.Process | None:
    with suppress(FileNotFoundError, ValueError, IndexError, psutil.Error):
        process = psutil.Process(abs(int(pid_file.read_text(errors="replace").split()[0])))
        ours = "postgres" in process.name() and str(data) in process.cmdline()
        if ours and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _end(server: psutil.Process) -> None:
    """At once: there is nothing left that a slower way could save."""
    with suppress(psutil.NoSuchProcess):
        server.send_signal(signal.SIGQUIT)
        for _ in range(1000):
            if not server.is_running() or server.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.01)
        server.kill()


def _create(data: Path, account: Account) -> None:
    """Built beside its place and renamed, so that a first start that is killed leaves nothing half-made."""
    if data.exists():
        _remove_empty(data)
    for left in data.parent.glob(f"{data.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{data.name}.new-", dir=data.parent))
    try:
        _hand_over(fresh, account)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--data-checksums", "--no-instructions")
        code, output = _run(data, account, "initdb", "-D", str(fresh), *options)
        if code:
            raise DatabaseUnavailable(f"A new database could not be made in {data}:\n{output[-2000:]}")
        with (fresh / "postgresql.conf").open("a") as config:
            config.write(f"\ninclude_if_exists '{_CONFIG}'\n")
        fresh.rename(data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_empty(data: Path) -> None:
    for leftover in (data / "server.log", data / _CONFIG):
        leftover.unlink(missing_ok=True)
    try:
        data.rmdir()
    except OSError:
        raise DatabaseUnavailable(
            f"{data} is neither empty nor a database. Empty it or choose another folder with THROUGHLINE_DATA_DIR."
        ) from None


def _start(data: Path, account: Account) -> None:
    sockets = _socket_folder(data)
    if sockets != data:
        _make_socket_folder(sockets, account)
    quoted = str(sockets).replace("'", "''")
    (data / _CONFIG).write_text(f"{_TUNING}unix_socket_directories = '{quoted}'\n")
    log = data / "server.log"
    log.unlink(missing_ok=True)
    code, output = _run(data, account, "pg_ctl", "start", "-D", str(data), "-l", str(log), "-w", "-t", "90")
    if code and not _answers(_dsn(data)):
        said = log.read_text(errors="replace") if log.exists() else ""
        raise DatabaseUnavailable(f"The database in {data} did not start:\n{output[-1000:]}{said[-2000:]}")


def _make_socket_folder(folder: Path, account: Account) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    # Anybody may write to /tmp: a link or a folder that a stranger put there is not ours to give away.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), account.uid):
        raise DatabaseUnavailable(f"{folder} belongs to somebody else. Remove it, or choose a shorter data folder.")
    _hand_over(folder, account)


def _hand_over(folder: Path, account: Account) -> None:
    folder.chmod(0o700)
    if account.other:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)


def _run(data: Path, account: Account, program: str, *args: str) -> tuple[int, str]:
    """Runs a program of PostgreSQL as the account, in an environment that no PG variable of ours can bend."""
    major = (data / "PG_VERSION").read_text().strip() if _cluster(data) else None
    identity = {"user": account.uid, "group": account.gid, "extra_groups": []} if account.other else {}
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be inherited by the server and never close
        done = subprocess.run(
            [str(binaries(account, major) / program), *args],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            timeout=_PATIENCE,
            check=False,
            **identity,
        )
        output.seek(0)
        return done.returncode, output.read()
