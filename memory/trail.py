"""How a link of a session's audit chain is written: sealed payload, salted digest, hash over the link before."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.audit_chain import digest_of, hash_of
from memory.sealing import Sealer


def sealed_text(sealer: Sealer, value: Any) -> str:
    """A sealed value as JSON can carry it."""
    return base64.b64encode(sealer.seal(value)).decode()


def link_row(
    sealer: Sealer, seq: int, previous: str, at: datetime, actor: str, action: str, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """The row of one link. The payload is sealed; its digest stays when it is erased."""
    salt = secrets.token_hex(16)
    digest = digest_of(salt, payload)
    return {
        "seq": seq,
        "at": at.isoformat(),
        "actor": actor,
        "action": action,
        "digest": digest,
        "previous": previous,
        "hash": hash_of(previous, seq, at, actor, action, digest),
        "sealed": sealed_text(sealer, {"salt": salt, "payload": dict(payload)}),
    }
