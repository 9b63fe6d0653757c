"""What is wrong with a file that a person wrote: field, value, problem and remedy, in plain words."""

import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import ThroughlineError

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """`field` is a dotted path; `line` is where it stands in the file, if it stands there at all."""

    field: str
    value: str
    problem: str
    remedy: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        shown = f" = {self.value}" if self.value else ""
        return f"{place}{self.field}{shown}: {self.problem}. {self.remedy}"


class FileRefused(ThroughlineError):
    """A file is not taken over; the version that was live stays live."""

    kind = "file"

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        super().__init__(f"The {self.kind} {source} is refused.\n" + "\n".join(f"- {p}" for p in problems))
        self.source, self.problems = source, list(problems)


def dotted(path: Iterable[str | int]) -> str:
    return ".".join(str(part) for part in path) or "file"


def shown(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """The line of the field, or of the nearest thing around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def suggestion(word: str, allowed: Iterable[str]) -> str:
    """A remedy that names the nearest allowed word, or all of them."""
    words = sorted(allowed)
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Use one of: {', '.join(words)}." if words else "Remove it."


def problems_of(fault: ValidationError, model: type[BaseModel], lines: Mapping[Path, int]) -> list[Problem]:
    """The faults that pydantic found, each in the words of the person who edits the file."""
    found: list[Problem] = []
    for error in fault.errors(include_url=False):
        rules = cast("Sequence[Problem] | None", error.get("ctx", {}).get("problems"))
        if rules is not None:
            found.extend(rules)
            continue
        problem = _translated(error, model, lines)
        if problem not in found:
            found.append(problem)
    return found


def _translated(error: ErrorDetails, model: type[BaseModel], lines: Mapping[Path, int]) -> Problem:
    path, key_is_wrong = _real_path(error["loc"], model)
    value = "" if error["type"] in ("missing", "extra_forbidden") else shown(error["input"])
    problem, remedy = _words_for(error, path, model, key_is_wrong)
    return Problem(dotted(path), value, problem, remedy, line_of(path, lines))


def _words_for(error: ErrorDetails, path: Path, model: type[BaseModel], key_is_wrong: bool) -> tuple[str, str]:
    kind, context = error["type"], error.get("ctx", {})
    last = str(path[-1]) if path else ""
    match kind:
        case "extra_forbidden":
            return "this key is not known", suggestion(last, keys_at(model, path[:-1]))
        case "missing":
            return "this key is missing", f"Add {last}; the default policy shows a value."
        case "enum" | "literal_error":
            allowed = _choices(str(context.get("expected", "")))
            subject = "this key is not known" if key_is_wrong else "this value is not allowed"
            return subject, suggestion(last if key_is_wrong else str(error["input"]), allowed)
        case "exact_number":
            return "this is no exact number", "Write digits, such as 49.00, without quotes."
        case "real_number" | "float_type" | "int_type" | "int_from_float":
            return (
                "this is no number of the right kind",
                "Write digits, whole where seconds or counts are meant, without quotes.",
            )
        case "bool_type":
            return "this must be true or false", "Write true or false, without quotes."
        case "string_type":
            return "this must be text", "Put the value in quotes."
        case "dict_type" | "model_type" | "mapping_type" | "model_attributes_type":
            return "this must be a block of keys", "Write key: value lines below it."
        case "tuple_type" | "list_type":
            return "this must be a list", "Write it as [a, b]."
        case "too_short":
            return "this must not be empty", "Add what belongs here; the default policy shows it."
        case "string_pattern_mismatch":
            return "this is not written the way it must be", "Write it as the default policy does."
        case _:
            return error["msg"].replace("Input should", "this should"), "Correct the value."


def _choices(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",") if part.strip()]


def _real_path(loc: Path, model: type[BaseModel]) -> tuple[Path, bool]:
    """The path as it stands in the file: pydantic adds names of its own for unions and keys."""
    if loc and loc[-1] == "[key]":
        return loc[:-1], True
    path: list[str | int] = []
    kind: Any = model
    for part in loc:
        kind = _unwrapped(kind)
        if isinstance(part, int) or part in _names(kind) or _is_table(kind):
            path.append(part)
            kind = _child(kind, part)
        elif not _is_union(kind):
            path.append(part)
            kind = None
    return tuple(path), False


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a place of the file."""
    kind: Any = model
    for part in path:
        kind = _child(_unwrapped(kind), part)
    return sorted(_names(_unwrapped(kind)))


def _unwrapped(kind: Any) -> Any:
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif _is_union(kind):
            inner = [arg for arg in get_args(kind) if arg is not type(None)]
            if len(inner) != 1:
                return kind
            kind = inner[0]
        else:
            return kind


def _is_union(kind: Any) -> bool:
    return get_origin(kind) in (Union, types.UnionType)


def _is_table(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _names(kind: Any) -> set[str]:
    return set(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else set()


def _child(kind: Any, part: str | int) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return field.annotation if field else None
    arguments = get_args(kind)
    if _is_table(kind):
        return arguments[1]
    if get_origin(kind) in (tuple, list) and isinstance(part, int) and arguments:
        return (
            arguments[0]
            if arguments[-1] is Ellipsis or get_origin(kind) is list
            else arguments[min(part, len(arguments) - 1)]
        )
    return None
