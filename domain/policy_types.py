"""The kinds of value a policy file may hold; each refuses what only looks like it (true for 1, "10" for 10)."""

import math
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import PydanticCustomError

K = TypeVar("K")
V = TypeVar("V")


class Block(BaseModel):
    """A block of the file: no unknown keys, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _exact(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal) or not Decimal(raw).is_finite():
        raise PydanticCustomError("exact_number", "is not an exact number")
    return Decimal(raw)


def _real(raw: object) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | float):
        raise PydanticCustomError("real_number", "is not a number")
    try:
        value = float(raw)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise PydanticCustomError("real_number", "is too large or no number")
    return value


def _read_only(raw: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(raw))


def _plain(raw: Mapping[K, V]) -> dict[K, V]:
    return dict(raw)


Table = Annotated[Mapping[K, V], AfterValidator(_read_only), PlainSerializer(_plain)]

Money = Annotated[Decimal, BeforeValidator(_exact)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=100)]
Real = Annotated[float, BeforeValidator(_real)]
Share = Annotated[float, BeforeValidator(_real), Field(ge=0, le=1)]
PositiveReal = Annotated[float, BeforeValidator(_real), Field(gt=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
Positive = Annotated[int, Field(strict=True, gt=0)]
Switch = Annotated[bool, Field(strict=True)]
Word = Annotated[str, Field(strict=True, min_length=1, max_length=200)]
Region = Annotated[str, Field(strict=True, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Level = Literal["L0", "L1", "L2", "L3", "L4"]
