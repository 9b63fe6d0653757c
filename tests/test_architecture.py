"""Who may import whom, and how a file must look. The first table is the architecture."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SURFACE = {
    "domain", "graph.service", "graph.desk", "graph.deals_desk", "graph.calls", "graph.calling", "graph.bootstrap",
    "graph.settings", "graph.clock",
}  # fmt: skip
MAY_IMPORT = {
    "domain": set[str](),
    "nodes": {"domain"},
    "tools": {"domain"},
    "memory": {"domain"},
    "graph": {"domain", "nodes", "tools", "memory"},
    "ui": SURFACE,
    "livekit": SURFACE | {"graph.media.status"},  # a worker is to start without what its calls need
}
# Packages with one home each: where they may be imported, as folders or files.
ONE_HOME = {
    "psycopg": ("memory",),
    "psycopg_pool": ("memory",),
    "langgraph": ("graph", "memory", "nodes/gate.py"),
    "langchain_core": ("graph", "memory"),
    "streamlit": ("ui",),
}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "handler", "data", "info"}
LONGEST_MODULE = 300
PACKAGE_HOSTS = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com")


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(source: str) -> Iterator[str]:
    """Every module and name that is imported, at the top or inside a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def strays(folder: str, source: str) -> list[str]:
    """What a module of this folder imports and may not."""
    allowed = MAY_IMPORT[folder] | {folder}  # its SDK lives in the namespace `livekit` too
    ours = (name for name in imported(source) if name.split(".")[0] in MAY_IMPORT)
    return [name for name in ours if not any(name == may or name.startswith(f"{may}.") for may in allowed)]


def homeless(path: str, source: str) -> list[str]:
    """Packages that this module imports away from their home."""
    found = {name.split(".")[0] for name in imported(source)} & set(ONE_HOME)
    return [name for name in found if not any(path == home or path.startswith(f"{home}/") for home in ONE_HOME[name])]


def words_of(path: Path) -> set[str]:
    """The words of a module's and its folders' names."""
    return {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_it_may(folder: str) -> None:
    found = {named(path): strays(folder, path.read_text("utf-8")) for path in modules(folder)}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_packages_stay_in_their_home(folder: str) -> None:
    found = {named(path): homeless(named(path), path.read_text("utf-8")) for path in modules(folder)}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("domain", "from graph.build import sales_chain"),
        ("nodes", "import memory.facts"),
        ("tools", "def act():\n    from memory.facts import Facts"),
        ("memory", "from graph import settings"),
        ("ui", "from graph.build import build"),
        ("ui", "from graph import service_account"),
        ("livekit", "from memory.database import open_pool"),
    ],
)
def test_a_planted_stray_is_caught(folder: str, source: str) -> None:
    assert strays(folder, source)


def test_allowed_imports_are_not_caught() -> None:
    assert strays("ui", "from graph import service\nfrom graph.desk import Desk\nimport domain.stages") == []
    assert strays("livekit", "from livekit.agents import Agent\nfrom livekit.voice import speak") == []
    assert homeless("graph/service.py", "from psycopg import sql") == ["psycopg"]
    assert homeless("memory/facts.py", "from psycopg import sql") == []


def test_livekit_stays_a_portion_of_the_sdks_namespace() -> None:
    assert not (ROOT / "livekit" / "__init__.py").exists()
    taken = {"agents", "api", "rtc", "plugins", "protocol", "local_inference", "blingfire"}
    assert {path.stem for path in modules("livekit")} & taken == set()


def test_no_file_of_the_console_is_named_like_a_root_package() -> None:
    assert {path.stem for path in (ROOT / "ui").glob("*.py")} & set(MAY_IMPORT) == set()


def test_init_files_are_empty() -> None:
    found = [named(path) for folder in MAY_IMPORT for path in modules(folder) if path.name == "__init__.py"]
    assert [path for path in found if (ROOT / path).read_text("utf-8").strip()] == []


def test_every_module_says_in_one_sentence_why_it_exists() -> None:
    missing: list[str] = []
    for folder in (*MAY_IMPORT, "setup", "bench", "tests"):
        for path in modules(folder):
            lines = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()
            if path.name != "__init__.py" and not (lines and lines[0].rstrip().endswith((".", "?", "!"))):
                missing.append(named(path))
    assert missing == []


def test_no_name_hides_what_a_module_is_for() -> None:
    found = [named(path) for folder in (*MAY_IMPORT, "setup", "bench") for path in modules(folder)]
    assert [path for path in found if words_of(ROOT / path) & FORBIDDEN_NAMES] == []


def test_modules_stay_readable() -> None:
    lengths = {named(p): len(p.read_text("utf-8").splitlines()) for folder in MAY_IMPORT for p in modules(folder)}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_tracked_file_names_a_package_host() -> None:
    suffixes = {".py", ".md", ".toml", ".yaml", ".yml", ".lock", ".json", ".sql", ""}
    skipped = {".git", ".venv", ".tools", ".ruff_cache", ".pytest_cache", ".hypothesis", "uv.lock", "ui/static"}
    found: list[str] = []
    for path in ROOT.rglob("*"):
        if path.suffix not in suffixes or not path.is_file() or path == Path(__file__):
            continue
        if any(named(path) == skip or named(path).startswith(f"{skip}/") for skip in skipped):
            continue
        if PACKAGE_HOSTS.search(path.read_text("utf-8", errors="ignore")):
            found.append(named(path))
    assert found == []
