"""Rows that a turn's commit leaves behind, for tests that begin where the commit has ended."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from domain.catalogue import load_catalogue
from graph.clock import FixedClock
from graph.delivery import Deliverer, Toolbox
from graph.local_tools import LocalTools
from memory.database import Pool, open_pool
from memory.outbox import enqueue
from memory.sealing import Sealer
from tools.contracts import document_hash, token_hash

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
DOCUMENT = "Order Q1\n\n# Parties\nSeller: Northwind\nBuyer: <b>Dana</b> & Co"
CATALOGUE = load_catalogue((ROOT / "policy/catalogue.yaml").read_text(), "catalogue.yaml")


def local_tools(sealer: Sealer, base_url: str = "http://127.0.0.1:8502") -> LocalTools:
    return LocalTools.load(sealer, CATALOGUE, base_url)


@dataclass(frozen=True, slots=True)
class World:
    """One database with the means to write into it what a commit would."""

    pool: Pool
    sealer: Sealer
    clock: FixedClock

    def deliverer(self, toolbox: Toolbox | None = None, **more: Any) -> Deliverer:
        box = toolbox or local_tools(self.sealer)
        return Deliverer(self.pool, self.sealer, self.clock, box, chance=random.Random(1), **more)

    async def session(self, channel: str = "sms", phone: str | None = None, contact: str | None = None) -> str:
        session_id, contact_id = str(uuid4()), contact or str(uuid4())
        if contact is None:
            await self.insert("contacts", contact_id=contact_id, opened_at=NOW)
        moments = {"opened_at": NOW, "changed_at": NOW}
        await self.insert("sessions", session_id=session_id, contact_id=contact_id, channel=channel, **moments)
        if phone:
            await self.insert(
                "identities",
                identity_hash=self.sealer.digest("phone", phone),
                contact_id=contact_id,
                kind="phone",
                sealed=self.sealer.seal({"value": phone}),
                added_at=NOW,
            )
        return session_id

    async def effect(
        self, session_id: str, kind: str, payload: Mapping[str, Any], turn_id: str | None = None, **columns: Any
    ) -> str:
        """An outbox row with its job, in one transaction."""
        turn_id = turn_id or f"turn-{uuid4()}"
        effect_id = f"{session_id}:{turn_id}:{kind}:00"
        sealed = self.sealer.seal(dict(payload))
        own = {"effect_id": effect_id, "session_id": session_id, "turn_id": turn_id, "kind": kind, "queued_at": NOW}
        async with self.pool.connection() as connection, connection.transaction():
            await _insert(connection, "outbox", {**own, "sealed": sealed, **columns})
            await enqueue(connection, [effect_id])
        return effect_id

    async def record(self, session_id: str, seq: int, name: str = "need") -> str:
        """A CRM record and its delivery."""
        key, turn_id = f"{session_id}:turn:{name}:{seq}", f"turn{seq:04d}"
        own = {"record_key": key, "session_id": session_id, "seq": seq, "name": name}
        await self.insert("crm_records", **own, turn_id=turn_id, at=NOW, sealed=self.sealer.seal({}))
        payload = {"record_key": key, "name": name, "seq": seq, "fields": {"number": seq}}
        return await self.effect(session_id, "crm_record", payload, turn_id=turn_id)

    async def message(self, session_id: str, body: str = "Hello", channel: str = "sms", **columns: Any) -> str:
        turn_id = f"turn-{uuid4()}"
        payload = {"to": "+15125550118", "channel": channel, "body": body, "speech_ids": [f"{turn_id}:0"]}
        return await self.effect(session_id, "message", payload, turn_id=turn_id, channel=channel, **columns)

    async def booking(
        self, session_id: str, state: str = "booked", starts: datetime = NOW + timedelta(days=1)
    ) -> dict[str, Any]:
        """A booking and the payload of its calendar effect."""
        booking_id, ends, zone = f"{session_id}:{uuid4()}", starts + timedelta(minutes=30), "America/New_York"
        span = {"resource": 1, "starts": starts, "ends": ends, "zone": zone}
        own = {"booking_id": booking_id, "session_id": session_id, "state": state, "turn_id": "turn"}
        await self.insert("bookings", **own, **span, changed_at=NOW)
        buyer = {"attendee_name": "Dana", "attendee_address": "dana@example.com"}
        when = {"starts": starts.isoformat(), "ends": ends.isoformat(), "zone": zone}
        return {"booking_id": booking_id, **when, **buyer, "title": "A demo", "action": "create"}

    async def order(self, session_id: str, token: str = "tok") -> tuple[dict[str, Any], dict[str, Any]]:
        """A quote with its contract and payment, and the payloads of their effects."""
        quote_hash = token_hash(f"quote-{token}")
        shared = {"session_id": session_id, "quote_hash": quote_hash, "changed_at": NOW}
        await self.insert(
            "quotes",
            **shared,
            version=1,
            scope_hash="scope",
            body=Jsonb({}),
            status="accepted",
            valid_until=NOW + timedelta(hours=72),
            turn_id="turn",
        )
        contract_id, payment_id = f"{session_id}:turn:contract", f"{session_id}:turn:payment"
        await self.insert(
            "contracts",
            **shared,
            contract_id=contract_id,
            document_hash=document_hash(DOCUMENT),
            token_hash=token_hash(f"c-{token}"),
            status="sent",
            sent_at=NOW,
            sealed=self.sealer.seal({"document": DOCUMENT, "token": f"c-{token}"}),
        )
        price = {"amount": Decimal("2388.00"), "currency": "USD"}
        await self.insert(
            "payments",
            **shared,
            **price,
            payment_id=payment_id,
            attempt=1,
            token_hash=token_hash(f"p-{token}"),
            status="open",
            expires_at=NOW + timedelta(days=3),
            sealed=self.sealer.seal({"token": f"p-{token}"}),
        )
        payload = {"session": session_id, "amount": "2388.00", "currency": "USD", "quote_hash": quote_hash}
        return {"contract_id": contract_id, **payload}, {"payment_id": payment_id, **payload}

    async def insert(self, table: str, **columns: Any) -> None:
        async with self.pool.connection() as connection:
            await _insert(connection, table, columns)

    async def run(self, statement: str, *values: Any) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(statement, values)  # pyright: ignore[reportArgumentType]

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.pool.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()  # pyright: ignore[reportArgumentType]

    async def outbox(self, effect_id: str) -> dict[str, Any]:
        (row,) = await self.rows("select status, attempts, reason, done_at from outbox where effect_id = %s", effect_id)
        return row


async def _insert(connection: Any, table: str, columns: Mapping[str, Any]) -> None:
    names = [sql.Identifier(name) for name in columns]
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(names), sql.SQL(", ").join(sql.Placeholder() * len(names))
    )
    await connection.execute(statement, list(columns.values()))


@asynccontextmanager
async def open_world(dsn: str, sealer: Sealer) -> AsyncIterator[World]:
    async with open_pool(dsn, 1, 20) as pool:
        yield World(pool, sealer, FixedClock(NOW))
