"""The programs `voice` and `standby`: wait until the LiveKit server answers, and become workers that take its calls."""

import os
import sys
import time

from graph.media.readiness import server_answers
from graph.media.status import note_registered, registered
from graph.settings import child_environment, load_settings

_LOOK_S = 0.25


def main() -> None:
    settings = load_settings()
    standby = "--standby" in sys.argv
    if standby:
        while not registered(settings.media_dir):  # the first one starts undisturbed
            time.sleep(_LOOK_S)
    else:
        note_registered(settings.media_dir, None)
    while not server_answers(settings):
        time.sleep(_LOOK_S)
    command = [sys.executable, "-m", "livekit.starting"]
    environment = child_environment({"voice_standby": str(standby)})
    os.execve(sys.executable, command, environment)  # noqa: S606 - the supervisor keeps watching this process


if __name__ == "__main__":
    main()
