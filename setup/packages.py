"""Builds .venv from the lock, and knows whether that was done already for this very lock."""

import fcntl
import hashlib
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
TOOLS = ROOT / ".tools"
_STAMP = VENV / "throughline-setup"
_EXTRAS = "console,voice,speech"


class SetupFailed(Exception):
    """A step that the rest cannot do without has failed."""


def say(text):
    sys.stderr.write(f"set-up: {text}\n")
    sys.stderr.flush()


def run(command, why):
    """Runs a step; its output is shown only where it fails, because then it is the explanation."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise SetupFailed(f"{why} failed with code {done.returncode}.\n{done.stdout[-4000:]}")


def current():
    return _STAMP.exists() and PYTHON.exists() and _STAMP.read_text() == _fingerprint()


def install():
    with _one_at_a_time():
        if current():
            return
        _make_venv()
        say("installing the locked packages (a minute or two the first time) ...")
        _install(_EXTRAS)


def install_for_tests():
    """The development server of the graph: its licence allows that, and nothing at run time needs it."""
    if not (VENV / "bin" / "langgraph").exists():
        with _one_at_a_time():
            say("installing the graph's development server, which only tests and engineers use ...")
            _install(f"{_EXTRAS},studio")


def _install(extras):
    # uv checks the hashes in a constraints file too, so one lock serves every choice of extras.
    locked = ["-q", "-p", str(PYTHON), "-c", "requirements.lock"]
    target = ["-e", f".[{extras}]", "--group", "dev"]
    run([str(VENV / "bin" / "uv"), "pip", "install", *locked, *target], "Installing the packages")


def remember():
    _STAMP.write_text(_fingerprint())


@contextmanager
def _one_at_a_time():
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fingerprint():
    """What the set-up depends on, by content: a checkout changes times without changing anything."""
    parts = [ROOT / "pyproject.toml", ROOT / "requirements.lock", *sorted((ROOT / "setup").glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in parts))
    return f"{digest.hexdigest()} {sys.version_info.major}.{sys.version_info.minor}\n"


def _make_venv():
    if _works():
        return
    say(f"making .venv with Python {sys.version.split()[0]} ...")
    # Without pip: Debian ships Python without ensurepip, while the pip that is there can install into any venv.
    run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], "Making .venv")
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        raise SetupFailed("This Python has no pip. Install it (Debian: apt-get install python3-pip) and try again.")
    pip = [sys.executable, "-m", "pip", "--python", str(PYTHON), "--disable-pip-version-check"]
    run([*pip, "install", "-q", "uv"], "Installing uv")


def _works():
    """Whether the venv is of this Python and complete; a half-made one, or one of a removed Python, is made anew."""
    if not PYTHON.exists() or not (VENV / "bin" / "uv").exists():
        return False
    code = "import sys; print(sys.version_info[:2])"
    done = subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() == str(sys.version_info[:2])
