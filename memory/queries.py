"""Loads the named statements of memory/queries/*.sql, so that Python holds no SQL."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import LiteralString, cast

from domain.errors import ThroughlineError

_FOLDER = Path(__file__).with_name("queries")
_NAME = re.compile(r"^-- name: *(?P<name>[a-z][a-z0-9_]*) *$", re.MULTILINE)


class BadQueries(ThroughlineError):
    """A file of statements breaks the format: `-- name: some_name`, a comment line, the statement."""


def load(paths: Iterable[Path]) -> Mapping[str, LiteralString]:
    """Every statement of the files by its name."""
    found: dict[str, LiteralString] = {}
    origin: dict[str, Path] = {}
    for path in sorted(paths):
        for name, statement in _statements(path):
            if name in found:
                raise BadQueries(f"{path.name} and {origin[name].name} both name a statement {name!r}.")
            # The statements come from files of this package, never from input: as trustworthy as a literal.
            found[name], origin[name] = cast(LiteralString, statement), path
    return MappingProxyType(found)


def _statements(path: Path) -> Iterable[tuple[str, str]]:
    text = path.read_text("utf-8")
    marks = list(_NAME.finditer(text))
    wrong = text.count("-- name") - len(marks)
    if wrong or (not marks and text.strip()):
        raise BadQueries(f"{path.name} holds a statement whose name line is not of the form '-- name: some_name'.")
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        lines = text[mark.end() : end].strip().splitlines()
        if not lines or not lines[0].startswith("-- "):
            raise BadQueries(f"{path.name}: {mark['name']} has no comment line under its name.")
        statement = "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip().removesuffix(";")
        if not statement:
            raise BadQueries(f"{path.name}: {mark['name']} has no statement.")
        yield mark["name"], statement


SQL: Mapping[str, LiteralString] = load(_FOLDER.glob("*.sql"))
