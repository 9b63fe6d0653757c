"""The one transaction of a turn: every effect becomes an idempotent row, or all of them are refused."""

import base64
import json
import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from domain.audit_chain import digest_of, hash_of
from domain.errors import EffectRefused, TurnConflict
from memory.effects import SINGLE
from memory.outbox import enqueue
from memory.queries import SQL
from memory.sealing import Sealer

Connection = AsyncConnection[DictRow]
Effects = dict[str, list[dict[str, Any]]]


class Commit:
    """Writes one turn. `values` are the channels of the checkpoint, `head` and `parent` its id and its parent's."""

    def __init__(
        self, connection: Connection, sealer: Sealer, values: Mapping[str, Any], head: str, parent: str | None
    ) -> None:
        self.connection, self.sealer, self.values = connection, sealer, values
        self.head, self.parent = head, parent
        self.turn: dict[str, Any] = values["turn"]
        self.situation: dict[str, Any] = values["situation"]
        self.event: dict[str, Any] = values["event"]
        self.effects = grouped(values["effects"])
        self.now: str = self.turn["now"]
        self.base = {
            "session_id": values["session_id"],
            "turn_id": self.event["turn_id"],
            "now": self.now,
            "policy_version": self.situation["policy_version"],
        }

    async def write(self) -> None:
        """All rows of the turn, in the order grants, effects, revokes. Raises TurnConflict or EffectRefused."""
        await self._turn()
        await self._answers()
        await self._many("close_facts", self.effects.get("fact_close", []))
        await self._many(
            "insert_facts",
            [self._seal_into(e, "value", "unit", "quote", "asr_confidence") for e in self.effects.get("fact", [])],
        )
        await self._moves()
        for effect in self.values["effects"]:
            apply = SINGLE.get(effect["kind"])
            if apply is not None:
                await apply(self, effect)
        await self._deliveries()

    # ---- what every turn leaves
    async def _turn(self) -> None:
        place: dict[str, Any] = self.values["place"]
        step, effects = str(self.values["step"]), self.effects
        audit = self._audit_rows()
        ended = place.get("ended_at")
        speech = [self._seal_into(e, "words", "slots") for e in effects.get("speech", [])]
        cursor = await self.connection.execute(
            SQL["write_turn"],
            {
                **self.base,
                "head": self.head,
                "parent": self.parent,
                "stage": step.partition(".")[0],
                "step": step,
                "step_before": self.turn["step_before"],
                "overlay": self.values["overlay"],
                "remembered": self.values["remembered"],
                "recording": place["recording"],
                "epoch": self.values["epoch"],
                "epoch_before": self.situation["epoch"],
                "owner": place.get("owner", "agent"),
                "channel": place.get("channel"),
                "event_channel": self.event["channel"],
                "kind": self.event["kind"],
                "line": place.get("line", "none"),
                "region": place.get("region"),
                "score": self.values["score"],
                "confidence": self.values["intent"]["confidence"],
                "awaits": place.get("awaits", []),
                "decisions": self.turn.get("decisions", 1),
                "audit_seq": audit[-1]["seq"],
                "audit_hash": audit[-1]["hash"],
                "audit_before": self.situation["audit_seq"],
                "ended_at": ended,
                "outcome": step if ended else None,
                "sealed": self.sealer.seal({k: v for k, v in effects["turn"][0].items() if k != "kind"}),
                "speech": text(speech),
                "evidence": text(numbered(effects.get("evidence", []))),
                "guards": text(numbered(effects.get("guard_result", []))),
                "audit": text(audit),
            },
        )
        if await cursor.fetchone() is None:
            raise TurnConflict(f"session {self.base['session_id']}: another turn was committed first")

    def _audit_rows(self) -> list[dict[str, Any]]:
        """The turn's links of the session's chain; the payload is sealed, its digest stays when it is erased."""
        seq, previous = int(self.situation["audit_seq"]), str(self.situation["audit_hash"])
        turn = {
            "action": "turn",
            "actor": "system",
            "payload": {"kind": self.event["kind"], "turn_id": self.event["turn_id"]},
        }
        rows: list[dict[str, Any]] = []
        for entry in [turn, *self.effects.get("audit", [])]:
            seq += 1
            salt = secrets.token_hex(8)
            digest = digest_of(salt, entry["payload"])
            link = hash_of(previous, seq, datetime.fromisoformat(self.now), entry["actor"], entry["action"], digest)
            rows.append(
                {
                    "seq": seq, "at": self.now, "actor": entry["actor"], "action": entry["action"], "digest": digest,
                    "previous": previous, "hash": link, "sealed": self._sealed({"salt": salt, "payload": entry["payload"]}),
                }
            )  # fmt: skip
            previous = link
        return rows

    # ---- rows of many
    async def _answers(self) -> None:
        answers, heard = self.effects.get("answer", []), self.effects.get("heard", [])
        if answers or heard:
            await self.connection.execute(
                SQL["write_answers"], {**self.base, "answers": text(answers), "heard": text(heard)}
            )

    async def _many(self, query: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self.connection.execute(SQL[query], {**self.base, "rows": text(rows)})

    def _sealed(self, value: Any) -> str:
        return base64.b64encode(self.sealer.seal(value)).decode()

    def _seal_into(self, effect: dict[str, Any], *names: str) -> dict[str, Any]:
        kept = {k: v for k, v in effect.items() if k not in names}
        return {**kept, "sealed": self._sealed({name: effect.get(name) for name in names})}

    # ---- authority
    async def _moves(self) -> None:
        """Mint, consume, then take back: a row may use what it revokes itself."""
        calls, minted = self.effects.get("call", []), {e["capability_id"]: e for e in self.effects.get("mint", [])}
        done = [c for c in calls if c["outcome"] == "done"]
        uses = Counter(c["capability_id"] for c in done)
        stages = {name: e["stage"] for name, e in minted.items()} | await self._consume(done, uses, set(minted))
        capabilities = [{**e, "uses_left": e["uses"] - uses[name]} for name, e in minted.items()]
        spent = next((c for c in capabilities if c["uses_left"] < 0), None)
        if spent:
            raise EffectRefused(
                "call", "capability_uses_left", f"{spent['scope']} has no use left", {"scope": spent["scope"]}
            )
        fired = self.effects.get("transition", [])
        if fired or calls:
            rows = [
                {**c, "call_key": self._call_key(c), "capability_stage": stages.get(c.get("capability_id", ""))}
                for c in calls
            ]
            await self.connection.execute(
                SQL["write_moves"],
                {
                    **self.base,
                    "transitions": text(numbered(fired)),
                    "capabilities": text(capabilities),
                    "calls": text(rows),
                },
            )
        for revoke in self.effects.get("revoke", []):
            await self.connection.execute(SQL["kill_capabilities"], {**self.base, **revoke})

    async def _consume(self, done: list[dict[str, Any]], uses: Counter[str], minted: set[str]) -> dict[str, str]:
        """Consume capabilities that earlier turns minted. Returns the stage of each."""
        older = {c["capability_id"]: c for c in done if c["capability_id"] not in minted}
        if not older:
            return {}
        rows = [
            {"capability_id": n, "epoch": c["epoch"], "quote_hash": c.get("quote_hash"), "n": uses[n]}
            for n, c in older.items()
        ]
        cursor = await self.connection.execute(SQL["consume_capabilities"], {**self.base, "rows": text(rows)})
        alive = {row["capability_id"]: row["stage"] for row in await cursor.fetchall()}
        for name, call in older.items():
            if name not in alive:
                raise await self._refusal(call)
        return alive

    def _call_key(self, call: dict[str, Any]) -> str:
        return f"{self.base['session_id']}:{self.base['turn_id']}:{call['scope']}:{call['ordinal']}"

    async def _refusal(self, call: dict[str, Any]) -> EffectRefused:
        cursor = await self.connection.execute(SQL["why_capability_refused"], {"capability_id": call["capability_id"]})
        row = await cursor.fetchone()
        if row is None:
            return EffectRefused("call", "capability_known", "no such capability", {"scope": call["scope"]})
        checks = (
            ("capability_not_revoked", row["dead"]),
            ("capability_uses_left", row["uses_left"] < 1),
            ("epoch_current", row["epoch"] != call["epoch"]),
            ("policy_version_stale", row["policy_version"] != self.base["policy_version"]),
            ("quote_hash_current", row["quote_hash"] != call.get("quote_hash")),
        )
        guard = next((name for name, failed in checks if failed), "capability_not_expired")
        return EffectRefused("call", guard, f"{call['scope']} could not be consumed", {"scope": call["scope"]})

    # ---- effects of one
    async def run(self, query: str, **parameters: Any) -> None:
        """One statement of an effect. In the pipeline its error arrives with the next answer."""
        await self.connection.execute(SQL[query], {**self.base, **parameters})

    async def ask(self, query: str, **parameters: Any) -> DictRow | None:
        """One statement of an effect that returns a row, or none where the database refuses."""
        cursor = await self.connection.execute(SQL[query], {**self.base, **parameters})
        return await cursor.fetchone()

    # ---- what leaves
    async def _deliveries(self) -> None:
        records = self.effects.get("crm", [])
        rows: list[dict[str, Any]] = []
        prefix = f"{self.base['session_id']}:{self.base['turn_id']}"
        for number, e in enumerate(records):
            payload = {key: e[key] for key in ("record_key", "name", "seq", "fields")}
            rows.append({"effect_id": f"{prefix}:crm_record:{number:02d}", "transition": e["transition"], "kind": "crm_record",
                         "channel": None, "capability_id": None, "object": e["record_key"], "sealed": self._sealed(payload)})  # fmt: skip
        for number, e in enumerate(self.effects.get("outbox", [])):
            rows.append({"effect_id": f"{prefix}:{e['outbox']}:{number:02d}", "transition": None, "kind": e["outbox"],
                         "channel": e.get("channel"), "capability_id": e.get("capability_id"), "object": e.get("object"),
                         "sealed": self._sealed(e["payload"])})  # fmt: skip
        if not rows:
            return
        sealed = [self._seal_into(e, "fields") for e in records]
        await self.connection.execute(
            SQL["write_deliveries"], {**self.base, "records": text(sealed), "outbox": text(rows)}
        )
        await enqueue(self.connection, [row["effect_id"] for row in rows])

    def sealed_row(self, value: Any) -> bytes:
        return self.sealer.seal(value)


def text(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=str)


def grouped(effects: list[dict[str, Any]]) -> Effects:
    """The effects by kind, each in its order."""
    out: Effects = {}
    for effect in effects:
        out.setdefault(effect["kind"], []).append(effect)
    return out


def numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "ordinal": number} for number, row in enumerate(rows)]
