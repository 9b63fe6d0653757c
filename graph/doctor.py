"""`throughline doctor`: says in plain words what is configured, reachable and missing; changes nothing."""

import asyncio
import importlib.util
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from domain.errors import BadInput, ThroughlineError
from graph.addresses import is_free
from graph.clock import SystemClock
from graph.encryption_key import key_file, load_sealer
from graph.settings import ROOT, Settings, load_settings
from memory.embedded import running_dsn
from memory.health import Health, Unreachable, examine
from memory.sealing import Sealer


class State(StrEnum):
    """How a thing is; only a problem keeps Throughline from working."""

    GOOD = "good"
    MISSING = "missing"  # optional, or made by the first start
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    subject: str
    state: State
    text: str
    remedy: str = ""


def report() -> list[Finding]:
    """Every finding, in the order in which an operator would repair."""
    found = [_python()]
    try:
        settings = load_settings()
    except BadInput as error:
        return [*found, Finding("settings", State.PROBLEM, f"{error.field}: {error.problem}", error.remedy)]
    found.append(Finding("settings", State.GOOD, _changed(settings)))
    key, sealer = _data_key(settings, SystemClock().now().date())
    found += [_data_dir(settings), key, *_database(settings, sealer), _policy_file(settings)]
    return [*found, *_ports(settings), _browser(), _fonts(), _model(settings), *_speech(settings)]


def print_report(found: list[Finding]) -> int:
    """Prints the findings; returns 1 where one of them is a problem."""
    for finding in found:
        sys.stdout.write(f"{finding.state.value:>8}  {finding.subject}: {finding.text}\n")
        if finding.remedy and finding.state is not State.GOOD:
            sys.stdout.write(f"{'':>10}{finding.remedy}\n")
    problems = sum(finding.state is State.PROBLEM for finding in found)
    verdict = "Everything that is needed is there." if not problems else f"{problems} problem(s) to solve first."
    sys.stdout.write(f"\n{verdict}\n")
    return 1 if problems else 0


def _python() -> Finding:
    text = f"{platform.python_version()} in {sys.prefix}"
    if sys.prefix == sys.base_prefix:
        return Finding("Python", State.MISSING, f"{text}, not the project's own .venv", "Run make setup.")
    return Finding("Python", State.GOOD, text)


def _changed(settings: Settings) -> str:
    names = sorted(settings.model_fields_set)
    return f"changed from their defaults: {', '.join(names)}" if names else "all at their defaults"


def _data_dir(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if not os.access(parent, os.W_OK):
            remedy = "Choose another folder with THROUGHLINE_DATA_DIR."
            return Finding("data folder", State.PROBLEM, f"{folder} cannot be made in {parent}", remedy)
        return Finding("data folder", State.MISSING, f"{folder} is not there yet", "The first make run makes it.")
    if not os.access(folder, os.W_OK):
        remedy = "Run as its owner, or choose another folder with THROUGHLINE_DATA_DIR."
        return Finding("data folder", State.PROBLEM, f"{folder} belongs to another user", remedy)
    free = shutil.disk_usage(folder).free / 2**30
    if free < 1:
        return Finding("data folder", State.PROBLEM, f"{folder} has {free:.1f} GB left", "Make room.")
    return Finding("data folder", State.GOOD, f"{folder}, {free:.0f} GB free")


def _data_key(settings: Settings, today: date) -> tuple[Finding, Sealer | None]:
    file = key_file(settings)
    if settings.data_key is None and not file.exists():
        text = "none yet; personal data will be encrypted with one that the first start makes"
        return Finding("data key", State.MISSING, text, f"Keep {file} safe once it is there, apart from backups."), None
    try:
        sealer = load_sealer(settings, today)
    except (ThroughlineError, OSError) as error:
        return Finding("data key", State.PROBLEM, str(error), "Restore the key: without it the data are lost."), None
    origin = "THROUGHLINE_DATA_KEY" if settings.data_key else str(file)
    if settings.data_key is None and file.stat().st_mode & 0o077:
        remedy = f"chmod 600 {file}"
        return Finding("data key", State.PROBLEM, f"{file} is readable for other users", remedy), sealer
    return Finding("data key", State.GOOD, f"{sealer.current}, from {origin}"), sealer


def _database(settings: Settings, sealer: Sealer | None) -> Iterator[Finding]:
    dsn = settings.database_url or running_dsn(settings.database_dir)
    kind = "configured" if settings.database_url else f"embedded, in {settings.database_dir}"
    if dsn is None:
        yield Finding("database", State.MISSING, f"{kind}; it is not running", "make run starts it.")
        return
    try:
        health = asyncio.run(examine(dsn, sealer))
    except Unreachable as error:
        yield Finding("database", State.PROBLEM, f"{kind}; {error}", "Start it, or correct THROUGHLINE_DATABASE_URL.")
        return
    except ThroughlineError as error:
        yield Finding("database", State.PROBLEM, f"{kind}; {error}")
        return
    if health.old:
        yield Finding("database", State.PROBLEM, f"{kind}; PostgreSQL {health.version}", "Use PostgreSQL 15 or newer.")
    else:
        yield Finding("database", State.GOOD, f"{kind}; PostgreSQL {health.version} answers")
    yield from _contents(health)


def _contents(health: Health) -> Iterator[Finding]:
    if health.pending:
        text = f"{len(health.pending)} to apply, from {health.pending[0]}"
        yield Finding("migrations", State.MISSING, text, "make run applies them, or: throughline migrate")
        return
    yield Finding("migrations", State.GOOD, "all applied")
    if health.policy:
        label = f" ({health.policy_label})" if health.policy_label else ""
        yield Finding("policy", State.GOOD, f"{health.policy}{label} is in force")
    else:
        yield Finding("policy", State.MISSING, "none is in force", "make run loads the local one.")
    if health.key_fits is False:
        remedy = "Restore the data key that this database was written with."
        yield Finding("data key", State.PROBLEM, "it does not open what is stored", remedy)
    text = f"{health.inbox} events and {health.approvals} approvals wait, {health.failed_jobs} jobs have failed"
    state = State.PROBLEM if health.failed_jobs else State.GOOD
    yield Finding(
        "work", state, text, "The console's delivery page tells why jobs failed." if health.failed_jobs else ""
    )


def _policy_file(settings: Settings) -> Finding:
    if not settings.policy_path.exists():
        remedy = "Correct THROUGHLINE_POLICY_PATH."
        return Finding("policy file", State.PROBLEM, f"{settings.policy_path} is not there", remedy)
    return Finding("policy file", State.GOOD, f"{settings.policy_path} (check it with: throughline policy check)")


def _ports(settings: Settings) -> Iterator[Finding]:
    for name, field in (("console port", "console_port"), ("API port", "api_port")):
        port: int = getattr(settings, field)
        if is_free(settings.host, port):
            yield Finding(name, State.GOOD, f"{settings.host}:{port} is free")
        elif field in settings.model_fields_set:
            remedy = "If that is not Throughline itself, choose another one."
            yield Finding(name, State.MISSING, f"{port} is in use", remedy)
        else:
            yield Finding(name, State.GOOD, f"{port} is in use; the next free one will be taken")


def _browser() -> Finding:
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    if found := next(filter(None, map(shutil.which, names)), None) or _installed_browser():
        return Finding("Chromium", State.GOOD, f"{found} (for the browser tests)")
    return Finding("Chromium", State.MISSING, "only the browser tests need it", "make test tries to install it.")


def _installed_browser() -> str | None:
    """What `make test` noted down when it installed one (setup/browser.py)."""
    try:
        path = json.loads((ROOT / ".tools" / "browser.json").read_text()).get("path")
    except (OSError, ValueError):
        return None
    return path if path and Path(path).exists() else None


def _fonts() -> Finding:
    if any((ROOT / "ui" / "static" / "fonts").glob("*.woff2")):
        return Finding("fonts", State.GOOD, "Inter and JetBrains Mono")
    return Finding(
        "fonts", State.MISSING, "the console uses the system's fonts", "make setup tries to fetch them again."
    )


def _model(settings: Settings) -> Finding:
    if settings.openai_key is None:
        text = "none configured; the agent works by its rules"
        return Finding("language model", State.MISSING, text, "Optional: set THROUGHLINE_OPENAI_KEY.")
    where = settings.openai_base_url or "the provider's own address"
    return Finding("language model", State.GOOD, f"{settings.openai_model} at {where} (not called by this check)")


def _speech(settings: Settings) -> Iterator[Finding]:
    """Who hears and speaks on calls. Whether the weights are whole is checked when they are loaded."""
    hears, speaks = ", then ".join(settings.stt), ", then ".join(settings.tts)
    if "scripted" in settings.stt:
        text = "what buyers say is taken from a script, which is for tests"
        yield Finding("recogniser", State.PROBLEM, text, "Set THROUGHLINE_STT=local.")
    elif "local" in settings.stt and not _prepared(settings.speech_dir):
        text = f"{hears}; {settings.speech_dir} holds no prepared weights, so calls cannot be taken"
        yield Finding("recogniser", State.MISSING, text, "make setup prepares them.")
    else:
        yield Finding("recogniser", State.GOOD, hears)
    if "local" in settings.tts and importlib.util.find_spec("hibari") is None:
        yield Finding("voice", State.MISSING, f"{speaks}; hibari-tts is not installed", "Install the extra 'speech'.")
    else:
        last = "" if shutil.which("espeak-ng") else " (espeak-ng is not on PATH)" if "espeak" in settings.tts else ""
        yield Finding("voice", State.GOOD, speaks + last)


def _prepared(folder: Path) -> bool:
    """Whether every file is there that the set-up wrote down (setup/speech_weights.py)."""
    try:
        files: list[str] = list(json.loads((folder / "weights.json").read_text())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return all((folder / name).exists() for name in files)
