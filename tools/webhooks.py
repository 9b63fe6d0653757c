"""Signs and checks webhooks (Standard Webhooks: HMAC-SHA256 over id, time and body), so that nobody can invent one."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.refusal import Refused

_OLDEST = timedelta(minutes=5)
_VERSION = "v1"


@dataclass(frozen=True, slots=True)
class WebhookSigner:
    secret: bytes

    def headers(self, webhook_id: str, body: bytes, at: datetime) -> dict[str, str]:
        stamp = str(int(at.timestamp()))
        signature = f"{_VERSION},{self._mac(webhook_id, stamp, body)}"
        return {"webhook-id": webhook_id, "webhook-timestamp": stamp, "webhook-signature": signature}

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str | Refused:
        """The webhook's id where it is genuine and fresh. A replay has a known id: the receiver stores it."""
        webhook_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not webhook_id or len(webhook_id) > 200 or "." in webhook_id or not stamp.isascii() or not stamp.isdigit():
            return Refused("webhook_headers", "webhook-id or webhook-timestamp is missing or malformed")
        good = f"{_VERSION},{self._mac(webhook_id, stamp, body)}".encode()
        given = headers.get("webhook-signature", "").encode().split(b" ")
        if not any(hmac.compare_digest(good, signature) for signature in given):
            return Refused("webhook_signature", "the signature does not fit id, time and body")
        if len(stamp) > 11 or abs(now - datetime.fromtimestamp(int(stamp), UTC)) > _OLDEST:
            return Refused("webhook_age", "it was not signed within the last five minutes")
        return webhook_id

    def _mac(self, webhook_id: str, stamp: str, body: bytes) -> str:
        signed = f"{webhook_id}.{stamp}.".encode() + body
        return base64.b64encode(hmac.digest(self.secret, signed, "sha256")).decode()
