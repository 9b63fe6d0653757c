"""What is seen of one session after a scenario, or a part of it: its rows, without those of its start."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from memory.playback import Row, Tables

START = "start:"  # how the turn ids of a session's start begin
HOURS = "scenario hours"  # label of the session that other people's hours belong to
_BY_CONTACT = frozenset({"facts", "consents"})


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a session stood before a step: how many turns it had, and in which epoch."""

    turns: int = 0
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Moments:
    """What the runner knows and the tables do not: when steps were done, and in which turn each call began."""

    now: datetime
    done: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    calls: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])


@dataclass(frozen=True)
class Sight:
    """One session by its name in the scenario. `mark` is where it stood before the step that is graded."""

    name: str
    session_id: str
    tables: Tables
    moments: Moments
    mark: Mark = Mark()

    @cached_property
    def head(self) -> Row:
        mine = [row for row in self.tables["sessions"] if row["session_id"] == self.session_id]
        return mine[0] if mine else Row()

    def rows(self, table: str, *, start: bool = False) -> list[Row]:
        """The session's rows; with `start` also those that it began with."""
        if table in _BY_CONTACT:
            mine = [row for row in self.tables[table] if row["contact_id"] == self.head.get("contact_id")]
        elif table == "approvals":
            asked = {row["proposal_id"] for row in self.rows("proposals", start=True)}
            return [row for row in self.tables[table] if row["proposal_id"] in asked]
        else:
            mine = [row for row in self.tables[table] if row.get("session_id") == self.session_id]
        return mine if start else [row for row in mine if not str(row.get("turn_id") or "").startswith(START)]

    def fresh(self, table: str) -> list[Row]:
        """Rows of the turns since the mark."""
        return [row for row in self.rows(table) if (row.get("turn") or 0) > self.mark.turns]

    @cached_property
    def quote_names(self) -> dict[str, str]:
        """Q1, Q2 ... by hash, drafts of open proposals included."""
        names = {row["quote_hash"]: f"Q{row['version']}" for row in self.rows("quotes", start=True)}
        for row in self.rows("proposals", start=True):
            draft = block(block(row["body"]).get("draft"))
            if row.get("quote_hash"):
                names.setdefault(row["quote_hash"], f"Q{draft.get('version', '?')}")
        return names

    @cached_property
    def facts_in_force(self) -> dict[str, Row]:
        """The newest row of each key that was not retired."""
        found: dict[str, Row] = {}
        for row in self.rows("facts", start=True):
            if row["retired_at"] is None and row["status"] not in ("superseded", "withdrawn"):
                found[row["key"]] = row
        return found

    @cached_property
    def open_scopes(self) -> list[str]:
        turns = self.rows("turns", start=True)
        return list(turns[-1]["inside"].get("scopes") or []) if turns else []

    def fact_asof(self, key: str, moment: datetime) -> Row | None:
        """The row that stood for a key at an earlier moment."""
        rows = [r for r in self.rows("facts", start=True) if r["key"] == key and r["recorded_at"] <= moment]
        return next((r for r in reversed(rows) if r["retired_at"] is None or r["retired_at"] > moment), None)


def block(value: Any) -> Row:
    """A JSON block, or an empty one where there is none."""
    return cast("Row", value) if isinstance(value, dict) else Row()


def tally(rows: Iterable[Row], key: str) -> dict[str, int]:
    """How many rows there are per value of a column."""
    found: dict[str, int] = {}
    for row in rows:
        name = str(row.get(key))
        found[name] = found.get(name, 0) + 1
    return found


def text_of(value: Any) -> str:
    """A value for a message, short."""
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text if len(text) <= 90 else text[:87] + "..."
