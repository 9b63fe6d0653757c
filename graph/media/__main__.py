"""The program `media`: sees to it that there is a LiveKit server, and becomes it."""

import os
import sys
import time
from pathlib import Path

from graph.media.binary import NoServer, find_or_build
from graph.media.config import written
from graph.media.status import Noted, Stage, note
from graph.settings import Settings, load_settings

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 1800.0


def main() -> None:
    """Ends only where nothing was prepared for it; otherwise this process goes on as the server."""
    settings = load_settings()
    config = written(settings.media_dir)
    if config is None:
        sys.exit("there is no configuration: `throughline run` writes one where LIVEKIT_URL is not set")
    server = _obtained(settings)
    _noted(settings, Stage.STARTED, "the LiveKit server was started")
    os.execv(server, [str(server), "--config", str(config)])  # noqa: S606 - the supervisor keeps watching this process


def _obtained(settings: Settings) -> Path:
    """However long it takes: a machine may be without network for a day."""
    pause = _FIRST_PAUSE_S
    while True:
        try:
            return find_or_build(lambda text: _noted(settings, Stage.PREPARING, text))
        except NoServer as fault:
            _noted(settings, Stage.FAILED, f"{fault}. It is tried again in {round(pause / 60)} min")
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def _noted(settings: Settings, stage: Stage, text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    note(settings.media_dir, Noted(stage, text, time.time()))


if __name__ == "__main__":
    main()
