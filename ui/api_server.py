"""The API process: serves HTTP on loopback, and runs turns like every other process that can."""

import asyncio
import gc
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn

from graph.calling import origins
from graph.deals_desk import open_deals
from graph.settings import Settings, load_settings
from ui.api import build_api
from ui.api_calls import CallPages
from ui.api_deals import over_http


class _Server(uvicorn.Server):
    """Leaves signals to us: its own way ends the process before begun turns are finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def leave(self) -> None:
        self.should_exit = True


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT: open requests are answered, begun turns finished."""
    async with open_deals(settings) as opened:
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        api = build_api(
            opened.service,
            opened.deals,
            opened.clock,
            post=over_http(f"http://{host}:{settings.api_port}"),
            hosts={settings.host, "localhost", "127.0.0.1", "::1", urlsplit(settings.buyers_url).hostname or ""},
            calls=CallPages(opened.calls),
            rooms=origins(settings),
        )
        server = _Server(
            uvicorn.Config(
                api,
                host=settings.host,
                port=settings.api_port,
                log_level="warning",
                access_log=False,  # addresses hold tokens
                server_header=False,
                lifespan="off",
                proxy_headers=False,
                timeout_graceful_shutdown=8,
                limit_concurrency=200,
            )
        )
        gc.collect()
        gc.freeze()  # what was imported lives for ever: no collection need look at it again
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.leave)
        runner = asyncio.create_task(opened.runner.run(stop))
        try:
            await server.serve()
        finally:
            stop.set()
            await runner


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(serve(load_settings()))
