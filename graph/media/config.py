"""The configuration of the LiveKit server that is started here: loopback only, with keys of its own."""

import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import yaml

from graph.addresses import claim_port

_FILE = "livekit.yaml"
_FIRST_PORT = 7880
_NOBODY = 9  # the discard port
_KEEP_EMPTY_S = 120  # longer than a call waits for a buyer whose line was lost


@dataclass(frozen=True, slots=True)
class MediaServer:
    """Where the server is, and what opens it."""

    host: str
    port: int
    media_port: int
    key: str
    secret: str

    @property
    def url(self) -> str:
        return f"ws://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def choose(host: str, held: ExitStack) -> MediaServer:
    """New keys and free ports with every start; nobody else need know them."""
    port = claim_port(host, _FIRST_PORT, held)
    media = claim_port(host, port + 1, held, kind=socket.SOCK_DGRAM)
    return MediaServer(host, port, media, f"API{secrets.token_hex(8)}", secrets.token_urlsafe(32))


def write(folder: Path, server: MediaServer) -> Path:
    """The server's file, readable for its owner only: it holds the secret."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, draft = folder / _FILE, folder / f".{_FILE}"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        yaml.safe_dump(_content(server), file)
    draft.replace(path)
    return path


def written(folder: Path) -> Path | None:
    path = folder / _FILE
    return path if path.exists() else None


def _content(server: MediaServer) -> dict[str, object]:
    prefix = 128 if ":" in server.host else 32
    return {
        "port": server.port,
        "bind_addresses": [server.host],
        "keys": {server.key: server.secret},
        "rtc": {
            "udp_port": server.media_port,
            "tcp_port": 0,  # it would listen on every address, whatever bind_addresses says
            "node_ip": server.host,
            "use_external_ip": False,
            "enable_loopback_candidate": True,
            "ips": {"includes": [f"{server.host}/{prefix}"]},
            # Where none is named the server sends every client to a stranger's. Nobody answers here, nor need anybody;
            # the media port itself would do worse: a connection that begins there never gets through.
            "stun_servers": [f"{'127.0.0.1' if prefix == 32 else '[::1]'}:{_NOBODY}"],
        },
        "room": {"auto_create": True, "empty_timeout": _KEEP_EMPTY_S, "departure_timeout": _KEEP_EMPTY_S},
        "logging": {"level": "info", "json": False, "pion_level": "error"},
    }
