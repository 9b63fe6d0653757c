"""Regional and product overlays: a policy file may change some of its own numbers for a region or a product line."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import Field

from domain.checked_file import Problem
from domain.policy_autonomy import within
from domain.policy_types import Block, Region, Word

MOST_OVERLAYS = 40
# What makes a version a version cannot differ between two sessions of the same version.
FIXED = frozenset(
    {"version", "effective_at", "propagation", "emergency", "supersedes", "authors", "locale", "overlays"}
)


class Condition(Block):
    """Where the overlay holds. Both given: both must hold. A region may be a country or a state."""

    region: tuple[Region, ...] = ()
    product: tuple[Word, ...] = ()

    def holds(self, region: str | None, product: str | None) -> bool:
        here = not self.region or any(within(region, area) for area in self.region)
        return here and (not self.product or product in self.product)


class PolicyOverlay(Block):
    """Not to be confused with domain.stages.Overlay, which is a presence over a step."""

    id: Annotated[str, Field(strict=True, pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    when: Condition
    set: Annotated[Mapping[Word, Any], Field(min_length=1)]


def overlay_problems(overlays: tuple[PolicyOverlay, ...], products: Mapping[str, Any]) -> Iterator[Problem]:
    if len(overlays) > MOST_OVERLAYS:
        yield Problem("overlays", str(len(overlays)), f"there are more than {MOST_OVERLAYS} overlays", "Merge some.")
    for number, overlay in enumerate(overlays):
        field = f"overlays.{number}"
        if any(overlay.id == other.id for other in overlays[:number]):
            yield Problem(f"{field}.id", overlay.id, "this overlay id is taken", "Give every overlay an id of its own.")
        if not overlay.when.region and not overlay.when.product:
            yield Problem(
                f"{field}.when", "", "an overlay needs a region or a product", "Change the policy itself instead."
            )
        for product in overlay.when.product:
            if product not in products:
                yield Problem(
                    f"{field}.when.product", product, "the catalogue has no such product", "Correct the name."
                )
        for target in overlay.set:
            if target.split(".")[0] in FIXED:
                yield Problem(
                    f"{field}.set.{target}", "", "an overlay may not change this", "Change the policy itself."
                )


def selections(overlays: tuple[PolicyOverlay, ...]) -> list[tuple[int, ...]]:
    """Every set of overlays that can hold together for some session."""
    regions = {None, *(area for overlay in overlays for area in overlay.when.region)}
    products = {None, *(product for overlay in overlays for product in overlay.when.product)}
    found = {matching(overlays, region, product) for region in regions for product in products}
    return sorted(found - {()})


def matching(overlays: tuple[PolicyOverlay, ...], region: str | None, product: str | None) -> tuple[int, ...]:
    return tuple(number for number, overlay in enumerate(overlays) if overlay.when.holds(region, product))


def overlaid(raw: Mapping[str, Any], overlays: tuple[PolicyOverlay, ...], chosen: tuple[int, ...]) -> dict[str, Any]:
    """The content of the file with the chosen overlays applied in the order of the file, later ones last."""
    result = cast("dict[str, Any]", _copied({key: value for key, value in raw.items() if key != "overlays"}))
    for number in chosen:
        put_all(result, overlays[number].set)
    return result


def put_all(content: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Set dotted paths in the content of a policy file; raises KeyError with the path that leads nowhere."""
    for target, value in changes.items():
        try:
            _put(content, target, _copied(value))
        except KeyError:
            raise KeyError(target) from None


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_copied(inner) for inner in cast("list[Any]", value)]
    return value


def _put(node: Any, target: str, value: Any) -> None:
    """Set a dotted path; keys may hold dots themselves (scopes.contract.send.ttl_s), list items go by id or number."""
    key, rest = _step(node, target)
    if not rest:
        node[key] = value
        return
    inner = node[key]
    if not isinstance(inner, dict | list):
        raise KeyError(target)
    _put(inner, rest, value)


def _step(node: Any, target: str) -> tuple[Any, str]:
    parts = target.split(".")
    for length in range(len(parts), 0, -1):
        head, rest = ".".join(parts[:length]), ".".join(parts[length:])
        key = _key_of(node, head)
        if key is not None:
            return key, rest
    if isinstance(node, dict):
        return target, ""  # a new key; the schema says whether it may exist
    raise KeyError(target)


def _key_of(node: Any, head: str) -> str | int | None:
    if isinstance(node, dict):
        return head if head in node else None
    items = cast("list[Any]", node)
    for number, item in enumerate(items):
        if isinstance(item, dict) and cast("dict[str, Any]", item).get("id") == head:
            return number
    return int(head) if head.isdecimal() and int(head) < len(items) else None
