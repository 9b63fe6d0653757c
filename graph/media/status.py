"""How the media server is doing, noted in a file: whoever has no connection to its process can tell an operator."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Stage(StrEnum):
    """From nothing to a server; `failed` is tried again."""

    PREPARING = "preparing"
    STARTED = "started"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Noted:
    """`text` says in plain words what is being done or what went wrong; `since` is in seconds since 1970."""

    stage: Stage
    text: str
    since: float


def note(folder: Path, noted: Noted) -> None:
    """Whole or not at all: readers may come at any moment."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{_FILE}"
    draft.write_text(json.dumps(asdict(noted)))
    draft.replace(folder / _FILE)


def noted(folder: Path) -> Noted | None:
    """What was noted last; None where nothing was."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads((folder / _FILE).read_text())
        return Noted(Stage(found["stage"]), str(found["text"]), float(found["since"]))
    return None


_FILE = "status.json"
