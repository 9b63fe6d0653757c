"""Grades a session against its expectations: one check per key, each yielding a sentence per difference."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graph.scenarios import checks_state as state
from graph.scenarios import checks_step as step
from graph.scenarios import checks_trail as trail
from graph.scenarios.expectations import Expect
from graph.scenarios.sight import Sight

Check = Callable[[Sight, Any], Iterator[str]]

# A key that is missing here would be an expectation that cannot fail; a test compares this with the format.
CHECKS: Mapping[str, Check] = {
    "step": state.head("step"),
    "overlay": state.head("overlay"),
    "remembered": state.head("remembered"),
    "recording": state.head("recording"),
    "owner": state.head("owner"),
    "region": state.head("region"),
    "path": trail.path,
    "crm": trail.crm,
    "facts": state.facts,
    "fact_rows": state.fact_rows,
    "facts_at": state.facts_at,
    "refused": trail.refused,
    "refused_scopes": trail.refused_scopes,
    "quotes": state.quotes,
    "bookings": state.bookings,
    "approvals": state.approvals,
    "contracts": state.contracts,
    "payments": state.payments,
    "S": state.figure("score"),
    "confidence": state.figure("confidence"),
    "open_scopes": state.open_scopes,
    "closed_scopes": state.closed_scopes,
    "audit": trail.audit,
    "timers": trail.timers,
    "counts": trail.counts,
    "never": trail.never,
    "fired": step.fired,
    "asks": step.asks,
    "said": step.said,
    "not_said": step.not_said,
    "epoch_rises": step.epoch_rises,
    "dead": step.dead,
}


def graded(sight: Sight, expect: Expect) -> list[str]:
    """Everything that is not as expected; keys that the scenario does not name are not compared."""
    found: list[str] = []
    for name in type(expect).model_fields:
        if name in expect.model_fields_set and name in CHECKS:
            want = getattr(expect, name)
            if want is not None:
                found += CHECKS[name](sight, want)
    return found


def hints(sight: Sight) -> list[str]:
    """For who reads a failure: the guards that stopped rows in the newest turns, and the last lines."""
    newest = max((row["turn"] for row in sight.rows("turns")), default=0)
    fired = {(row["turn_id"], row["transition"]) for row in sight.rows("transitions")}
    stopped = [
        f"{row['transition']} {row['guard']} ({row['value']})"
        for row in sight.rows("guard_results")
        if not row["held"] and row["turn"] > newest - 3 and (row["turn_id"], row["transition"]) not in fired
    ]
    acts = [row["act"] for row in sight.rows("speech")][-6:]
    lines = [f"what refused: {'; '.join(dict.fromkeys(stopped))}"] if stopped else []
    return [*lines, f"last acts: {', '.join(acts) or 'none'}"]
