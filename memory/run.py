"""What the lease tells the run of a turn, and what its commit tells back; the graph knows nothing of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Run:
    """`head` is the checkpoint the session stood on when the lease was taken; it is believed once.

    So is `situation`, what the database knew then.
    `more` says whether the lease is still held, because other events wait; a commit gives it back where none does.
    `commit` is unset while the turn is being committed; `stored` says whether its checkpoint is there.
    """

    head: str | None = None
    situation: dict[str, Any] | None = None
    more: bool = True
    stored: bool = True
    commit: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.commit.set()

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around the commit: who writes about its checkpoint waits for `commit` and looks at `stored`."""
        self.stored = False
        self.commit.clear()
        try:
            yield
            self.stored = True
        finally:
            self.commit.set()

    def take_head(self) -> str | None:
        head, self.head = self.head, None
        return head

    def take_situation(self) -> dict[str, Any] | None:
        situation, self.situation = self.situation, None
        return situation


_RUN: ContextVar[Run | None] = ContextVar("run", default=None)


def current() -> Run:
    """The run that this code is part of; a blank one outside of every lease, as in Studio."""
    return _RUN.get() or Run()


@contextmanager
def running(run: Run) -> Iterator[Run]:
    token = _RUN.set(run)
    try:
        yield run
    finally:
        _RUN.reset(token)
