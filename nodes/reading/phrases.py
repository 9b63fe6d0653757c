"""Finds every phrase of the lists in one pass over the tokens, in time that grows with the text and not with the lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import BadInput
from nodes.reading.spelling import expand
from nodes.reading.tokens import HARD, SOFT, Token

GAP = ".."  # stands for up to three tokens of any kind
MOST_SKIPPED = 3
_NEGATIONS = frozenset({"not", "never", "without", "nor"})

Span = tuple[int, int]  # token indices, the end exclusive
Hits = dict[str, list[Span]]


@dataclass(slots=True)
class _Node:
    after: "dict[str, _Node]" = field(default_factory=dict)
    gap: "_Node | None" = None
    groups: list[str] = field(default_factory=list)
    groups_at_stop: list[str] = field(default_factory=list)  # only where the clause ends here


@dataclass(frozen=True, slots=True)
class _Choice:
    ways: tuple[tuple["_Choice | str", ...], ...]
    optional: bool = False


class Lexicon:
    """The phrase lists, compiled. `name!` lists veto overlapping hits of `name`; `name~` lists may stand negated."""

    __slots__ = ("_anchored", "_negatable", "_root", "_vetoes", "groups", "words")

    def __init__(self, lists: Mapping[str, Iterable[str]], negatable: Iterable[str] = ()) -> None:
        self._root, self._anchored = _Node(), _Node()
        self._negatable = frozenset(negatable)
        self.groups = frozenset(name for name in lists if not name.endswith("!"))
        self._vetoes = tuple((name[:-1], name) for name in lists if name.endswith("!"))
        self.words: set[str] = set()
        for name, patterns in lists.items():
            for pattern in patterns:
                self._add(name, pattern)

    def _add(self, group: str, pattern: str) -> None:
        body = pattern.strip().removesuffix(GAP).strip()
        root = self._anchored if body.startswith("^") else self._root
        at_stop = body.endswith("$")
        fronts = self._grow([root], _parse(body.removeprefix("^").removesuffix("$")))
        for node in fronts:
            if node is root:
                raise BadInput("lexicon", f"the pattern {pattern!r} of {group} may be empty", "Make one word of it required.")
            ends = node.groups_at_stop if at_stop else node.groups
            if group not in ends:
                ends.append(group)

    def _grow(self, fronts: list[_Node], parts: Sequence[_Choice | str]) -> list[_Node]:
        for part in parts:
            if isinstance(part, _Choice):
                grown = [node for way in part.ways for node in self._grow(fronts, way)]
                fronts = grown + fronts if part.optional else grown
            elif part == GAP:
                for node in fronts:
                    node.gap = node.gap or _Node()
                fronts = [node.gap for node in fronts if node.gap is not None]
            else:
                self.words.add(part)
                fronts = [node.after.setdefault(part, _Node()) for node in fronts]
            fronts = list({id(node): node for node in fronts}.values())
        return fronts

    def find(self, tokens: Sequence[Token]) -> Hits:
        """All hits by list, vetoed ones left out; a negated hit of a `~` list stands under `not NAME`."""
        hits: Hits = {}
        for i, token in enumerate(tokens):
            _walk(self._root, tokens, i, i, hits)
            if token.brk >= SOFT or i == 0:
                _walk(self._anchored, tokens, i, i, hits)
        for name, veto in self._vetoes:
            if name in hits and veto in hits:
                hits[name] = _outside(hits[name], hits[veto])
        for name in self._negatable & hits.keys():
            negated = [span for span in hits[name] if _negated(tokens, span)]
            if negated:
                hits["not " + name] = negated
                hits[name] = [span for span in hits[name] if span not in negated]
        return {name: spans for name, spans in hits.items() if spans}


def _walk(node: _Node, tokens: Sequence[Token], start: int, i: int, hits: Hits) -> None:
    for group in node.groups:
        _note(hits, group, start, i)
    at_end = i >= len(tokens)
    if node.groups_at_stop and (at_end or tokens[i].brk >= SOFT):
        for group in node.groups_at_stop:
            _note(hits, group, start, i)
    if at_end or (i > start and tokens[i].brk >= HARD):
        return
    for key in tokens[i].keys:
        following = node.after.get(key)
        if following is not None:
            _walk(following, tokens, start, i + 1, hits)
    if node.gap is not None:
        _skip(node.gap, tokens, start, i, hits)


def _skip(node: _Node, tokens: Sequence[Token], start: int, i: int, hits: Hits) -> None:
    for j in range(i, min(i + MOST_SKIPPED + 1, len(tokens))):
        if j > i and tokens[j].brk >= HARD:
            return
        for key in tokens[j].keys:
            following = node.after.get(key)
            if following is not None:
                _walk(following, tokens, start, j + 1, hits)


def _note(hits: Hits, group: str, start: int, end: int) -> None:
    spans = hits.setdefault(group, [])
    if (start, end) not in spans[-8:]:
        spans.append((start, end))


def _outside(spans: list[Span], vetoes: list[Span]) -> list[Span]:
    covered = {k for start, end in vetoes for k in range(start, end)}
    return [(start, end) for start, end in spans if not any(k in covered for k in range(start, end))]


def _negated(tokens: Sequence[Token], span: Span) -> bool:
    for k in range(span[0] - 1, max(span[0] - 4, -1), -1):
        if tokens[k + 1].brk >= SOFT:
            return False
        if tokens[k].text in _NEGATIONS:
            return True
    return False


def _parse(text: str) -> tuple[_Choice | str, ...]:
    """A pattern: words, (a|b) choices, a ? for what may be missing, .. for a gap."""
    sequence, rest = _sequence(text)
    if rest:
        raise BadInput("lexicon", f"unbalanced parenthesis in {text!r}", "Close it.")
    return sequence


def _sequence(text: str) -> tuple[tuple[_Choice | str, ...], str]:
    parts: list[_Choice | str] = []
    text = text.lstrip()
    while text and text[0] not in "|)":
        if text[0] == "(":
            part, text = _choice(text[1:])
            parts.append(part)
        else:
            cut = next((k for k, c in enumerate(text) if c in " ()|"), len(text))
            word, text = text[:cut], text[cut:]
            expanded = expand(word.removesuffix("?")) if word not in (GAP, "#") and word[0] != "@" else (word.removesuffix("?"),)
            parts.extend([_Choice((expanded,), True)] if word.endswith("?") else expanded)
        text = text.lstrip()
    return tuple(parts), text


def _choice(text: str) -> tuple[_Choice, str]:
    ways: list[tuple[_Choice | str, ...]] = []
    while True:
        way, text = _sequence(text)
        ways.append(way)
        if not text:
            raise BadInput("lexicon", "a choice is not closed", "Write the closing parenthesis.")
        mark, text = text[0], text[1:]
        if mark == ")":
            optional = text.startswith("?")
            return _Choice(tuple(ways), optional), text[1:] if optional else text


def load_lists(paths: Iterable[Path]) -> tuple[dict[str, list[str]], set[str]]:
    """The lists of some files and the names of those that may stand negated; `&name = ...` defines a part of patterns."""
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
