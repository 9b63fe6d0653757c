"""Where the data key comes from: the settings, or a file of its own that is made on the first start."""

import base64
import binascii
import os
import secrets
import tempfile
from datetime import date
from pathlib import Path

from domain.errors import BadInput
from graph.installation import prepare_data_dir
from graph.settings import PREFIX, Settings
from memory.sealing import Sealer

_FIELD = f"{PREFIX}DATA_KEY"
_REMEDY = "Give id:base64 of 32 bytes, several separated by commas, the newest last"


def load_sealer(settings: Settings, today: date) -> Sealer:
    """The sealer of this installation; makes the key file where neither the settings nor the folder hold a key."""
    if settings.data_key is not None:
        return _sealer(settings.data_key.get_secret_value(), _FIELD)
    path = key_file(settings)
    if not path.exists():
        prepare_data_dir(settings)
        _make(path, today)
    return _sealer(path.read_text("ascii", errors="replace"), str(path))


def key_file(settings: Settings) -> Path:
    return settings.data_dir / "data.key"


def _make(path: Path, today: date) -> None:
    """Written whole, then linked into place: of two first starts at once both read the key that came first."""
    key_id = f"k{today:%Y%m%d}-{secrets.token_hex(3)}"
    line = f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}\n"
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".data.key.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return
    finally:
        Path(fresh).unlink()


def _sealer(text: str, origin: str) -> Sealer:
    keys: dict[str, bytes] = {}
    for part in text.replace("\n", ",").split(","):
        if not part.strip():
            continue
        key_id, colon, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not colon or not key_id or len(key) != 32 or key_id in keys:
            raise BadInput(origin, f"key number {len(keys) + 1} is malformed", _REMEDY)
        keys[key_id] = key
    if not keys:
        raise BadInput(origin, "there is no key in it", _REMEDY)
    return Sealer(keys, current=list(keys)[-1])
