"""Where a session moved and what its authority was used for: capabilities are minted, consumed, then taken back."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from domain.errors import EffectRefused
from memory.queries import SQL
from memory.rows import Effects, Row, numbered, text

Connection = AsyncConnection[DictRow]


async def write_moves(connection: Connection, base: Mapping[str, Any], effects: Effects) -> None:
    """Mint, consume, then take back: a row may use what it revokes itself. Raises EffectRefused."""
    calls, minted = effects.get("call", []), {e["capability_id"]: e for e in effects.get("mint", [])}
    done = [c for c in calls if c["outcome"] == "done"]
    uses = Counter(c["capability_id"] for c in done)
    older = {c["capability_id"]: c for c in done if c["capability_id"] not in minted}
    stages = {name: e["stage"] for name, e in minted.items()} | await _consumed(connection, base, older, uses)
    capabilities = [{**e, "uses_left": e["uses"] - uses[name]} for name, e in minted.items()]
    spent = next((c for c in capabilities if c["uses_left"] < 0), None)
    if spent:
        raise EffectRefused(
            "call", "capability_uses_left", f"{spent['scope']} has no use left", {"scope": spent["scope"]}
        )
    fired = effects.get("transition", [])
    if fired or calls or capabilities:
        rows = [
            {**c, "call_key": _call_key(base, c), "capability_stage": stages.get(c.get("capability_id", ""))}
            for c in calls
        ]
        written = {"transitions": text(numbered(fired)), "capabilities": text(capabilities), "calls": text(rows)}
        await connection.execute(SQL["write_moves"], {**base, **written})
    for revoke in effects.get("revoke", []):
        await connection.execute(SQL["kill_capabilities"], {**base, **revoke})


async def _consumed(
    connection: Connection, base: Mapping[str, Any], older: dict[str, Row], uses: Counter[str]
) -> dict[str, str]:
    """Consume capabilities that earlier turns minted. Returns the stage of each."""
    if not older:
        return {}
    rows = [
        {"capability_id": name, "epoch": call["epoch"], "quote_hash": call.get("quote_hash"), "n": uses[name]}
        for name, call in older.items()
    ]
    cursor = await connection.execute(SQL["consume_capabilities"], {**base, "rows": text(rows)})
    alive: dict[str, str] = {row["capability_id"]: row["stage"] for row in await cursor.fetchall()}
    for name, call in older.items():
        if name not in alive:
            raise await _refusal(connection, base, call)
    return alive


def _call_key(base: Mapping[str, Any], call: Row) -> str:
    return f"{base['session_id']}:{base['turn_id']}:{call['scope']}:{call['ordinal']}"


async def _refusal(connection: Connection, base: Mapping[str, Any], call: Row) -> EffectRefused:
    """Why the database did not consume the capability, as the name of a guard."""
    cursor = await connection.execute(SQL["why_capability_refused"], {"capability_id": call["capability_id"]})
    row = await cursor.fetchone()
    if row is None:
        return EffectRefused("call", "capability_known", "no such capability", {"scope": call["scope"]})
    checks = (
        ("capability_not_revoked", row["dead"]),
        ("capability_uses_left", row["uses_left"] < 1),
        ("epoch_current", row["epoch"] != call["epoch"]),
        ("policy_version_stale", row["policy_version"] != base["policy_version"]),
        ("quote_hash_current", row["quote_hash"] != call.get("quote_hash")),
    )
    guard = next((name for name, failed in checks if failed), "capability_not_expired")
    return EffectRefused("call", guard, f"{call['scope']} could not be consumed", {"scope": call["scope"]})
