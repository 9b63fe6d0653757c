"""Finds every phrase of the lists in one pass, in time that grows with the text and not with the lists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from domain.errors import BadInput
from nodes.reading.patterns import GAP, Choice, parse
from nodes.reading.tokens import HARD, SOFT, Token

MOST_SKIPPED = 3
MOST_KEPT = 60_000  # transitions remembered; a flood of strange words starts them anew
_NEGATIONS = frozenset({"not", "never", "without", "nor"})

Span = tuple[int, int]  # token indices, the end exclusive
Hits = dict[str, list[Span]]


@dataclass(slots=True, eq=False)
class _Node:
    """A place inside a pattern."""

    after: "dict[str, list[_Node]]" = field(default_factory=dict[str, "list[_Node]"])
    any: "list[_Node]" = field(default_factory=list["_Node"])  # where any token leads, inside a gap
    free: "list[_Node]" = field(default_factory=list["_Node"])  # where one is without a token
    group: str = ""
    at_stop: bool = False  # the group counts only where the clause ends here


@dataclass(slots=True, eq=False)
class _State:
    """Places reached together; what follows is worked out when it is first needed, and then kept."""

    nodes: tuple[_Node, ...]
    groups: tuple[str, ...]
    groups_at_stop: tuple[str, ...]
    after: "dict[tuple[str, ...], _State | None]" = field(default_factory=dict[tuple[str, ...], "_State | None"])


class Lexicon:
    """The phrase lists, compiled. `name!` lists veto overlapping hits of `name`; `name~` lists may stand negated."""

    def __init__(self, lists: Mapping[str, Iterable[str]], negatable: Iterable[str] = ()) -> None:
        self._negatable = frozenset(negatable)
        self._vetoes = tuple((name[:-1], name) for name in lists if name.endswith("!"))
        self._inner, self._first = _Node(), _Node()
        self.words: set[str] = set()
        for name, patterns in lists.items():
            for pattern in patterns:
                self._add(name, pattern)
        for word, nodes in self._inner.after.items():
            self._first.after.setdefault(word, []).extend(nodes)
        self._forget()

    def _forget(self) -> None:
        self._kept = 0
        self._states: dict[frozenset[int], _State] = {}
        self._anywhere, self._at_clause = self._state([self._inner]), self._state([self._first])

    def _add(self, group: str, pattern: str) -> None:
        body = pattern.strip().removesuffix(GAP).strip()
        start = _Node()
        end = self._build(start, parse(body.removeprefix("^").removesuffix("$")))
        end.group, end.at_stop = group, body.endswith("$")
        begin = _closure([start])
        if end in begin or any(node.any for node in begin):
            raise BadInput(
                "lexicon", f"the pattern {pattern!r} of {group} may begin with anything", "Begin it with a word."
            )
        root = self._first if body.startswith("^") else self._inner
        for node in begin:
            for word, following in node.after.items():
                root.after.setdefault(word, []).extend(following)

    def _build(self, start: _Node, parts: Sequence[Choice | str]) -> _Node:
        for part in parts:
            end = _Node()
            if isinstance(part, Choice):
                for way in part.ways:
                    self._build(start, way).free.append(end)
                if part.optional:
                    start.free.append(end)
            elif part == GAP:
                _gap(start, end)
            else:
                self.words.add(part)
                start.after.setdefault(part, []).append(end)
            start = end
        return start

    def _state(self, nodes: Iterable[_Node]) -> _State:
        reached = _closure(nodes)
        key = frozenset(map(id, reached))
        state = self._states.get(key)
        if state is None:
            groups = dict.fromkeys(node.group for node in reached if node.group and not node.at_stop)
            at_stop = dict.fromkeys(node.group for node in reached if node.group and node.at_stop)
            state = self._states[key] = _State(tuple(reached), tuple(groups), tuple(at_stop))
        return state

    def _follow(self, state: _State, keys: tuple[str, ...]) -> _State | None:
        nodes = [n for node in state.nodes for key in keys for n in node.after.get(key, ())]
        nodes += [n for node in state.nodes for n in node.any]
        following = self._state(nodes) if nodes else None
        self._kept += 1
        state.after[keys] = following
        return following

    def find(self, tokens: Sequence[Token]) -> Hits:
        """All hits by list, vetoed ones left out; a negated hit of a `~` list stands under `not NAME`."""
        if self._kept > MOST_KEPT:
            self._forget()
        keys = [tuple(key for key in token.keys if key in self.words) for token in tokens]
        hits: Hits = {}
        for i, token in enumerate(tokens):
            self._walk(self._at_clause if i == 0 or token.brk >= SOFT else self._anywhere, tokens, keys, i, hits)
        for name, veto in self._vetoes:
            if name in hits and veto in hits:
                hits[name] = _outside(hits[name], hits[veto])
        for name in self._negatable & hits.keys():
            negated = {span for span in hits[name] if _negated(tokens, span)}
            if negated:
                hits["not " + name] = sorted(negated)
                hits[name] = [span for span in hits[name] if span not in negated]
        return {name: spans for name, spans in hits.items() if spans}

    def _walk(
        self, state: _State, tokens: Sequence[Token], keys: list[tuple[str, ...]], start: int, hits: Hits
    ) -> None:
        at: _State | None = state
        for i in range(start, len(tokens) + 1):
            ends = i == len(tokens)
            if at.groups:
                for group in at.groups:
                    hits.setdefault(group, []).append((start, i))
            if at.groups_at_stop and (ends or tokens[i].brk >= SOFT):
                for group in at.groups_at_stop:
                    hits.setdefault(group, []).append((start, i))
            if ends or (i > start and tokens[i].brk >= HARD):
                return
            at = at.after[keys[i]] if keys[i] in at.after else self._follow(at, keys[i])
            if at is None:
                return


def _gap(start: _Node, end: _Node) -> None:
    start.free.append(end)
    for _ in range(MOST_SKIPPED):
        following = _Node()
        start.any.append(following)
        following.free.append(end)
        start = following


def _closure(nodes: Iterable[_Node]) -> list[_Node]:
    """The nodes and all that they lead to without a token."""
    reached = list(dict.fromkeys(nodes))
    seen = set(map(id, reached))
    for node in reached:  # grows while it is walked
        for following in node.free:
            if id(following) not in seen:
                seen.add(id(following))
                reached.append(following)
    return reached


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
