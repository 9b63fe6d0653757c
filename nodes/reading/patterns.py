"""The notation of the phrase lists: words, (a|b) choices, ? for what may be missing, .. for a gap, ^ and $ for ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadInput
from nodes.reading.spelling import expand

GAP = ".."  # stands for up to three tokens of any kind


@dataclass(frozen=True, slots=True)
class Choice:
    ways: tuple[tuple["Choice | str", ...], ...]
    optional: bool = False


def parse(text: str) -> tuple[Choice | str, ...]:
    """A pattern: words, (a|b) choices, a ? for what may be missing, .. for a gap."""
    sequence, rest = _sequence(text)
    if rest:
        raise BadInput("lexicon", f"unbalanced parenthesis in {text!r}", "Close it.")
    return sequence


def _sequence(text: str) -> tuple[tuple[Choice | str, ...], str]:
    parts: list[Choice | str] = []
    text = text.lstrip()
    while text and text[0] not in "|)":
        if text[0] == "(":
            part, text = _choice(text[1:])
            parts.append(part)
        else:
            cut = next((k for k, c in enumerate(text) if c in " ()|"), len(text))
            word, text = text[:cut], text[cut:]
            mark = word.removesuffix("?")
            expanded = (mark,) if mark in (GAP, "#") or mark[:1] == "@" else expand(mark)
            parts.extend([Choice((expanded,), True)] if word.endswith("?") else expanded)
        text = text.lstrip()
    return tuple(parts), text


def _choice(text: str) -> tuple[Choice, str]:
    ways: list[tuple[Choice | str, ...]] = []
    while True:
        way, text = _sequence(text)
        ways.append(way)
        if not text:
            raise BadInput("lexicon", "a choice is not closed", "Write the closing parenthesis.")
        mark, text = text[0], text[1:]
        if mark == ")":
            optional = text.startswith("?")
            return Choice(tuple(ways), optional), text[1:] if optional else text


def load_lists(paths: Iterable[Path]) -> tuple[dict[str, list[str]], set[str]]:
    """The lists of some files, and the names of those that may stand negated; `&name = ...` names a part."""
    lists: dict[str, list[str]] = {}
    negatable: set[str] = set()
    parts: dict[str, str] = {}
    for path in paths:
        current: list[str] | None = None
        for line in path.read_text(encoding="utf-8").splitlines():
            line = line.partition("//")[0].strip()
            if line.startswith("&") and "=" in line.partition(" ")[2][:2]:
                name, _, value = line.partition("=")
                parts[name.strip()] = _filled(value.strip(), parts)
            elif line.startswith("["):
                name = line.strip("[]~")
                current = lists.setdefault(name, [])
                negatable |= {name} if line.endswith("~") else set()
            elif line and current is not None:
                current.append(_filled(line, parts))
    return lists, negatable


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    while "&" in pattern:
        head, _, tail = pattern.partition("&")
        cut = next((k for k, c in enumerate(tail) if not (c.isalpha() or c == "_")), len(tail))
        pattern = head + parts["&" + tail[:cut]] + tail[cut:]
    return pattern
