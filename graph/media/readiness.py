"""Whether a call can be taken now and, where not, what is being done about it."""

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from graph.media.status import Noted, Stage, noted, registered
from graph.settings import Settings

_PATIENCE_S = 1.5


@dataclass(frozen=True, slots=True)
class Readiness:
    """`text` completes the sentence "Voice ..."; `broken` needs a person, what is neither needs only time."""

    ready: bool
    broken: bool
    text: str


def readiness(settings: Settings) -> Readiness:
    """Asks the server and the worker; blocks for a moment where they do not answer."""
    if settings.livekit_url is None:
        return Readiness(False, True, "is off: nothing was started for it (make run does)")
    if not server_answers(settings):
        return _without_server(noted(settings.media_dir))
    # Its health is good before it has models and is known to the server: it only says that nothing is broken.
    if not (registered(settings.media_dir) and _answers("http", settings.host, settings.voice_port)):
        return Readiness(False, False, "is starting: the server is up, its worker not yet")
    return Readiness(True, False, "is ready for calls")


def server_answers(settings: Settings) -> bool:
    parts = urlsplit(settings.livekit_url or "")
    secure = parts.scheme == "wss"
    if not parts.hostname:
        return False
    return _answers("https" if secure else "http", parts.hostname, parts.port or (443 if secure else 80))


def _without_server(last: Noted | None) -> Readiness:
    if last is None or last.stage is Stage.STARTED:
        return Readiness(False, True, "is down: the LiveKit server does not answer")
    if last.stage is Stage.FAILED:
        return Readiness(False, True, f"could not be set up: {last.text}")
    minutes = max(0, int((time.time() - last.since) / 60))
    return Readiness(False, False, f"is being set up: {last.text}{f' ({minutes} min so far)' if minutes else ''}")


def _answers(scheme: str, host: str, port: int) -> bool:
    connection = (HTTPSConnection if scheme == "https" else HTTPConnection)(host, port, timeout=_PATIENCE_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
