"""What was known and allowed at one turn of a session: facts in both times, authority, guards and uses."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from memory.inspection import Trail

Json = dict[str, Any]


class Moment:
    """A turn of a session to look back from; `upto` None is now."""

    def __init__(self, trail: Trail, upto: int | None) -> None:
        self.trail = trail
        self.numbers = {turn["turn_id"]: turn["turn"] for turn in trail.turns}
        last = trail.turns[-1]["turn"] if trail.turns else 0
        self.upto = last if upto is None else min(upto, last)
        self.newest = self.upto >= last
        self.turn: Mapping[str, Any] | None = next((t for t in reversed(trail.turns) if t["turn"] <= self.upto), None)
        self.at: datetime | None = self.turn["at"] if self.turn else None

    def happened(self, turn_id: str, at: datetime) -> bool:
        """Whether a row was there: by its turn where that is one of this session, else by its time."""
        number = self.numbers.get(turn_id)
        if self.newest:
            return True
        return number <= self.upto if number is not None else self.at is not None and at <= self.at


def facts(moment: Moment) -> list[Json]:
    """The ledger by key: the value in force first, then what it superseded, newest first."""
    rows = [row for row in moment.trail.facts if moment.happened(row["turn_id"], row["recorded_at"])]
    replaced = {row["supersedes"] for row in rows if row["supersedes"]}
    by_key: dict[str, list[Json]] = {}
    for row in rows:
        retired = row["retired_at"] is not None and (moment.newest or _by(row["retired_at"], moment.at))
        # A row that says "withdrawn" stands for what is no longer so; one that was retired later was in force then.
        tombstone = row["retired_at"] is None and row["status"] in ("superseded", "withdrawn")
        gone = retired or tombstone or row["fact_id"] in replaced
        status = None if row["retired_at"] is not None and not retired else row["status"]
        item = {**row, "status": status, "in_force": not gone, "turn": moment.numbers.get(row["turn_id"])}
        by_key.setdefault(row["key"], []).append(item)
    ordered: list[Json] = []
    for key in sorted(by_key):
        ordered += sorted(by_key[key], key=lambda item: (item["in_force"], item["recorded_at"]), reverse=True)
    return ordered


def _by(when: datetime, at: datetime | None) -> bool:
    return at is not None and when <= at


def scopes(moment: Moment) -> list[str]:
    """What the agent might have done at that turn."""
    return list((moment.turn or {}).get("scopes") or [])


def capabilities(moment: Moment) -> list[Json]:
    """Authority that had been minted, newest first, with what had become of it."""
    found: list[Json] = []
    for row in moment.trail.capabilities:
        if not moment.happened(row["turn_id"], row["minted_at"]):
            continue
        dead = row["dead_at"] is not None and (moment.newest or _by(row["dead_at"], moment.at))
        state = "revoked" if dead else "used" if row["uses_left"] == 0 and moment.newest else "minted"
        found.append({**row, "state": state, "turn": moment.numbers.get(row["turn_id"])})
    return found[::-1]


def calls(moment: Moment) -> list[Json]:
    """Every use of authority, refused ones too, newest first."""
    return [
        {**row, "turn": moment.numbers.get(row["turn_id"])}
        for row in reversed(moment.trail.tool_calls)
        if moment.happened(row["turn_id"], row["at"])
    ]


def guards(moment: Moment) -> list[Json]:
    """Each row of the table that was asked, newest first, with every guard and the value that decided it."""
    fired = {(row["turn_id"], row["transition"]) for row in moment.trail.transitions}
    groups: dict[tuple[int, str], Json] = {}
    for row in moment.trail.guards:
        number = moment.numbers.get(row["turn_id"])
        if number is None or number > moment.upto:
            continue
        group = groups.setdefault(
            (number, row["transition"]),
            {
                "turn": number,
                "transition": row["transition"],
                "fired": (row["turn_id"], row["transition"]) in fired,
                "checks": [],
            },
        )
        group["checks"].append({"guard": row["guard"], "held": row["held"], "value": row["value"]})
    return [groups[key] for key in sorted(groups, key=lambda key: key[0], reverse=True)]
