"""Expectations about what happened: path, records, refusals, audit, timers, tallies, and what must never be there."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graph.scenarios.compare import difference, matches, unlike
from graph.scenarios.expectations import AuditWant, Never, Refusal, TimerWant
from graph.scenarios.sight import Sight, block, tally, text_of
from graph.scenarios.values import Move, RecordWant, TallyRange
from memory.playback import Row


def path(sight: Sight, want: Sequence[Move]) -> Iterator[str]:
    yield from compared_path(want, sight.rows("transitions"), "path")


def compared_path(want: Sequence[Move], rows: Sequence[Row], name: str) -> Iterator[str]:
    """Rows in order; reasons and places where they were written."""
    if [move.row for move in want] != [row["transition"] for row in rows]:
        yield f"{name}: {_shown(rows)} instead of {' '.join(str(move) for move in want) or 'none'}"
        return
    for move, row in zip(want, rows, strict=True):
        if move.reason is not None and not _reason(move.reason, row):
            yield f"{name}: {move.row} was fired with reason {row['reason']} instead of {move.reason}"
        if move.place is not None and move.place not in (row["step_after"], row["overlay_after"]):
            led = row["overlay_after"] or row["step_after"]
            yield f"{name}: {move.row} led to {led} instead of {move.place}"


def _reason(want: str, row: Row) -> bool:
    """Rules may stand in any order: A1,A3."""
    got = str(row["reason"] or "")
    return want == got or sorted(want.replace(" ", "").split(",")) == sorted(got.replace(" ", "").split(","))


def _shown(rows: Sequence[Row]) -> str:
    return " ".join(row["transition"] + (f" ({row['reason']})" if row["reason"] else "") for row in rows) or "none"


def crm(sight: Sight, want: Sequence[RecordWant]) -> Iterator[str]:
    rows = sight.rows("crm_records")
    names, wanted = [row["name"] for row in rows], [record.name for record in want]
    if names != wanted:
        yield f"crm: {', '.join(names) or 'none'} instead of {', '.join(wanted) or 'none'}"
        return
    for number, (record, row) in enumerate(zip(want, rows, strict=True), 1):
        for wrong in unlike(record.fields, row["inside"]):
            yield f"crm[{number}] {record.name}.{wrong}"


def refused(sight: Sight, want: Sequence[Refusal]) -> Iterator[str]:
    for refusal in want:
        if refusal.scope is not None:
            calls = [row for row in sight.rows("tool_calls") if row["outcome"] == "refused"]
            found = [r for r in calls if r["scope"] == refusal.scope and refusal.guard in (None, r["reason"])]
        else:
            found = _stopped(sight, str(refusal.row), refusal.guard)
        what = f"{refusal.scope or refusal.row}" + (f" by {refusal.guard}" if refusal.guard else "")
        problem = (refusal.times or TallyRange(at_least=1)).problem(len(found))
        if problem:
            yield f"refused: {what}: {problem}"


def _stopped(sight: Sight, row_id: str, guard: str | None) -> list[Row]:
    """Turns in which the guard did not hold for a row that did not fire."""
    fired = {(row["turn_id"], row["transition"]) for row in sight.rows("transitions")}
    held = [row for row in sight.rows("guard_results") if row["transition"] == row_id and not row["held"]]
    return [row for row in held if (row["turn_id"], row_id) not in fired and guard in (None, row["guard"])]


def refused_scopes(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    scopes = sorted({row["scope"] for row in sight.rows("tool_calls") if row["outcome"] == "refused"})
    if scopes != sorted(set(want)):
        yield f"refused_scopes: {', '.join(scopes) or 'none'} instead of {', '.join(sorted(set(want))) or 'none'}"


def audit(sight: Sight, want: Sequence[AuditWant]) -> Iterator[str]:
    """The entries in their order; others may stand between."""
    rows = iter(sight.rows("audit"))
    for entry in want:
        if not any(_is_entry(entry, row) for row in rows):
            fields = ", ".join(f"{key} {text_of(value)}" for key, value in entry.payload.items())
            yield f"audit: no entry {entry.action}{f' with {fields}' if fields else ''}, in this order"
            return


def _is_entry(want: AuditWant, row: Row) -> bool:
    return (
        row["action"] == want.action
        and want.actor in (None, row["actor"])
        and want.policy_version in (None, row["policy_version"])
        and matches(want.payload, block(row["inside"].get("payload")))
    )


def timers(sight: Sight, want: Sequence[TimerWant]) -> Iterator[str]:
    rows = sight.rows("timers", start=True)
    for timer in want:
        mine = [row for row in rows if row["kind"] == timer.kind and row["status"] == timer.status]
        if not any(timer.due is None or difference(timer.due, row["due_at"]) is None for row in mine):
            there = ", ".join(text_of(row["due_at"]) for row in mine) or "none"
            due = f" due {text_of(timer.due)}" if timer.due else ""
            yield f"timers: no {timer.kind} {timer.status}{due} (there: {there})"


def never(sight: Sight, want: Never) -> Iterator[str]:
    outgoing = [row for row in sight.rows("outbox") if row["status"] != "cancelled"]
    done = [row for row in sight.rows("tool_calls") if row["outcome"] == "done"]
    said = sight.rows("speech")
    yield from _none_of("rows", want.rows, [row["transition"] for row in sight.rows("transitions")])
    yield from _none_of("effects", want.effects, [n for row in outgoing for n in _effect_names(row)])
    yield from _none_of("uses", want.uses, [row["scope"] for row in done])
    yield from _none_of("capabilities", want.capabilities, [row["scope"] for row in sight.rows("capabilities")])
    yield from _none_of("acts", want.acts, [row["act"] for row in said])
    yield from _none_of("crm", want.crm, [row["name"] for row in sight.rows("crm_records")])
    yield from _none_of("facts", want.facts, list(sight.facts_in_force))
    yield from _none_of("evidence", want.evidence, [row["type"] for row in sight.rows("evidence")])
    for pattern in want.words:
        for row in said:
            if found := re.search(pattern, str(row["inside"].get("words") or "")):
                yield f"never: the agent said {found[0]!r} ({row['act']})"


def _effect_names(row: Row) -> list[str]:
    return [row["kind"], f"{row['kind']}.{row['channel']}"]


def _none_of(key: str, forbidden: Iterable[str], found: Sequence[str]) -> Iterator[str]:
    for name in forbidden:
        if times := found.count(name):
            yield f"never.{key}: {name} is there ({times} times)"


def counts(sight: Sight, want: Mapping[str, TallyRange]) -> Iterator[str]:
    for name, wanted in want.items():
        problem = wanted.problem(counted(sight, name))
        if problem:
            yield f"counts.{name}: {problem}"


def totals(sights: Iterable[Sight], want: Mapping[str, TallyRange]) -> Iterator[str]:
    """The same over all sessions of a scenario."""
    seen = list(sights)
    for name, wanted in want.items():
        problem = wanted.problem(sum(counted(sight, name) for sight in seen))
        if problem:
            yield f"totals.{name}: {problem}"


def counted(sight: Sight, name: str) -> int:
    """How often something is there; a family without a name behind it counts everything."""
    family, _, rest = name.partition(".")
    found = _COUNTED[family](sight)
    return found.get(rest, 0) if rest else sum(n for key, n in found.items() if family != "effects" or "." not in key)


def _column(table: str, key: str, keep: Callable[[Row], bool] = lambda row: True) -> Callable[[Sight], dict[str, int]]:
    return lambda sight: tally([row for row in sight.rows(table) if keep(row)], key)


def _effects(sight: Sight) -> dict[str, int]:
    rows = sight.rows("outbox")
    by_status = [{"name": f"{row['kind']}.{row['status']}"} for row in rows]
    return {**tally(rows, "kind"), **tally(by_status, "name")}


def _callbacks(sight: Sight) -> dict[str, int]:
    waiting = [row for row in sight.rows("outbox") if row["kind"] == "callback" and row["status"] != "cancelled"]
    return {"": len(waiting)}


_COUNTED: dict[str, Callable[[Sight], dict[str, int]]] = {
    "acts": _column("speech", "act"),
    "answers": _column("answers", "answer"),
    "audit": _column("audit", "action"),
    "bookings": _column("bookings", "state"),
    "calendar_events": _column("calendar_events", "state"),
    "callbacks": _callbacks,
    "capabilities": _column("capabilities", "scope"),
    "contracts": _column("contracts", "status"),
    "crm": _column("crm_records", "name"),
    "crm_deliveries": _column("crm_deliveries", "name"),
    "effects": _effects,
    "evidence": _column("evidence", "type", lambda row: row["change"] == "added"),
    "facts": lambda sight: tally(sight.rows("facts", start=True), "status"),
    "messages": _column("messages", "channel"),
    "payments": _column("payments", "status"),
    "questions": _column("speech", "fact_key", lambda row: row["fact_key"] is not None and not row["readback"]),
    "quotes": lambda sight: tally(sight.rows("quotes", start=True), "status"),
    "readbacks": _column("speech", "asks", lambda row: row["readback"]),
    "refused_uses": _column("tool_calls", "scope", lambda row: row["outcome"] == "refused"),
    "timers": _column("timers", "kind", lambda row: row["status"] == "set"),
    "turns": _column("turns", "kind"),
    "uses": _column("tool_calls", "scope", lambda row: row["outcome"] == "done"),
}


def found_rows(sight: Sight) -> dict[str, Any]:
    """What a repeat must leave again: the trail without ids, hashes and times of delivery."""
    in_force = sight.facts_in_force.items()
    # Who signs and who pays may report in either order, and the first one is answered otherwise.
    reports = {row["turn_id"] for row in sight.rows("turns") if row["kind"] == "webhook"}
    return {
        "path": _shown(sight.rows("transitions")),
        "step": (sight.head.get("step"), sight.head.get("overlay")),
        "crm": [row["name"] for row in sight.rows("crm_records")],
        "facts": sorted((key, row["status"], str(row["inside"].get("value"))) for key, row in in_force),
        "quotes": [(row["version"], row["status"], row["body"]["amount"]) for row in sight.rows("quotes", start=True)],
        "bookings": [(text_of(row["starts"]), row["state"]) for row in sight.rows("bookings")],
        "acts": [row["act"] for row in sight.rows("speech") if row["turn_id"] not in reports],
        "uses": [(row["scope"], row["outcome"], row["reason"]) for row in sight.rows("tool_calls") if row.get("turn")],
        "messages": sorted((row["channel"], str(row["inside"].get("body"))) for row in sight.rows("messages")),
        "audit": [row["action"] for row in sight.rows("audit")],
    }
