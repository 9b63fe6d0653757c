"""What holds in every scenario, G1 to G8, computed from the tables without being asked for."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, cast

from domain.audit_chain import verify
from domain.facts import FACT_TYPES
from graph.scenarios.sight import HOURS, START, Sight, block, tally, text_of
from memory.playback import Row, Tables

# What may be said before the AI disclosure, because nothing of substance is said by it.
BEFORE_DISCLOSURE = frozenset({"optout_done", "optout_text", "wrong_number_bye", "gatekeeper_bye"})
# The row that needs a yes, and the question that it must answer.
CONSENTS: Mapping[str, str] = {
    "T10": "recording", "T12": "slot_readback", "T28": "scope_readback", "T29": "price_readback", "T31": "commit",
    "T48": "cancel_meeting_confirm",
}  # fmt: skip
MOST_ROWS = 4
_DIGITS = re.compile(r"(?<![\w.])(?:\d[ -]?){12,18}\d(?![\w.])")


def broken_laws(sights: Mapping[str, Sight], tables: Tables) -> list[str]:
    """Every breach, with the law's name before it."""
    found = [f"G1: {wrong}" for wrong in one_thread(sights, tables)]
    found += [f"G5: {wrong}" for wrong in no_card_number(tables)]
    for sight in sights.values():
        name = f" {sight.name}" if len(sights) > 1 else ""
        for law, check in LAWS.items():
            found += [f"{law}{name}: {wrong}" for wrong in check(sight)]
    return found


def one_thread(sights: Mapping[str, Sight], tables: Tables) -> Iterator[str]:
    """G1."""
    known = {sight.session_id for sight in sights.values()}
    for row in tables["sessions"]:
        if row["session_id"] not in known and row["label"] != HOURS:
            yield f"a session {row['session_id']} was opened that the scenario does not name"
    for row in tables["threads"]:
        if row["session_id"] not in known:
            yield f"a thread {row['session_id']} belongs to no session"
    for sight in sights.values():
        if not any(row["session_id"] == sight.session_id for row in tables["threads"]) and sight.rows("turns"):
            yield f"the session {sight.name} has turns and no thread"


def authority_on_trail(sight: Sight) -> Iterator[str]:
    """G2."""
    broken = verify([{**row, "opened": row["inside"] or None} for row in sight.rows("audit", start=True)])
    if broken:
        yield f"audit row {broken.seq}: {broken.why}"
    entries = _pairs(
        [{"turn_id": row["turn_id"], "scope": s} for row in sight.rows("audit", start=True) for s in _used(row)]
    )
    calls = sight.rows("tool_calls", start=True)
    for (turn_id, scope), times in _pairs(calls).items():
        if entries.get((turn_id, scope), 0) < times:
            yield f"{times} uses of {scope} in {turn_id}, {entries.get((turn_id, scope), 0)} in the audit chain"
    minted = {row["capability_id"]: row for row in sight.rows("capabilities", start=True)}
    for call in calls:
        yield from _call(call, minted)
    yield from _used_up(sight, calls, minted)


def _used(entry: Row) -> list[str]:
    """The scopes that an entry of the chain is about: its own, or all uses of a turn."""
    payload = block(entry["inside"].get("payload"))
    uses = cast("list[Row]", payload.get("uses") or [])
    return [str(each["scope"]) for each in [payload, *uses] if each.get("scope")]


def _pairs(calls: list[Row]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for call in calls:
        key = (call["turn_id"], call["scope"])
        found[key] = found.get(key, 0) + 1
    return found


def _call(call: Row, minted: Mapping[str, Row]) -> Iterator[str]:
    if not call["call_key"] or not call["policy_version"]:
        yield f"a use of {call['scope']} without key or policy version"
    if call["outcome"] != "done":
        if not call["reason"]:
            yield f"a refused use of {call['scope']} without the guard's name"
        return
    row = minted.get(str(call["capability_id"]))
    if row is None:
        yield f"{call['scope']} was used without a capability of this session"
        return
    if row["scope"] != call["scope"]:
        yield f"{call['scope']} was used with a capability for {row['scope']}"
    if row["policy_version"] != call["policy_version"]:
        yield f"{call['scope']} was used under {call['policy_version']} with a capability of {row['policy_version']}"
    if call["capability_stage"] != row["stage"]:
        yield f"authority drift: {call['scope']} names stage {call['capability_stage']}, its capability {row['stage']}"


def _used_up(sight: Sight, calls: list[Row], minted: Mapping[str, Row]) -> Iterator[str]:
    """A capability has lost exactly as many uses as calls name it."""
    allowed = {
        (policy["version"], scope): int(rule["uses"])
        for policy in sight.tables["policies"]
        for scope, rule in policy["content"]["scopes"].items()
    }
    spent = tally([call for call in calls if call["outcome"] == "done"], "capability_id")
    for capability_id, row in minted.items():
        uses = allowed.get((row["policy_version"], row["scope"]))
        if uses is not None and uses - row["uses_left"] != spent.get(capability_id, 0):
            gone = uses - row["uses_left"]
            yield f"{row['scope']}: {spent.get(capability_id, 0)} uses on the trail, {gone} taken from {capability_id}"


def nothing_asked_again(sight: Sight) -> Iterator[str]:
    """G3."""
    for line in sight.rows("speech"):
        key = line["fact_key"]
        if key is None or not line["asks"] or line["readback"]:
            continue
        known = sight.fact_asof(key, line["queued_at"])
        if known is not None and _confirmed_then(known, line) and not _stale(known, line):
            yield f"{line['act']} asked for {key}, confirmed in {known['turn_id']}"


def _confirmed_then(fact: Row, line: Row) -> bool:
    """Confirmed when the line was planned; only what was confirmed is contradicted later."""
    closed_later = fact["retired_at"] is not None and fact["retired_at"] > line["queued_at"]
    return fact["status"] == "confirmed" or (closed_later and fact["status"] == "contradicted")


def _stale(fact: Row, line: Row) -> bool:
    refresh: timedelta | None = FACT_TYPES[fact["type"]].refresh
    return refresh is not None and line["queued_at"] - fact["recorded_at"] > refresh


def disclosed_first(sight: Sight) -> Iterator[str]:
    """G4. A call is a channel of its own; text that only confirms an opt-out needs no introduction."""
    lines = [row for row in sight.rows("speech", start=True) if row["act"] not in BEFORE_DISCLOSURE]
    for channel in dict.fromkeys(row["channel"] for row in lines):
        mine = [row for row in lines if row["channel"] == channel]
        starts = [0] if channel != "voice" else sorted({0, *sight.moments.calls.get(sight.session_id, ())})
        for number, first in enumerate(starts):
            last = starts[number + 1] if number + 1 < len(starts) else None
            part = [row for row in mine if (row["turn"] or 0) > first and (last is None or (row["turn"] or 0) <= last)]
            if part and "ai" not in part[0]["disclosure_keys"]:
                first_line = f"{part[0]['act']} in turn {part[0]['turn']}"
                yield f"on {channel} the first line was {first_line}, not the AI disclosure"


def recording_agreed(sight: Sight) -> Iterator[str]:
    """G5, second half."""
    agreed = any(row["kind"] == "recording" and row["status"] == "given" for row in sight.rows("consents", start=True))
    if sight.head.get("recording") == "on" and not agreed:
        yield "recording is on, and no consent to it is stored"


def no_card_number(tables: Tables) -> Iterator[str]:
    """G5. Every text of every table, sealed ones too."""
    for name, rows in tables.items():
        if name in ("policies", "threads"):
            continue
        for row in rows:
            for text in _texts({key: value for key, value in block(row.get("inside")).items() if key != "salt"}):
                if number := next((n for n in _DIGITS.findall(text) if luhn(n)), None):
                    yield f"{name} holds a card number ending in {re.sub(r'[^0-9]', '', number)[-4:]}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _texts(inner)


def luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [d if place % 2 == 0 else (2 * d - 9 if d > 4 else 2 * d) for place, d in enumerate(reversed(digits))]
    return 13 <= len(digits) <= 19 and sum(doubled) % 10 == 0 and len(set(digits)) > 1


def records_arrived(sight: Sight) -> Iterator[str]:
    """G6. Together with the exact list of `crm`: as many as expected, each once, in order."""
    ours = [(row["seq"], row["name"], row["record_key"]) for row in sight.rows("crm_records", start=True)]
    theirs = [(row["seq"], row["name"], row["record_key"]) for row in sight.rows("crm_deliveries", start=True)]
    if ours != theirs:
        missing = [name for seq, name, key in ours if (seq, name, key) not in theirs]
        what = ", ".join(missing) or "only the order"
        yield f"{len(ours)} records were written, {len(theirs)} arrived; missing or out of order: {what}"


def yes_was_heard(sight: Sight) -> Iterator[str]:
    """G7."""
    lines = {row["speech_id"]: row for row in sight.rows("speech", start=True)}
    yeses: dict[str, set[str]] = {}
    for answer in sight.rows("answers", start=True):
        line = lines.get(answer["speech_id"])
        if line is None:
            yield f"the answer of {answer['turn_id']} names a line that is not of this session"
            continue
        if line["status"] != "heard" or line["heard_at"] is None:
            yield f"the answer of {answer['turn_id']} names {line['act']}, which was {line['status']}"
        elif answer["began_at"] < line["heard_at"]:
            began = text_of(answer["began_at"])
            yield f"the answer of {answer['turn_id']} began {began}, before {line['act']} had ended"
        yeses.setdefault(answer["turn_id"], set()).add(f"{line['asks']}:{answer['answer']}")
    for row in sight.rows("transitions"):
        key = CONSENTS.get(row["transition"])
        if key and not _consented(sight, row, key, yeses.get(row["turn_id"], set())):
            yield f"{row['transition']} fired in {row['turn_id']} without a yes to {key}"


def _consented(sight: Sight, row: Row, key: str, answers: set[str]) -> bool:
    if f"{key}:yes" in answers:
        return True
    if row["transition"] == "T10":
        channels = [turn["channel"] for turn in sight.rows("turns") if turn["turn_id"] == row["turn_id"]]
        return f"{key}:no" in answers or "voice" not in channels
    # An order scope that was confirmed before and is unchanged needs no second yes.
    held = [g for g in sight.rows("guard_results") if g["turn_id"] == row["turn_id"] and g["transition"] == "T28"]
    return row["transition"] == "T28" and any("earlier" in g["value"] for g in held if g["held"])


def four_rows_a_turn(sight: Sight) -> Iterator[str]:
    """G8."""
    for turn_id, times in tally(sight.rows("transitions"), "turn_id").items():
        if times > MOST_ROWS and not turn_id.startswith(START):
            yield f"{times} transitions fired in {turn_id}"


LAWS = {
    "G2": authority_on_trail,
    "G3": nothing_asked_again,
    "G4": disclosed_first,
    "G5": recording_agreed,
    "G6": records_arrived,
    "G7": yes_was_heard,
    "G8": four_rows_a_turn,
}
