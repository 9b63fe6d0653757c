"""Chooses where the parts of a run listen, and asks whether somebody answers there."""

import asyncio
import socket
import tempfile
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import filelock

from domain.errors import BadInput
from graph.settings import PREFIX, Settings

_TRIES = 200


def is_free(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether we could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def claim_port(host: str, first: int, held: ExitStack, *, kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """The first free port from `first` upwards, claimed for as long as `held` is open."""
    candidates = range(first, min(first + _TRIES, 65536))
    found = next((port for port in candidates if is_free(host, port, kind) and _claimed(port, held)), None)
    if found is None:
        raise BadInput("ports", f"none from {first} to {candidates[-1]} is free", "End what listens there.")
    return found


def choose_ports(settings: Settings, held: ExitStack) -> dict[str, int]:
    """Ports by setting: what was configured, or else the first free one from the default upwards.

    A claim on each is held as well: of two programs that start at once both would find the same port free.
    """
    chosen: dict[str, int] = {}
    for field in ("console_port", "api_port", "voice_port"):
        wanted: int = getattr(settings, field)
        fixed = field in settings.model_fields_set
        candidates = range(wanted, wanted + 1 if fixed else min(wanted + _TRIES, 65536))
        found = next((port for port in candidates if is_free(settings.host, port) and _claimed(port, held)), None)
        if found is None:
            problem = f"port {wanted} is taken" if fixed else f"no port from {wanted} to {candidates[-1]} is free"
            raise BadInput(PREFIX + field.upper(), problem, "Choose another port, or none to have a free one chosen.")
        chosen[field] = found
    return chosen


def _claimed(port: int, held: ExitStack) -> bool:
    claim = filelock.FileLock(Path(tempfile.gettempdir()) / f"throughline-port-{port}.lock", timeout=0, mode=0o600)
    try:
        held.enter_context(claim)
    except (filelock.Timeout, PermissionError):  # another run of ours, or of another user
        return False
    return True


def address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def answers(host: str, port: int, path: str, patience: float = 2.0) -> bool:
    """Whether a web server is there and able: an error of its own counts as not yet."""
    return await asyncio.to_thread(_answers, host, port, path, patience)


def _answers(host: str, port: int, path: str, patience: float) -> bool:
    connection = HTTPConnection(host, port, timeout=patience)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
