"""A caller of benchmarks: says sounds that were made beforehand, and knows when its ear first hears the answer."""

import asyncio
from functools import lru_cache
from typing import Any

import numpy as np

from livekit import rtc
from livekit.caller_line import RATE, CallerLine, Sound, Speech

_LOUD = 400  # of 32767
_QUIET_S = 0.4  # beyond the 0.6 s that Speech needs to call it quiet


class Unanswered(Exception):
    """Nobody spoke, or nobody stopped to."""


class Line:
    """One caller in one room. All times are of the loop's clock."""

    def __init__(self, url: str, token: str, background: Sound | None = None) -> None:
        self._url, self._token = url, token
        self._clock = asyncio.get_running_loop()
        self._speech = Speech(self._begins, self._ends)
        self._line = CallerLine(self._speech, self._note, background)
        self._begun: list[float] = []
        self._quiet_since = self._clock.time()

    async def join(self) -> None:
        await self._line.join(self._url, self._token)

    async def leave(self) -> None:
        await self._line.leave()

    @property
    def room(self) -> rtc.Room:
        return self._line.room

    async def say(self, sound: Sound) -> float:
        """When the last sample was on the line."""
        return await self._line.play(sound)

    async def answered(self, after: float, patience_s: float = 8.0) -> float:
        """When the other side was first heard after this moment."""
        late = self._clock.time() + patience_s
        while not (found := next((at for at in self._begun if at > after), None)):
            if self._clock.time() > late:
                raise Unanswered(f"nobody spoke within {patience_s:.0f} s")
            await asyncio.sleep(0.01)
        return found

    async def quiet(self, seconds: float = _QUIET_S, patience_s: float = 60.0) -> None:
        """Until the other side has said something and is quiet."""
        late = self._clock.time() + patience_s
        while not self._begun or self._speech.on or self._clock.time() - self._quiet_since < seconds:
            if self._clock.time() > late:
                raise Unanswered(f"nobody was quiet within {patience_s:.0f} s")
            await asyncio.sleep(0.01)

    async def wait_for(self, sound: Sound, patience_s: float = 8.0) -> float:
        """Milliseconds from the last sample of what is said to the first of the answer."""
        said = await self.say(sound)
        return (await self.answered(said, patience_s) - said) * 1000

    def _begins(self, at: float) -> None:
        self._begun.append(at)

    def _ends(self, began: float, ended: float, sound: Sound) -> None:
        self._quiet_since = ended

    def _note(self, *_: Any, **__: Any) -> None:
        """What else happens in the room is of no interest here."""


@lru_cache(maxsize=256)
def spoken(text: str, seed: int = 1) -> Sound:
    """By the local voice, without the silence around it: its end is known to the sample."""
    from livekit.caller import loud
    from livekit.local_models import voice

    return trimmed(loud(voice().model(text, 1.05, seed), voice().model.sample_rate))


def trimmed(sound: Sound) -> Sound:
    heard = np.flatnonzero(np.abs(sound.astype(np.int32)) > _LOUD)
    return sound[heard[0] : heard[-1] + 1] if len(heard) else sound


__all__ = ["RATE", "Line", "Sound", "Unanswered", "spoken", "trimmed"]
