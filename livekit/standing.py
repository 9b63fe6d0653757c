"""Which of several speech providers is asked first: one that failed rests, and has to prove itself again."""

import asyncio
from collections.abc import Sequence
from typing import Generic, TypeVar

from livekit.agents import APIConnectOptions
from livekit.agents.log import logger
from prometheus_client import Counter

P = TypeVar("P")
REST = 30.0  # seconds after a failure
ONCE = APIConnectOptions(max_retry=0, timeout=3.0)  # another provider is a better retry than the same one
FAILURES = Counter("throughline_speech_failures", "Requests that a speech provider left unanswered.", ["provider"])


class Standing(Generic[P]):
    """The order in which providers were configured, without those that are resting."""

    def __init__(self, providers: Sequence[P], rest: float = REST) -> None:
        self.providers = tuple(providers)
        self._rest = rest
        self._failed_at: dict[int, float] = {}

    def in_order(self) -> list[P]:
        """Those in good standing first; the others are still better than silence."""
        good = [p for p in self.providers if id(p) not in self._failed_at]
        return [*good, *(p for p in self.providers if id(p) in self._failed_at)]

    @property
    def first(self) -> P:
        return self.in_order()[0]

    def failed(self, provider: P, name: str, error: Exception) -> None:
        """Noted without the message: a provider may repeat in it what it was sent."""
        self._failed_at[id(provider)] = asyncio.get_running_loop().time()
        FAILURES.labels(name).inc()
        logger.warning("speech provider failed", extra={"provider": name, "error": type(error).__name__})

    def served(self, provider: P) -> None:
        self._failed_at.pop(id(provider), None)

    def rested(self) -> list[P]:
        """Those whose rest is over; each is named once per rest."""
        now = asyncio.get_running_loop().time()
        due = [p for p in self.providers if now - self._failed_at.get(id(p), now) >= self._rest]
        for provider in due:
            self._failed_at[id(provider)] = now
        return due
