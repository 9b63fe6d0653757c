"""Finds or installs the Chromium that the browser tests drive, and remembers why there is none."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PYTHON = _ROOT / ".venv" / "bin" / "python"
_RECORD = _ROOT / ".tools" / "browser.json"
_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_PATIENCE = 600
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as start\nwith start() as p: print(p.chromium.executable_path)"
)


def find():
    """The path of a Chromium, or None: on PATH, or the one that was installed by playwright."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    path = _record().get("path")
    return path if path and Path(path).exists() else None


def reason():
    """Why there is none, for whoever skips a test."""
    return _record().get("reason") or "no Chromium on PATH, and make test was not run to install one"


def find_or_install():
    """Tried again after a failure only where a browser is required: a machine without network should not wait."""
    required = os.environ.get("REQUIRE_BROWSER") == "1"
    if find() or ("reason" in _record() and not required):
        return
    failures = []
    for what, install in (("playwright", _from_playwright), ("Debian's package", _from_debian)):
        try:
            problem = install()
        except (OSError, subprocess.SubprocessError) as error:
            problem = str(error)
        if problem is None:
            return
        failures.append(f"{what}: {problem}")
    _remember({"reason": "no Chromium on PATH; " + "; ".join(failures)})


def _from_playwright():
    sys.stderr.write("set-up: no Chromium on PATH, asking playwright for one ...\n")
    problem = _run([str(_PYTHON), "-m", "playwright", "install", "chromium"])
    if problem:
        return problem
    asked = subprocess.run(
        [str(_PYTHON), "-c", _ASK_PLAYWRIGHT], capture_output=True, text=True, timeout=60, check=False
    )
    path = asked.stdout.strip()
    if not path or not _starts(path):
        return "the downloaded Chromium does not start here (system libraries are missing)"
    _remember({"path": path})
    return None


def _from_debian():
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "needs root and apt-get"
    sys.stderr.write("set-up: installing Debian's chromium ...\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "-q", "update"], environment)
    problem = _run(["apt-get", "-q", "install", "-y", "--no-install-recommends", "chromium"], environment)
    return problem or (None if find() else "installed, but not on PATH")


def _starts(path):
    done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    return done.returncode == 0


def _run(command, environment=None):
    """None where it worked, else the line of what it said that tells most."""
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_PATIENCE, check=False)
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if any(map(str.isalpha, line))]
    telling = [line for line in lines if line.lower().startswith(("e:", "error", "failed"))] or lines[-1:]
    return telling[0][:200] if telling else f"failed with code {done.returncode}"


def _record():
    try:
        return json.loads(_RECORD.read_text())
    except (OSError, ValueError):
        return {}


def _remember(what):
    _RECORD.parent.mkdir(exist_ok=True)
    _RECORD.write_text(json.dumps(what) + "\n")
