"""Contracts and payments: what a link opens, what a click or a webhook settles, each once and with its event."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.desk import put_event
from memory.queries import SQL
from memory.sealing import Sealer

Connection = AsyncConnection[DictRow]
OfferState = Literal["open", "accepted", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A contract as its page shows it."""

    contract_id: str
    session_id: str
    quote_hash: str
    document: str
    document_hash: str
    state: OfferState
    accepted_at: datetime | None
    accepted_by: str | None


@dataclass(frozen=True, slots=True)
class Bill:
    """A payment as its page shows it. `ordered`: the contract of this quote was accepted."""

    payment_id: str
    session_id: str
    quote_hash: str
    amount: Decimal
    currency: str
    status: str
    ordered: bool


@dataclass(frozen=True, slots=True)
class PaymentWord:
    """What a provider says about a payment."""

    payment_id: str
    status: Literal["succeeded", "failed", "expired"]
    quote_hash: str
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Signature:
    """Who accepted, and from where."""

    name: str
    address: str
    at: datetime


class Deals:
    """Reads and settles deals on one connection; writing calls belong inside a transaction."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    async def offer(self, token_hash: str, now: datetime) -> Offer | None:
        row = await self._one("contract_by_token", token_hash=token_hash)
        return self._offer(row, now) if row else None

    async def accept(self, token_hash: str, signature: Signature) -> Offer | None:
        """Accept once: the offer as it is afterwards. Only the call that changed it makes the event."""
        row = await self._one("contract_lock", token_hash=token_hash)
        if row is None:
            return None
        offer = self._offer(row, signature.at)
        if offer.state != "open":
            return offer
        content = {
            **self._sealer.open(row["sealed"]),
            "accepted_by": signature.name,
            "accepted_from": signature.address,
        }
        sealed = self._sealer.seal(content)
        await self._one("contract_accept", contract_id=offer.contract_id, now=signature.at, sealed=sealed)
        await put_event(
            self._connection,
            self._sealer,
            turn_id=f"accepted:{offer.contract_id}",
            session_id=offer.session_id,
            kind="webhook",
            channel=None,
            at=signature.at,
            data={
                "source": "contract",
                "status": "accepted",
                "contract_id": offer.contract_id,
                "document_hash": offer.document_hash,
                "quote_hash": offer.quote_hash,
            },
        )
        return Offer(
            offer.contract_id,
            offer.session_id,
            offer.quote_hash,
            offer.document,
            offer.document_hash,
            "accepted",
            signature.at,
            signature.name,
        )

    async def bill(self, token_hash: str, now: datetime) -> Bill | None:
        row = await self._one("payment_by_token", token_hash=token_hash)
        if row is None:
            return None
        accepted = await self._one("contract_accepted_for", session_id=row["session_id"], quote_hash=row["quote_hash"])
        status = "expired" if row["status"] == "open" and row["expires_at"] <= now else row["status"]
        return Bill(
            row["payment_id"],
            str(row["session_id"]),
            row["quote_hash"],
            row["amount"],
            row["currency"],
            status,
            bool(accepted and accepted["accepted"]),
        )

    async def settle(self, webhook_id: str, word: PaymentWord, now: datetime) -> str | None:
        """Store a provider's webhook with what it changes: the session that must look, or None where it is unknown.

        A webhook that was stored before changes nothing more. The event carries what the provider said; whether that
        fits the quote is the guards' question.
        """
        row = await self._one("payment_lock", payment_id=word.payment_id)
        if row is None:
            return None
        said = {"quote_hash": word.quote_hash, "amount": f"{word.amount:f}", "currency": word.currency}
        fresh = await put_event(
            self._connection,
            self._sealer,
            turn_id=f"webhook:{webhook_id}",
            session_id=str(row["session_id"]),
            kind="webhook",
            channel=None,
            at=now,
            data={"source": "payment", "status": word.status, "payment_id": word.payment_id, **said},
        )
        asked = (row["quote_hash"], row["amount"], row["currency"])
        if fresh and (word.status != "succeeded" or asked == (word.quote_hash, word.amount, word.currency)):
            sealed = self._sealer.seal({**self._sealer.open(row["sealed"]), "provider_reference": webhook_id})
            status = "paid" if word.status == "succeeded" else word.status
            await self._one("payment_settle", payment_id=word.payment_id, status=status, now=now, sealed=sealed)
        return str(row["session_id"])

    async def links(self, session_id: str) -> list[dict[str, Any]]:
        """The links that a buyer of this session may still need, with their tokens."""
        rows = await (await self._connection.execute(SQL["deal_links"], {"session_id": session_id})).fetchall()
        return [
            {"kind": row["kind"], "status": row["status"], "token": self._sealer.open(row["sealed"])["token"]}
            for row in rows
        ]

    async def contract_token(self, contract_id: str) -> str | None:
        return await self._token("contract_token", contract_id=contract_id)

    async def payment_token(self, payment_id: str) -> str | None:
        return await self._token("payment_token", payment_id=payment_id)

    async def state_of(self, kind: str, object_id: str) -> str | None:
        """What became of the object of an effect since it was committed."""
        statement = {"contract": "contract_state", "payment": "payment_state"}[kind]
        row = await self._one(statement, object_id=object_id)
        return row["status"] if row else None

    async def _token(self, statement: str, **values: Any) -> str | None:
        row = await self._one(statement, **values)
        return self._sealer.open(row["sealed"])["token"] if row else None

    async def _one(self, statement: str, **values: Any) -> DictRow | None:
        return await (await self._connection.execute(SQL[statement], values)).fetchone()

    def _offer(self, row: DictRow, now: datetime) -> Offer:
        content = self._sealer.open(row["sealed"])
        return Offer(
            row["contract_id"],
            str(row["session_id"]),
            row["quote_hash"],
            content["document"],
            row["document_hash"],
            _state(row, now),
            row["accepted_at"],
            content.get("accepted_by"),
        )


def _state(row: DictRow, now: datetime) -> OfferState:
    if row["status"] == "accepted":
        return "accepted"
    if row["status"] == "void" or row["quote_status"] in ("void", "superseded"):
        return "withdrawn"
    return "open" if now < row["valid_until"] else "expired"
