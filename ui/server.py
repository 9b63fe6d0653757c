"""Starts the console, `python -m ui.server`, with what plain Streamlit lacks: push, headers and the bind check."""

import argparse
import asyncio
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from domain.errors import ThroughlineError
from graph.settings import load_settings
from ui import push
from ui.bridge import bridge
from ui.identity import sign_in_configured
from ui.livekit_client import ADDRESS, LIVEKIT_CLIENT, fetched
from ui.security import Headers, refusal

SCRIPT = Path(__file__).with_name("app.py")
STATIC = Path(__file__).with_name("static")


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[dict[str, object]]:
    # Streamlit collects garbage after every run of a script: what is loaded once must not be walked each time.
    import pandas as pd  # noqa: F401 - what a page would load at its first run is loaded now, so that it is frozen too
    import pyarrow as pa  # noqa: F401

    from ui import approval_view, charts, decision, session_view, suggestions  # noqa: F401
    from ui.components import mounts  # noqa: F401

    gc.collect()
    gc.freeze()
    listening = asyncio.create_task(push.hub.listen())
    try:
        yield {}
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        await asyncio.to_thread(bridge().close)


async def ready(_request: Request) -> JSONResponse:
    """Whether the console can do its work: 503 while the database does not answer."""
    try:
        health = await asyncio.to_thread(lambda: bridge().call(bridge().desk().health(), timeout=5))
    except ThroughlineError as fault:
        return JSONResponse({"ready": False, "why": str(fault)}, status_code=503)
    return JSONResponse({"ready": True, "runner": health.runner_up, "policy": health.policy_version})


async def livekit_client(_request: Request) -> Response:
    """What browsers call with, as a script: Streamlit serves its static files as plain text."""
    if not fetched():
        return Response(status_code=404)
    return FileResponse(
        STATIC / LIVEKIT_CLIENT, media_type="text/javascript", headers={"cache-control": "max-age=86400"}
    )


app = st.App(
    SCRIPT,
    lifespan=lifespan,
    routes=[
        WebSocketRoute(f"/{push.PATH}", push.hub.serve),
        Route("/ready", ready),
        Route(f"/{ADDRESS}", livekit_client),
    ],
    middleware=[Middleware(Headers)],
)


def run(host: str, port: int) -> int:
    """Serve until stopped; 2 where the address is refused."""
    why_not = refusal(host, sign_in_configured)
    if why_not:
        sys.stderr.write(f"refused: {why_not}\n")
        return 2
    sys.argv = [str(Path(__file__).resolve())]  # Streamlit looks for its configuration beside whatever started it
    app.run(config={"server.address": host, "server.port": port})
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m ui.server", description="The operator console.")
    parser.add_argument("--host", help="address to listen on (default: THROUGHLINE_HOST)")
    parser.add_argument("--port", type=int, help="port to listen on (default: THROUGHLINE_CONSOLE_PORT)")
    given = parser.parse_args(arguments)
    try:
        settings = load_settings()
    except ThroughlineError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return run(given.host or settings.host, given.port or settings.console_port)


if __name__ == "__main__":
    raise SystemExit(main())
