"""The one transaction of a turn: every effect becomes an idempotent row, or all of them are refused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from domain.errors import TurnConflict
from memory.effects import SINGLE
from memory.moves import write_moves
from memory.outbox import enqueue
from memory.put import Put
from memory.queries import SQL
from memory.rows import grouped, numbered, text
from memory.run import current
from memory.sealing import Sealer
from memory.trail import link_row, sealed_text

Connection = AsyncConnection[DictRow]
# What `write_turn` writes; a turn with any other effect takes further statements, and so a transaction.
WHOLE = frozenset({"turn", "speech", "answer", "heard", "evidence", "guard_result", "audit"})


class Commit:
    """Writes one turn. `values` are the channels of the checkpoint, `put` is the checkpoint as it is stored."""

    def __init__(self, connection: Connection, sealer: Sealer, values: Mapping[str, Any], put: Put) -> None:
        self.connection, self.sealer, self.values, self.put = connection, sealer, values, put
        self.turn: dict[str, Any] = values["turn"]
        self.situation: dict[str, Any] = values["situation"]
        self.event: dict[str, Any] = values["event"]
        self.effects = grouped(values["effects"])
        self.now: str = self.turn["now"]
        self.base = {
            "session_id": put.session_id,
            "turn_id": self.event["turn_id"],
            "now": self.now,
            "policy_version": self.situation["policy_version"],
        }

    @property
    def alone(self) -> bool:
        """Whether the turn is written by one statement, which needs no transaction around it."""
        return WHOLE.issuperset(self.effects)

    async def write(self) -> None:
        """All rows of the turn, in the order grants, effects, revokes. Raises TurnConflict or EffectRefused."""
        await self._turn()
        if self.alone:
            return
        await self._many(
            "insert_facts",
            [self._seal_into(e, "value", "unit", "quote", "asr_confidence") for e in self.effects.get("fact", [])],
        )
        # After the new rows: a turn may close a row that it has written itself.
        await self._many("close_facts", self.effects.get("fact_close", []))
        await write_moves(self.connection, self.base, self.effects)
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
                **self.put.parameters,
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
                "watched": watched(self.values["talk"]),
                "decisions": self.turn.get("decisions", 1),
                "audit_seq": audit[-1]["seq"],
                "audit_hash": audit[-1]["hash"],
                "audit_before": self.situation["audit_seq"],
                "ended_at": ended,
                "outcome": step if ended else None,
                "sealed": self.sealer.seal({k: v for k, v in effects["turn"][0].items() if k != "kind"}),
                "speech": text(speech),
                "answers": text(effects.get("answer", [])),
                "heard": text(effects.get("heard", [])),
                "evidence": text(numbered(effects.get("evidence", []))),
                "guards": text(numbered(effects.get("guard_result", []))),
                "audit": text(audit),
            },
        )
        row = await cursor.fetchone()
        if row is None:
            raise TurnConflict(f"session {self.base['session_id']}: another turn was committed first")
        current().more = row["more"]

    def _audit_rows(self) -> list[dict[str, Any]]:
        """The turn's links of the session's chain; the payload is sealed, its digest stays when it is erased."""
        seq, previous = int(self.situation["audit_seq"]), str(self.situation["audit_hash"])
        turn = {
            "action": "turn",
            "actor": "system",
            "payload": {"kind": self.event["kind"], "turn_id": self.event["turn_id"]},
        }
        at = datetime.fromisoformat(self.now)
        rows: list[dict[str, Any]] = []
        for entry in [turn, *self.effects.get("audit", [])]:
            seq += 1
            row = link_row(self.sealer, seq, previous, at, entry["actor"], entry["action"], entry["payload"])
            rows.append(row)
            previous = row["hash"]
        return rows

    # ---- rows of many
    async def _many(self, query: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            await self.connection.execute(SQL[query], {**self.base, "rows": text(rows)})

    def _sealed(self, value: Any) -> str:
        return sealed_text(self.sealer, value)

    def _seal_into(self, effect: dict[str, Any], *names: str) -> dict[str, Any]:
        kept = {k: v for k, v in effect.items() if k not in names}
        return {**kept, "sealed": self._sealed({name: effect.get(name) for name in names})}

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
        rows = [self._record_row(number, e) for number, e in enumerate(records)]
        rows += [self._outbox_row(number, e) for number, e in enumerate(self.effects.get("outbox", []))]
        if not rows:
            return
        sealed = [
            {**{k: v for k, v in e.items() if k != "fields"}, "sealed": self._sealed(e["fields"])} for e in records
        ]
        await self.connection.execute(
            SQL["write_deliveries"], {**self.base, "records": text(sealed), "outbox": text(rows)}
        )
        await enqueue(self.connection, [row["effect_id"] for row in rows])

    def _record_row(self, number: int, e: dict[str, Any]) -> dict[str, Any]:
        payload = {key: e[key] for key in ("record_key", "name", "seq", "fields")}
        return {
            "effect_id": self._effect_id("crm_record", number),
            "transition": e["transition"],
            "kind": "crm_record",
            "channel": None,
            "capability_id": None,
            "object": e["record_key"],
            "sealed": self._sealed(payload),
        }

    def _outbox_row(self, number: int, e: dict[str, Any]) -> dict[str, Any]:
        return {
            "effect_id": self._effect_id(e["outbox"], number),
            "transition": None,
            "kind": e["outbox"],
            "channel": e.get("channel"),
            "capability_id": e.get("capability_id"),
            "object": e.get("object"),
            "sealed": self._sealed(e["payload"]),
        }

    def _effect_id(self, kind: str, number: int) -> str:
        return f"{self.base['session_id']}:{self.base['turn_id']}:{kind}:{number:02d}"

    def sealed_row(self, value: Any) -> bytes:
        return self.sealer.seal(value)


def watched(talk: Mapping[str, Any]) -> list[str]:
    """The speech rows that guards of later turns will ask about, and the one that was asked."""
    asked: Mapping[str, Any] = talk["asked"] or {}
    return sorted({*talk["watch"].values(), *([asked["speech_id"]] if asked else [])})
