"""The autonomy block: how much the agent may do alone, per scope, region and value, never globally."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.policy_types import Block, Level, Money, Positive, Region, Share, Table, Word


class Cell(Block):
    """A narrower place than the default: a region, values below a bound, or both."""

    scope: Word
    region: Region | None = None
    value_below: Annotated[Money, Field(gt=0)] | None = None
    level: Level

    def covers(self, region: str | None, value: Decimal) -> bool:
        if self.value_below is not None and value >= self.value_below:
            return False
        return self.region is None or within(region, self.region)

    def narrower_than(self, other: "Cell") -> bool:
        """Whether every case of this cell is a case of the other, and not the other way round."""
        return self != other and self._inside(other) and not other._inside(self)

    def _inside(self, other: "Cell") -> bool:
        region = other.region is None or within(self.region, other.region)
        value = other.value_below is None or (self.value_below is not None and self.value_below <= other.value_below)
        return region and value


def within(region: str | None, area: str) -> bool:
    """Whether a region lies in an area: US-TX lies in US-TX and in US."""
    return region is not None and (region == area or region.startswith(area + "-"))


class Promotion(Block):
    target: Share
    min_n: Positive
    incident_free_days: Positive | None = None


class Promote(Block):
    """What the step into each level takes."""

    L1: Promotion
    L2: Promotion
    L3: Promotion
    L4: Promotion


class Demote(Block):
    window: Positive
    sev1: Literal["to_L0", "minus_one"]
    sev2: Literal["to_L0", "minus_one"]
    canary_catch_rate_min: Share


class Autonomy(Block):
    levels: Table[Word, Level]
    cells: tuple[Cell, ...]
    promote: Promote
    checkpoints: Annotated[tuple[Positive, ...], Field(min_length=1)]
    demote: Demote

    def level(self, scope: str, region: str | None, value: Decimal) -> Level | None:
        """The level for one use. The narrowest cell wins; where neither of two is narrower, the lower level."""
        cells = [cell for cell in self.cells if cell.scope == scope and cell.covers(region, value)]
        narrowest = [cell for cell in cells if not any(other.narrower_than(cell) for other in cells)]
        return lowest([cell.level for cell in narrowest]) if narrowest else self.levels.get(scope)


def lowest(levels: Sequence[Level]) -> Level:
    return min(levels)
