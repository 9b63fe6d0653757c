"""A buyer in a real room: joins with the token that a browser gets, speaks, and notes when somebody else does."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import numpy as np

from graph.calling import Joined
from livekit import rtc
from tests.voice.audio import RATE, spoken

_FRAME = RATE // 50
_LOUD = 500


class Buyer:
    """`loud` holds the moments at which something was heard; `ended` the last sample of the buyer's own words."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.loud: list[float] = []
        self.ended = 0.0
        self._speech: asyncio.Queue[Any] = asyncio.Queue()
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=40)
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, joined: Joined) -> None:
        self.room.on("track_subscribed", self._subscribed)
        await self.room.connect(joined.url, joined.token)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._tasks.append(asyncio.create_task(self._microphone()))

    def agents(self) -> list[str]:
        return [name for name in self.room.remote_participants if name.startswith("agent-")]

    async def say(self, words: str) -> None:
        """Returns when the last sample is on the line."""
        sound = await asyncio.to_thread(spoken, words)
        self.ended = 0.0
        self._speech.put_nowait(sound)
        while not self.ended:
            await asyncio.sleep(0.01)

    async def hears(self, after: float, timeout: float = 20.0) -> float:
        """The first moment after `after` at which somebody speaks."""
        async with asyncio.timeout(timeout):
            while not (found := next((at for at in self.loud if at > after), None)):
                await asyncio.sleep(0.01)
            return found

    async def quiet(self, seconds: float = 1.0, timeout: float = 60.0) -> None:
        """Until nobody has spoken for so long."""
        async with asyncio.timeout(timeout):
            while not self.loud or time.time() - self.loud[-1] < seconds:
                await asyncio.sleep(0.05)

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(Exception):
            await self.room.disconnect()

    def _subscribed(self, track: rtc.Track, _publication: object, _participant: object) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            async for event in stream:
                if np.abs(np.frombuffer(event.frame.data, np.int16)).max() > _LOUD:
                    self.loud.append(time.time())
        finally:
            await stream.aclose()

    async def _microphone(self) -> None:
        silence = bytes(2 * _FRAME)
        while True:
            if self._speech.empty():
                await self._source.capture_frame(rtc.AudioFrame(silence, RATE, 1, _FRAME))
                continue
            sound = self._speech.get_nowait()
            for at in range(0, len(sound) - _FRAME + 1, _FRAME):
                await self._source.capture_frame(rtc.AudioFrame(sound[at : at + _FRAME].tobytes(), RATE, 1, _FRAME))
            self.ended = time.time()
