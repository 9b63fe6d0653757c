"""How the media server and its worker are doing, noted in files: who has no connection to them can tell an operator."""

import json
import os
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


def note_registered(folder: Path, pid: int | None) -> None:
    """The worker's process, from the moment at which it may be offered calls; None before."""
    place = folder / _REGISTERED
    if pid is None:
        place.unlink(missing_ok=True)
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.write_text(str(pid))


def registered(folder: Path) -> bool:
    """Whether a worker of this installation lives that the LiveKit server knows."""
    with suppress(OSError, ValueError):
        os.kill(int((folder / _REGISTERED).read_text()), 0)
        return True
    return False


_FILE, _REGISTERED = "status.json", "worker.pid"
