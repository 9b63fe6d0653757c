"""The demo caller's end of a call: a microphone that plays sounds, and an ear that notes when the other side speaks."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import numpy as np

from livekit import rtc

RATE = 48000
FRAME = RATE // 50
_LOUD = 400  # of 32767; a silent track carries a little comfort noise
_BEGINS_FRAMES, _ENDS_S = 2, 0.6
_TOPIC = "lk.transcription"
Note = Callable[..., None]
Sound = np.ndarray[Any, Any]  # int16 at RATE


class Speech:
    """Cuts what comes in into stretches of speech; `began` and `ended` are moments of the loop's clock."""

    def __init__(self, on_begin: Callable[[float], None], on_end: Callable[[float, float, Sound], None]) -> None:
        self._on_begin, self._on_end = on_begin, on_end
        self._before: list[Sound] = []
        self._frames: list[Sound] = []
        self._loud = 0
        self._began: float | None = None
        self._last = 0.0

    @property
    def on(self) -> bool:
        return self._began is not None

    def add(self, frame: Sound, now: float) -> None:
        loud = bool(len(frame)) and int(np.abs(frame.astype(np.int32)).max()) > _LOUD
        if self._began is None:
            self._before = [*self._before[-10:], frame]
            self._loud = self._loud + 1 if loud else 0
            if self._loud >= _BEGINS_FRAMES:
                self._began, self._frames = now, list(self._before)
                self._on_begin(now)
        else:
            self._frames.append(frame)
        if loud:
            self._last = now
        elif self._began is not None and now - self._last >= _ENDS_S:
            began, sound = self._began, np.concatenate(self._frames)
            self._began, self._loud, self._before = None, 0, []
            self._on_end(began, self._last, sound)


class _Background:
    """Noise that goes on, whatever is said."""

    def __init__(self, sound: Sound | None) -> None:
        whole = 0 if sound is None else len(sound) // FRAME
        self._frames = [] if sound is None else [sound[at * FRAME : (at + 1) * FRAME] for at in range(whole)]
        self._next = 0

    def under(self, frame: Sound) -> Sound:
        if not self._frames:
            return frame
        self._next = (self._next + 1) % len(self._frames)
        return np.clip(frame.astype(np.int32) + self._frames[self._next], -32768, 32767).astype(np.int16)


class CallerLine:
    """Joins a room once; whoever comes back takes a new line."""

    def __init__(self, speech: Speech, note: Note, background: Sound | None = None) -> None:
        """`background` is heard on the line all the time, again and again."""
        self.speech, self._note = speech, note
        self._background = _Background(background)
        self.room = rtc.Room()
        self._playing: asyncio.Queue[tuple[Sound, asyncio.Future[float]]] = asyncio.Queue()
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=40)  # a second's queue would hide when a word was said
        self._tasks: set[asyncio.Task[Any]] = set()

    async def join(self, url: str, token: str) -> None:
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("participant_connected", lambda who: self._note("somebody_came", who=who.identity))
        self.room.on("participant_disconnected", lambda who: self._note("somebody_left", who=who.identity))
        self.room.register_text_stream_handler(_TOPIC, self._written)
        await self.room.connect(url, token)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self._begin(self._microphone())

    async def play(self, sound: Sound) -> float:
        """Returns when the last sample is on the line, with that moment."""
        done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._playing.put_nowait((sound, done))
        return await done

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(RuntimeError, rtc.ConnectError):
            await self.room.disconnect()
        await self._source.aclose()

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _subscribed(self, track: rtc.Track, _publication: object, _who: object) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._begin(self._listen(track))

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        clock = asyncio.get_running_loop()
        try:
            async for event in stream:
                self.speech.add(np.frombuffer(event.frame.data, np.int16).copy(), clock.time())
        finally:
            await stream.aclose()

    async def _microphone(self) -> None:
        silence = np.zeros(FRAME, np.int16)
        while True:
            if self._playing.empty():
                await self._capture(silence)
                continue
            sound, done = self._playing.get_nowait()
            padded = np.concatenate([sound, np.zeros(-len(sound) % FRAME, np.int16)])
            for at in range(0, len(padded), FRAME):
                await self._capture(padded[at : at + FRAME])
            if not done.done():
                done.set_result(asyncio.get_running_loop().time())

    async def _capture(self, sound: Sound) -> None:
        await self._source.capture_frame(rtc.AudioFrame(self._background.under(sound).tobytes(), RATE, 1, FRAME))

    def _written(self, reader: rtc.TextStreamReader, who: str) -> None:
        self._begin(self._read(reader, who))

    async def _read(self, reader: rtc.TextStreamReader, who: str) -> None:
        text = await reader.read_all()
        attributes = reader.info.attributes or {}
        if attributes.get("lk.transcription_final") != "false" and text.strip():
            mine = who == self.room.local_participant.identity
            self._note("transcript", who="caller" if mine else "agent", text=text.strip())
