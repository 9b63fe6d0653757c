"""Guards every answer of the API: hosts that may be asked for, and headers that leave a browser little to do."""

import logging
from collections.abc import Callable, Collection

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)

# Tokens stand in addresses: no cache keeps such a page, no other site learns where a visitor came from.
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "x-robots-tag": "noindex",
}
CALLS = "/call/"


def call_headers(rooms: Collection[str]) -> dict[str, str]:
    """The page that calls also runs our scripts, hears the microphone and talks to the LiveKit server, no other."""
    reach = " ".join(("connect-src 'self'", *rooms))
    return HEADERS | {
        "content-security-policy": f"{HEADERS['content-security-policy']}; script-src 'self'; {reach}; "
        "media-src 'self' blob:",
        "permissions-policy": "camera=(), geolocation=(), microphone=(self), payment=()",
    }


class Guard:
    """Plain ASGI. A name that is not ours is refused: a stranger's domain may be made to point to this machine."""

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], broken: Callable[[str], Response], rooms: Collection[str] = ()
    ) -> None:
        """`broken` makes the answer to a request that failed, by its path; `rooms` is where calls are connected."""
        self._app, self._broken = app, broken
        self._plain, self._calling = _encoded(HEADERS), _encoded(call_headers(rooms))
        self._hosts = {host.strip("[]").lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False
        headers = self._calling if scope["path"].startswith(CALLS) else self._plain

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*message.get("headers", []), *headers]
            await send(message)

        given = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        app = self._app if _name(given) in self._hosts else PlainTextResponse("This name is not served here.\n", 421)
        try:
            await app(scope, receive, with_headers)
        except Exception as fault:  # noqa: BLE001  # the edge: what a fault says may be a buyer's, its name is not
            _log.error("a request failed", extra={"action": "request_failed", "fault": type(fault).__name__})
            if not begun:
                await self._broken(scope["path"])(scope, receive, with_headers)


def _encoded(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def _name(host: str) -> str:
    """The name of a Host header without its port, brackets and case."""
    if host.startswith("["):
        return host.partition("]")[0].strip("[").lower()
    return host.partition(":")[0].lower()
