"""Joins Streamlit's threads to one event loop: the console's only way to anything asynchronous."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

from domain.errors import ThroughlineError
from graph.bootstrap import open_desk
from graph.calling import CallDesk, open_calls
from graph.desk import Desk
from graph.settings import load_settings

T = TypeVar("T")
Opener = Callable[[], AbstractAsyncContextManager[Desk]]
CallsOpener = Callable[[], AbstractAsyncContextManager[CallDesk | None]]
PATIENCE = 12.0  # longer than the pool waits for a connection would leave the page without a word


class Unanswered(ThroughlineError):
    """The desk did not answer in time."""


def _open() -> AbstractAsyncContextManager[Desk]:
    return open_desk(load_settings())


def _open_calls() -> AbstractAsyncContextManager[CallDesk | None]:
    return open_calls(load_settings())


class Bridge:
    """A daemon thread with a loop; the desk and its connections live there and nowhere else."""

    def __init__(self, opener: Opener = _open, calls_opener: CallsOpener = _open_calls) -> None:
        self._opener, self._calls_opener = opener, calls_opener
        self._loop = asyncio.new_event_loop()
        self._desk: Desk | None = None
        self._calls: CallDesk | None = None
        self._held = AsyncExitStack()
        self._opening = threading.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, name="desk", daemon=True)
        self._thread.start()

    def desk(self) -> Desk:
        """The desk; opened at first use, and tried again after a failure."""
        with self._opening:
            if self._desk is None:
                self._desk = self.call(self._opened(), timeout=60)
            return self._desk

    def calls(self) -> CallDesk | None:
        """The door to calls, opened when somebody first calls; None where there is no LiveKit server."""
        with self._opening:
            if self._calls is None:
                self._calls = self.call(self._held.enter_async_context(self._calls_opener()), timeout=60)
            return self._calls

    async def _opened(self) -> Desk:
        return await self._held.enter_async_context(self._opener())

    def call(self, coroutine: Coroutine[Any, Any, T], timeout: float = PATIENCE) -> T:
        """Run it on the loop and wait; the thread of a page may block, the loop may not."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise Unanswered(f"No answer within {timeout:.0f} seconds; the database may be busy or gone.") from None

    def watch(self, source: Callable[[], AsyncIterator[str]], sink: Callable[[str], None]) -> Callable[[], None]:
        """Hand everything the source yields to `sink`, on this loop, until the returned function is called."""

        async def pump() -> None:
            async for item in source():
                sink(item)

        future = asyncio.run_coroutine_threadsafe(pump(), self._loop)

        def stop() -> None:
            future.cancel()

        return stop

    def close(self) -> None:
        self._desk = self._calls = None
        self.call(self._held.aclose(), timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


_bridge: Bridge | None = None
_starting = threading.Lock()


def bridge() -> Bridge:
    """The process's bridge."""
    global _bridge
    with _starting:
        if _bridge is None:
            _bridge = Bridge()
        return _bridge


def use(chosen: Bridge | None) -> None:
    """Another bridge for this process: how a test or a scenario brings its own database."""
    global _bridge
    with _starting:
        _bridge = chosen


def desk() -> Desk:
    return bridge().desk()


def calls() -> CallDesk | None:
    return bridge().calls()


def call(coroutine: Coroutine[Any, Any, T], timeout: float = PATIENCE) -> T:
    return bridge().call(coroutine, timeout)


def links() -> str:
    """What addresses of contracts and payments begin with: the only text that the chat makes into links."""
    return f"{load_settings().buyers_url.rstrip('/')}/"
