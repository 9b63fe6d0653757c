"""The local payment provider: opens links, and reports what happened to them by signed webhooks like any other."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tools.declare import Delivery, Receipt, ToolRefused
from tools.links import LinkSender
from tools.webhooks import WebhookSigner


class PaymentResult(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


class PaymentBook(Protocol):
    async def payment_token(self, payment_id: str) -> str | None:
        """The token of a payment that has a link."""
        ...


class LocalPayments:
    """The payment page is ours, so that opening a payment is handing out the link that the commit has written."""

    def __init__(self, book: PaymentBook, links: LinkSender) -> None:
        self._book = book
        self._links = links

    async def open_payment(self, delivery: Delivery) -> Receipt:
        token = await self._book.payment_token(str(delivery.payload["payment_id"]))
        if token is None:
            raise ToolRefused("There is no such payment.")
        await self._links.send(delivery, token)
        return Receipt("opened")


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """One webhook of the provider."""

    webhook_id: str
    payment_id: str
    quote_hash: str
    amount: Decimal
    currency: str
    result: PaymentResult

    def body(self) -> bytes:
        """What is signed and sent. The id stays the same when it is sent again, so that it counts once."""
        data = {
            "payment_id": self.payment_id,
            "quote_hash": self.quote_hash,
            "amount": f"{self.amount:f}",
            "currency": self.currency,
        }
        content = {"type": f"payment.{self.result}", "data": data}
        return json.dumps(content, separators=(",", ":"), sort_keys=True).encode()


Post = Callable[[bytes, Mapping[str, str]], Awaitable[int]]


async def announce(notice: PaymentNotice, signer: WebhookSigner, post: Post, at: datetime) -> int:
    """Sign a notice and send it; returns the receiver's status."""
    body = notice.body()
    return await post(body, signer.headers(notice.webhook_id, body, at))
