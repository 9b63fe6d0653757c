"""Reads YAML from people without its traps: no aliases, tags or duplicate keys, exact numbers, a line for every key."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

import yaml

from domain.checked_file import Path, Problem, dotted, shown

MOST_CHARACTERS = 200_000
MOST_DEPTH = 20
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, ten times faster
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,27})")
_FRACTION = re.compile(r"[-+]?[0-9]{1,20}\.[0-9]{1,20}")
_NOTHING = frozenset({"", "~", "null"})
# `no`, `off`, 010 and 12:30 stay text: YAML 1.1 would turn a country, a switch and a time into something else.
_SWITCHES = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Tree:
    """The content of a file, and the line of every key in it."""

    value: Any
    lines: dict[Path, int] = field(default_factory=dict[Path, int])


class BadYaml(Exception):
    """The text is no YAML of the allowed kind; carries the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def read_yaml(text: str) -> Tree:
    """Parse one document; raises BadYaml."""
    if len(text) > MOST_CHARACTERS:
        raise _bad((), 1, f"{len(text)} characters", "the file is too long", f"Keep it under {MOST_CHARACTERS}.")
    reader = _Reader(text)
    try:
        return Tree(reader.document(), reader.lines)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else None
        raise BadYaml(
            Problem(
                "file",
                "",
                f"this is no YAML: {fault.problem or fault.context}",
                "Check indent, colons and quotes.",
                line,
            )
        ) from fault
    except yaml.YAMLError as fault:
        raise BadYaml(
            Problem("file", "", "it holds characters that YAML does not allow", "Save it as UTF-8 text.")
        ) from fault


def _bad(path: Path, line: int, value: object, problem: str, remedy: str) -> BadYaml:
    return BadYaml(Problem(dotted(path), shown(value), problem, remedy, line))


class _Reader:
    def __init__(self, text: str) -> None:
        self.events = cast("Iterator[yaml.Event]", yaml.parse(text, Loader=_LOADER))  # pyright: ignore[reportUnknownMemberType]
        self.lines: dict[Path, int] = {}

    def document(self) -> Any:
        next(self.events)  # the start of the stream
        first = next(self.events)
        if isinstance(first, yaml.StreamEndEvent):
            raise _bad((), 1, "", "the file is empty", "Start from a copy of the default policy.")
        value = self._value(next(self.events), ())
        next(self.events)  # the end of the document
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _bad((), _line(after), "---", "there is a second document in the file", "Keep one document per file.")
        return value

    def _value(self, event: yaml.Event, path: Path) -> Any:
        line = _line(event)
        self.lines.setdefault(path, line)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise _bad(path, line, "", "anchors and aliases are not allowed", "Write the value out where it is needed.")
        if getattr(event, "tag", None) is not None:
            raise _bad(path, line, getattr(event, "tag", ""), "tags are not allowed", "Write the plain value.")
        if len(path) > MOST_DEPTH:
            raise _bad(path, line, "", f"this is nested deeper than {MOST_DEPTH} levels", "Follow the default policy.")
        match event:
            case yaml.ScalarEvent(value=str() as text, style=style):
                return text if style else _scalar(text)
            case yaml.SequenceStartEvent():
                return self._list(path)
            case _:
                return self._mapping(path)

    def _list(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path)
            if key in items:
                first = self.lines[(*path, key)]
                raise _bad(
                    (*path, key), _line(event), "", f"this key stands twice, first on line {first}", "Remove one."
                )
            self.lines[(*path, key)] = _line(event)
            items[key] = self._value(next(self.events), (*path, key))
        return items

    def _key(self, event: yaml.Event, path: Path) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
            raise _bad(path, _line(event), "", "a key must be a plain word", "Write key: value.")
        return str(event.value)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1


def _scalar(text: str) -> Any:
    if text in _SWITCHES:
        return _SWITCHES[text]
    if text in _NOTHING:
        return None
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _FRACTION.fullmatch(text) else text


def as_json(value: Any) -> str:
    """The value as JSON that `read_yaml` reads back as it was: numbers keep their digits (49.00 stays 49.00)."""
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return "{" + ", ".join(f"{json.dumps(key)}: {as_json(inner)}" for key, inner in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(as_json(inner) for inner in cast("list[Any]", value)) + "]"
    return f"{value:f}" if isinstance(value, Decimal) else json.dumps(value)
