"""Effects as rows: grouped by kind, numbered in their order, and as the JSON text that one statement takes."""

import json
from typing import Any

Row = dict[str, Any]
Effects = dict[str, list[Row]]


def text(rows: list[Row]) -> str:
    return json.dumps(rows, default=str)


def grouped(effects: list[Row]) -> Effects:
    """The effects by kind, each in its order."""
    out: Effects = {}
    for effect in effects:
        out.setdefault(effect["kind"], []).append(effect)
    return out


def numbered(rows: list[Row]) -> list[Row]:
    return [{**row, "ordinal": number} for number, row in enumerate(rows)]
