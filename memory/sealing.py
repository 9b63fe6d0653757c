"""Encrypts what is personal before it reaches a row, so that the database alone reveals nobody."""

import hmac
import json
import os
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import ThroughlineError

_MARK = b"\x00TL1"  # cannot begin JSON text, so that plaintext is recognised as such
_NONCE = 12
_KEY_BYTES = 32
_LONGEST_ID = 64


class SealBroken(ThroughlineError):
    """A sealed value cannot be opened: it is not sealed, its key is missing, or it was changed."""


class Sealer:
    """Seals JSON values with the current key and opens values of any key it was given.

    The first key of `keys` also keys the digests. Digests are looked up by equality, so a rotation appends a
    new key behind the first and leaves that one in place.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        if current not in keys:
            raise SealBroken(f"The current data key {current!r} is not among the keys {sorted(keys)}.")
        for key_id, key in keys.items():
            _check_key(key_id, key)
        self.current = current
        self._ciphers = {key_id.encode(): AESGCM(key) for key_id, key in keys.items()}
        self._header = _header(current)
        self._cipher = self._ciphers[current.encode()]
        first = next(iter(keys.values()))
        self._digest = hmac.new(hmac.digest(first, b"throughline digests", "sha256"), digestmod=sha256)

    def seal(self, value: Any) -> bytes:
        """The value as JSON, encrypted and authenticated together with the id of its key."""
        return self.seal_bytes(json.dumps(value, default=_plain, separators=(",", ":"), ensure_ascii=False).encode())

    def seal_bytes(self, plain: bytes) -> bytes:
        """Bytes as they are, sealed like a value."""
        nonce = os.urandom(_NONCE)
        return self._header + nonce + self._cipher.encrypt(nonce, plain, self._header)

    def open_bytes(self, sealed: bytes) -> bytes:
        header, key_id, nonce, body = _parts(bytes(sealed))
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(f"No data key named {key_id.decode(errors='replace')!r} is configured.")
        try:
            return cipher.decrypt(nonce, body, header)
        except InvalidTag:
            raise SealBroken("A sealed value was changed, or its key is another one of the same name.") from None

    def open(self, sealed: bytes) -> Any:
        """The value again; Decimal, UUID, date and time come back as text."""
        return json.loads(self.open_bytes(sealed))

    def digest(self, kind: str, value: str) -> str:
        """A keyed fingerprint for look-ups by equality; without the key it tells nothing about the value."""
        mac = self._digest.copy()
        mac.update(f"{kind}\x00{value}".encode())
        return mac.hexdigest()

    @staticmethod
    def key_id(sealed: bytes) -> str:
        """Which key a value was sealed with: what a rotation looks for."""
        return _parts(bytes(sealed))[1].decode()


def _header(key_id: str) -> bytes:
    name = key_id.encode()
    return _MARK + bytes([len(name)]) + name


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    start = len(_MARK) + 1
    if not sealed.startswith(_MARK) or len(sealed) < start:
        raise SealBroken("A value that must be sealed is not sealed.")
    body = start + sealed[start - 1]
    if len(sealed) <= body + _NONCE:
        raise SealBroken("A sealed value is cut off.")
    return sealed[:body], sealed[start:body], sealed[body : body + _NONCE], sealed[body + _NONCE :]


def _check_key(key_id: str, key: bytes) -> None:
    if not 0 < len(key_id.encode()) <= _LONGEST_ID:
        raise SealBroken(f"The data key id {key_id!r} must have 1 to {_LONGEST_ID} bytes.")
    if len(key) != _KEY_BYTES:
        raise SealBroken(f"The data key {key_id!r} has {len(key)} bytes instead of {_KEY_BYTES}.")


def _plain(value: object) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sealed: give JSON values, Decimal, UUID, date or time")
