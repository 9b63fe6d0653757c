"""The loader of named statements: what it returns and what it refuses."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from memory.queries import SQL, BadQueries, load

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_statements_are_loaded_by_name_without_comments(write: Write) -> None:
    text = "-- name: one\n-- Why.\nselect 1\n-- a reason in between\nfrom t; \n\n-- name: two\n-- Why.\nselect 2\n"
    assert load([write("a.sql", text)]) == {"one": "select 1\nfrom t", "two": "select 2"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("-- name: one\nselect 1;", "no comment line"),
        ("-- name: one\n-- Why.\n", "no statement"),
        ("-- name: One\n-- Why.\nselect 1;", "not of the form"),
        ("select 1;", "not of the form"),
        ("-- name one\n-- Why.\nselect 1;", "not of the form"),
    ],
)
def test_a_file_that_breaks_the_format_is_refused(write: Write, text: str, problem: str) -> None:
    with pytest.raises(BadQueries, match=problem):
        load([write("a.sql", text)])


def test_a_name_is_used_once_over_all_files(write: Write) -> None:
    files = [write(name, "-- name: one\n-- Why.\nselect 1;") for name in ("a.sql", "b.sql")]
    with pytest.raises(BadQueries, match=r"b\.sql and a\.sql both name a statement 'one'"):
        load(files)


def test_every_shipped_statement_is_one_that_code_asks_for() -> None:
    """By its name, or by what follows the name of its file where a module puts that in front of all its names."""
    root = Path(__file__).parents[2]
    memory = root / "memory"
    # The scenario runner names its statements through memory/playback.py.
    code = "\n".join(path.read_text("utf-8") for folder in (memory, root / "graph") for path in folder.rglob("*.py"))
    words = set(re.findall(r"[\"']([a-z][a-z0-9_]*)[\"']", code))
    files = {path.stem: load([path]) for path in (memory / "queries").glob("*.sql")}
    unused = [
        name for stem, names in files.items() for name in names if not {name, name.removeprefix(f"{stem}_")} & words
    ]
    assert unused == []
    assert sum(map(len, files.values())) == len(SQL)


def test_every_statement_is_short_enough_for_the_driver_to_keep_its_conversion() -> None:
    """A longer one is converted anew at every call, which costs more than the rest of the call."""
    assert {name: len(text) for name, text in SQL.items() if len(text.encode()) > 4096} == {}
