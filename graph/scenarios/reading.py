"""Reads scenario files: YAML without traps, variants written out, and every fault with its line and a remedy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from domain.checked_file import FileRefused, Problem, line_of, problems_of, suggestion
from domain.checked_file import Path as Place
from domain.errors import BadInput
from domain.yaml_tree import BadYaml, Tree, read_yaml
from graph.scenarios.format import Scenario, ScenarioFile

Json = dict[str, Any]
Lines = dict[Place, int]


class ScenarioRefused(FileRefused):
    """A scenario file cannot be played; all its problems at once."""

    kind = "scenario file"


def load_scenarios(paths: Sequence[Path]) -> list[Scenario]:
    """Every scenario of the files and folders, in order; raises ScenarioRefused or BadInput."""
    found: list[Scenario] = []
    origin: dict[str, Path] = {}
    for path in _files(paths):
        for scenario in _load(path):
            if scenario.id in origin:
                problem = f"{path} and {origin[scenario.id]} both have a scenario {scenario.id}"
                raise BadInput("scenario", problem, "Give every scenario an id of its own.")
            origin[scenario.id] = path
            found.append(scenario)
    return found


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        here = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not here or not path.exists():
            raise BadInput(
                "path", f"there is no scenario file at {path}", "Give a .yaml file or a folder that holds some."
            )
        files += here
    return list(dict.fromkeys(files))


def _load(path: Path) -> list[Scenario]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(
            "path", f"{path} cannot be read ({fault})", "Give a UTF-8 file that this user may read."
        ) from None
    return parse_scenarios(text, str(path))


def parse_scenarios(text: str, source: str) -> list[Scenario]:
    """The scenarios of one file's text; raises ScenarioRefused with every problem."""
    try:
        tree = read_yaml(text)
    except BadYaml as fault:
        raise ScenarioRefused(source, [_reworded(fault.problem)]) from fault
    content, lines = _written_out(tree, source)
    try:
        return list(ScenarioFile.model_validate(content).scenarios)
    except ValidationError as fault:
        raise ScenarioRefused(source, [_reworded(p) for p in problems_of(fault, ScenarioFile, lines)]) from fault


def _reworded(problem: Problem) -> Problem:
    """The remedies of the shared reader speak of the policy file."""
    if "default policy" not in problem.remedy and problem.remedy != "Correct the value.":
        return problem
    named = [part for part in problem.field.split(".") if not part.isdecimal()]
    key = named[-1] if named else "file"
    return replace(
        problem, remedy=f"See {key} in docs/scenarios.md." if key and key != "file" else "See docs/scenarios.md."
    )


def _written_out(tree: Tree, source: str) -> tuple[Json, Lines]:
    """Variants take the keys that they lack from another scenario; `steps_of` is replaced by that one's steps."""
    content = tree.value
    entries = cast("Json", content).get("scenarios") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        return cast("Json", content), tree.lines
    lines = dict(tree.lines)
    written = _Writer(source, tree.lines)
    for number, entry in enumerate(cast("list[Any]", entries)):
        if isinstance(entry, dict):
            written.add(number, cast("Json", entry), lines)
    whole = [written.by_number.get(number, entry) for number, entry in enumerate(cast("list[Any]", entries))]
    return {**cast("Json", content), "scenarios": whole}, lines


class _Writer:
    """Writes scenarios out one after the other, so that a variant can build on what stands above it."""

    def __init__(self, source: str, lines: Mapping[Place, int]) -> None:
        self.source, self.lines = source, lines
        self.by_number: dict[int, Json] = {}
        self._by_id: dict[str, tuple[int, Json]] = {}

    def add(self, number: int, entry: Json, lines: Lines) -> None:
        whole = dict(entry)
        if "like" in whole:
            origin, base = self._found(whole.pop("like"), ("scenarios", number, "like"))
            for key in base:
                if key not in whole and key != "id":
                    whole[key] = base[key]
                    _copy_lines(self.lines, lines, ("scenarios", origin, key), ("scenarios", number, key))
        if isinstance(whole.get("steps"), list) and "steps" in entry:
            whole["steps"] = list(self._steps(number, cast("list[Any]", whole["steps"]), lines))
        self.by_number[number] = whole
        if isinstance(whole.get("id"), str):
            self._by_id[whole["id"]] = (number, whole)

    def _steps(self, number: int, steps: Sequence[Any], lines: Lines) -> Iterable[Any]:
        at = 0
        for place, step in enumerate(steps):
            taken = self._taken(number, place, step)
            for origin, each in taken if taken is not None else [(("scenarios", number, "steps", place), step)]:
                yield each
                _copy_lines(self.lines, lines, origin, ("scenarios", number, "steps", at))
                at += 1

    def _taken(self, number: int, place: int, step: Any) -> list[tuple[Place, Any]] | None:
        if not isinstance(step, dict) or "steps_of" not in step:
            return None
        raw, path = cast("Json", step), ("scenarios", number, "steps", place)
        if unknown := sorted(set(raw) - {"steps_of", "until", "since"}):
            self._refuse((*path, unknown[0]), "this key is not known", "Only since and until go with steps_of.")
        origin, base = self._found(raw["steps_of"], (*path, "steps_of"))
        steps = cast("list[Any]", base.get("steps") or [])
        ids = [cast("Json", each).get("id") if isinstance(each, dict) else None for each in steps]
        for key in ("since", "until"):
            if key in raw and raw[key] not in ids:
                known = [str(each) for each in ids if each]
                self._refuse(
                    (*path, key), f"{raw['steps_of']} has no step {raw[key]}", suggestion(str(raw[key]), known)
                )
        first = ids.index(raw["since"]) if "since" in raw else 0
        last = ids.index(raw["until"]) + 1 if "until" in raw else len(steps)
        return [(("scenarios", origin, "steps", n), steps[n]) for n in range(first, last)]

    def _found(self, name: Any, path: Place) -> tuple[int, Json]:
        if str(name) not in self._by_id:
            self._refuse(path, f"no scenario {name} stands above this one", suggestion(str(name), self._by_id))
        return self._by_id[str(name)]

    def _refuse(self, path: Place, problem: str, remedy: str) -> None:
        field = ".".join(str(part) for part in path)
        raise ScenarioRefused(self.source, [Problem(field, "", problem, remedy, line_of(path, self.lines))])


def _copy_lines(source: Mapping[Place, int], target: Lines, old: Place, new: Place) -> None:
    """The lines of a copied part are those of the place it was copied from."""
    if old == new:
        return
    for path, line in source.items():
        if path[: len(old)] == old:
            target[(*new, *path[len(old) :])] = line
