"""The set-up of a bare checkout: what it pins, what it remembers, and that a missing network does not stop it."""

import base64
import hashlib
import importlib
import io
import json
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from setup import browser

ROOT = Path(__file__).parents[2]
FONT = b"wOF2 a font"


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Loads a module of the set-up the way `python3 setup` does."""
    monkeypatch.syspath_prepend(str(ROOT / "setup"))
    for name in ("packages", "static_files"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module


def archive() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in (("package/files/a.woff2", FONT), ("package/../../evil", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


ARCHIVE = archive()  # once: its header holds the time


@pytest.fixture
def fetching(
    load: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str, str], Path]:
    """Runs fetch_all for one pinned package with an npm that behaves as told; returns the project folder."""

    def fetch(npm: str, sha512: str) -> Path:
        module: Any = load("static_files")
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir()
        (tmp_path / "font.tgz").write_bytes(ARCHIVE)
        program.write_text(f"#!/bin/sh\n{npm}\n")
        program.chmod(0o755)
        pinned = replace(module.FILES[0], sha512=sha512, folder="fonts", files={"package/files/a.woff2": "a.woff2"})
        project = tmp_path / "project"
        project.mkdir()
        monkeypatch.setattr(module, "FILES", (pinned,))
        monkeypatch.setattr(module, "ROOT", project)
        monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
        module.fetch_all()
        return project

    return fetch


PACKS = 'cp "$(dirname "$0")/../font.tgz" .'


def test_a_file_that_matches_its_pin_is_unpacked_and_nothing_else(fetching: Callable[[str, str], Path]) -> None:
    project = fetching(PACKS, base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode())
    assert [path.name for path in project.rglob("*")] == ["fonts", "a.woff2"]
    assert (project / "fonts" / "a.woff2").read_bytes() == FONT


@pytest.mark.parametrize(
    ("npm", "problem"), [(PACKS, "not the pinned one"), ("echo no network >&2; exit 1", "no network")]
)
def test_what_cannot_be_fetched_is_said_and_left_out(
    fetching: Callable[[str, str], Path], capsys: pytest.CaptureFixture[str], npm: str, problem: str
) -> None:
    project = fetching(npm, "AAAA")
    assert list(project.iterdir()) == []
    said = capsys.readouterr().err
    assert problem in said
    assert "the console uses the system's fonts" in said


def test_the_pins_are_exact(load: Callable[[str], ModuleType]) -> None:
    module: Any = load("static_files")
    for pinned in module.FILES:
        assert pinned.package.rpartition("@")[2].count(".") == 2
        assert len(base64.b64decode(pinned.sha512)) == 64


def test_the_stamp_follows_the_content_of_lock_and_project(
    load: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = load("packages")
    (tmp_path / "setup").mkdir()
    for name in ("pyproject.toml", "requirements.lock", "setup/packages.py"):
        (tmp_path / name).write_text("one")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(module, "_STAMP", tmp_path / "venv" / "stamp")
    assert not module.current()
    module.remember()
    assert module.current()
    for name in ("pyproject.toml", "requirements.lock", "setup/packages.py"):
        (tmp_path / name).write_text("two")
        assert not module.current(), name
        (tmp_path / name).write_text("one")
        assert module.current(), name


def test_a_browser_on_path_is_found_and_a_failure_is_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "_RECORD", tmp_path / "browser.json")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("REQUIRE_BROWSER", raising=False)
    tried: list[str] = []
    monkeypatch.setattr(browser, "_from_playwright", lambda: tried.append("playwright") or "no network")
    monkeypatch.setattr(browser, "_from_debian", lambda: tried.append("debian") or "needs root")
    assert browser.find() is None
    browser.find_or_install()
    browser.find_or_install()
    assert tried == ["playwright", "debian"]
    assert "playwright: no network; Debian's package: needs root" in browser.reason()
    monkeypatch.setenv("REQUIRE_BROWSER", "1")
    browser.find_or_install()
    assert len(tried) == 4
    (tmp_path / "browser.json").write_text(json.dumps({"path": sys.executable}))
    assert browser.find() == sys.executable
    (tmp_path / "chromium").touch(mode=0o755)
    assert browser.find() == str(tmp_path / "chromium")
