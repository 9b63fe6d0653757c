"""How long the buyer waited and what it took: one row per turn of a call, filled as it becomes known."""

import logging
from dataclasses import dataclass
from datetime import datetime

from graph.calls import Calls, CallTurn, Gone
from livekit.heard import Receipt
from livekit.overheard import Utterance

_log = logging.getLogger(__name__)
_MOST_OPEN = 64


@dataclass(slots=True)
class _Open:
    """A turn on its way; `since` is when the buyer began to wait."""

    kind: str
    since: float
    at: datetime
    voiced: bool = False


class Figures:
    """Of one call. What cannot be stored is lost with a word in the log: a call never waits for its figures."""

    def __init__(self, call_id: str, calls: Calls) -> None:
        self._call_id, self._calls = call_id, calls
        self._open: dict[str, _Open] = {}

    def begin(self, turn_id: str, kind: str, since: float, at: datetime) -> None:
        self._open[turn_id] = _Open(kind, since, at)
        while len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]

    def knows(self, turn_id: str) -> bool:
        return turn_id in self._open

    async def words(self, turn_id: str, said: Utterance, began_at: datetime, turn_s: float) -> None:
        """The transcript of a turn and what it took to get it and to decide."""
        found = self._open.get(turn_id)
        await self._put(
            CallTurn(
                self._call_id,
                turn_id,
                "words",
                found.at if found else began_at,
                words=said.text,
                confidence=said.confidence,
                began_at=began_at,
                recogniser_ms=said.recogniser_ms,
                endpoint_ms=said.endpoint_ms,
                turn_ms=round(turn_s * 1000),
                recogniser_s=max(0.0, said.ended_at - said.began_at),
            )
        )

    async def spoken(self, turn_id: str, receipt: Receipt) -> None:
        """A line of the turn has been said; the first one tells how long the buyer waited."""
        found = self._open.get(turn_id)
        if found is None or receipt.began_at is None or found.kind == "heard":
            return
        first, found.voiced = not found.voiced, True
        await self._put(
            CallTurn(
                self._call_id,
                turn_id,
                found.kind,
                found.at,
                voice_ms=max(0, round((receipt.began_at - found.since) * 1000)) if first else None,
                tts_ms=receipt.tts_ms if first else None,
                cut=receipt.status == "partly",
                voice_s=max(0.0, receipt.at - receipt.began_at),
                voice_characters=len(receipt.words),
            )
        )

    async def _put(self, turn: CallTurn) -> None:
        try:
            await self._calls.put_turn(turn)
        except Gone:
            _log.warning("the figures of a turn were lost", extra={"action": "figures_lost", "call": self._call_id})
