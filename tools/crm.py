"""The local CRM: keeps what a CRM would hold, one row per idempotency key, so that a repeat changes nothing."""

from collections.abc import Mapping
from typing import Any, Protocol

from tools.declare import Delivery, Receipt, ToolRefused


class CrmBook(Protocol):
    async def receive(self, key: str, session_id: str, seq: int, name: str, fields: Mapping[str, Any]) -> bool:
        """Keep a record; False where its key is known already."""
        ...


class LocalCrm:
    def __init__(self, book: CrmBook) -> None:
        self._book = book

    async def write_record(self, delivery: Delivery) -> Receipt:
        record = delivery.payload
        key = record.get("record_key")
        if not key:
            raise ToolRefused("A CRM record has no key.")
        fresh = await self._book.receive(
            str(key), delivery.session_id, int(record["seq"]), str(record["name"]), record.get("fields") or {}
        )
        return Receipt("written" if fresh else "known already")
