"""Compares what a scenario wants with what is there: amounts as numbers, moments as instants, blocks as subsets."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from graph.scenarios.sight import text_of
from graph.scenarios.values import Moment

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)


def matches(want: Any, got: Any) -> bool:
    """Whether `got` is what is wanted. A block compares the keys it names, a list every item in order."""
    if isinstance(want, Mapping):
        return isinstance(got, Mapping) and all(
            matches(value, cast("Mapping[str, Any]", got).get(key))
            for key, value in cast("Mapping[str, Any]", want).items()
        )
    if isinstance(want, (list, tuple)):
        wanted = cast("Sequence[Any]", want)
        if not isinstance(got, (list, tuple)):
            return False
        found = cast("Sequence[Any]", got)
        return len(wanted) == len(found) and all(matches(w, g) for w, g in zip(wanted, found, strict=True))
    if want is None or isinstance(want, bool):
        return want is got
    return _same(want, got)


def _same(want: Any, got: Any) -> bool:
    if isinstance(got, bool) or got is None:
        return False
    number, other = _number(want), _number(got)
    if number is not None and other is not None:
        return number == other
    moment, then = _instant(want), _instant(got)
    if moment is not None and then is not None:
        return moment == then
    return str(want) == str(got)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, (datetime, date)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str) or len(value) < 16:
        return None
    try:
        return _MOMENT.validate_python(value)
    except ValidationError:
        return None


def difference(want: Any, got: Any) -> str | None:
    """`got instead of want`, or None where it is so."""
    return None if matches(want, got) else f"{text_of(got)} instead of {text_of(want)}"


def unlike(wants: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """The fields that are not as wanted, each with both values; what is None is not compared."""
    return [
        f"{name}: {wrong}"
        for name, want in wants.items()
        if want is not None and (wrong := difference(want, got.get(name)))
    ]


def lists_differ(wants: Sequence[Mapping[str, Any]], got: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """Two lists item by item, with what is missing and what is too many."""
    found: list[str] = []
    for number, (want, row) in enumerate(zip(wants, got, strict=False), 1):
        found += [f"{name}[{number}].{wrong}" for wrong in unlike(want, row)]
    if len(got) != len(wants):
        found.append(f"{name}: {len(got)} instead of {len(wants)}: {_listed(got)}")
    return found


def _listed(rows: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(", ".join(f"{k} {text_of(v)}" for k, v in row.items() if v is not None) for row in rows) or "none"
