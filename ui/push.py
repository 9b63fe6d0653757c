"""Push: what the database announces reaches every open page through one WebSocket of our own, without polling."""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from domain.errors import ThroughlineError
from ui.bridge import bridge

PATH = "live/ws"
LIFETIME_S = 3600
ROUND_S = 600  # a token stays the same for ten minutes, so that a rerun of the page keeps its socket
RETRY_S = 2.0
MOST_REMEMBERED = 5000  # sessions whose newest number is kept
_KEY = secrets.token_bytes(32)
_log = logging.getLogger(__name__)


def token(subject: str) -> str:
    """What a page shows the socket: Streamlit's own cookie does not protect our routes."""
    ends = int(time.time()) // ROUND_S * ROUND_S + LIFETIME_S
    who = hashlib.sha256(subject.encode()).hexdigest()[:16]  # no name in an address
    return f"{who}.{ends}.{_mac(who, ends)}"


def valid(shown: str) -> bool:
    who, _, rest = shown.partition(".")
    ends, _, mac = rest.partition(".")
    if not ends.isdigit() or int(ends) < time.time():
        return False
    return hmac.compare_digest(mac, _mac(who, int(ends)))


def _mac(who: str, ends: int) -> str:
    return hmac.new(_KEY, f"{who}.{ends}".encode(), hashlib.sha256).hexdigest()[:32]


class Hub:
    """One reader of the database's announcements, any number of pages.

    Every announcement has a number. A page says which number it was drawn at, so that nothing falls between its
    drawing and its listening, and a lost message is made good by the next.
    """

    def __init__(self) -> None:
        self._pages: dict[asyncio.Queue[int], str] = {}
        self._boot = secrets.token_hex(4)  # numbers begin anew with every start of the process
        self._count = self._floor = 0
        self._latest: dict[str, int] = {}

    def publish(self, session_id: str) -> None:
        """Tell the pages that watch this session, and those that watch all; an empty id concerns everybody."""
        self._count += 1
        if not session_id or len(self._latest) >= MOST_REMEMBERED:
            self._floor = self._count
            self._latest.clear()
        self._latest[session_id] = self._count
        for queue, only in self._pages.items():
            if only and session_id and only != session_id:
                continue
            if queue.full():
                queue.get_nowait()  # only the newest number matters
            queue.put_nowait(self._count)

    def number(self, only: str = "") -> str:
        """The newest announcement that concerns a page; asked before the page reads the database."""
        count = max(self._floor, self._latest.get(only, 0)) if only else self._count
        return f"{self._boot}.{count}"

    @asynccontextmanager
    async def subscribed(self, only: str) -> AsyncIterator[asyncio.Queue[int]]:
        queue: asyncio.Queue[int] = asyncio.Queue(1)
        self._pages[queue] = only
        try:
            yield queue
        finally:
            del self._pages[queue]

    async def listen(self) -> None:
        """Read announcements until cancelled; a lost database is tried again, and pages look once it is back."""
        loop = asyncio.get_running_loop()

        async def source() -> AsyncIterator[str]:
            while True:
                try:
                    async for session_id in bridge().desk().changes():
                        yield session_id
                except ThroughlineError as fault:
                    _log.warning("push is waiting for the database: %s", fault)
                except Exception as fault:  # noqa: BLE001  # the edge of the process: pages poll meanwhile
                    _log.warning("push was interrupted (%s) and begins anew", type(fault).__name__)
                await asyncio.sleep(RETRY_S)
                yield ""

        await asyncio.to_thread(_opened)
        stop = bridge().watch(source, lambda session_id: loop.call_soon_threadsafe(self.publish, session_id) and None)
        try:
            await asyncio.Event().wait()
        finally:
            stop()

    async def serve(self, socket: WebSocket) -> None:
        """One page: a number each time something happened, until it goes away."""
        origin, host = socket.headers.get("origin", ""), socket.headers.get("host", "")
        if origin.partition("://")[2] != host or not valid(socket.query_params.get("k", "")):
            await socket.close(4403)
            return
        await socket.accept()
        only = socket.query_params.get("s", "")
        async with self.subscribed(only) as news:
            gone = asyncio.create_task(_until_gone(socket))
            try:
                await socket.send_text(json.dumps({"hello": self.number(only)}))
                while not gone.done():
                    waiting = asyncio.ensure_future(news.get())
                    await asyncio.wait({gone, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    if not waiting.done():
                        waiting.cancel()
                        return
                    await socket.send_text(json.dumps({"news": f"{self._boot}.{waiting.result()}"}))
            except WebSocketDisconnect:
                return
            finally:
                gone.cancel()


async def _until_gone(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()


def _opened() -> None:
    """Wait, off the server's loop, until there is a desk to listen at."""
    while True:
        try:
            bridge().desk()
            return
        except ThroughlineError as fault:
            _log.warning("the desk cannot be opened yet: %s", fault)
            time.sleep(RETRY_S)


hub = Hub()


def channel(subject: str, session: str = "") -> tuple[str, str, str]:
    """Token, path and number for the page's end of the push."""
    return token(subject), PATH, hub.number(session)
