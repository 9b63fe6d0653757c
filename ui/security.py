"""What a browser may do with the console's pages, and no listening in public without sign-in."""

import base64
import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path

import streamlit as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.calling import origins
from graph.settings import load_settings
from ui.identity import LOOPBACK

_INLINE = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)


def _own_scripts() -> str:
    """Hashes of the inline scripts in Streamlit's page, so that no other inline script runs."""
    page = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_policy(rooms: Collection[str] = ()) -> str:
    """`rooms`: where calls are connected, the only other place that a page may reach."""
    # blob: is how components load their modules; inline styles are how Streamlit styles everything.
    rules = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {_own_scripts()}".strip(),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": " ".join(("'self'", *rooms)),
        "media-src": "'self' blob:",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Headers:
    """Plain ASGI, because a middleware that buffers would break streams."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        headers = {
            "content-security-policy": content_policy(origins(load_settings())),
            "x-frame-options": "DENY",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "permissions-policy": "microphone=(self), camera=(), geolocation=()",
            "cross-origin-opener-policy": "same-origin",
        }
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self._headers]
            await send(message)

        await self.app(scope, receive, with_headers)


def refusal(host: str, sign_in: Callable[[], bool]) -> str | None:
    """Why the console may not listen on this address; None where it may."""
    if host.strip("[]") in LOOPBACK or sign_in():
        return None
    return (
        f"The console would listen on {host}, where other machines reach it, without any sign-in. "
        "Configure [auth] in ui/.streamlit/secrets.toml, or keep the address 127.0.0.1."
    )
