"""A demo caller for a room: speaks a script, and prints what it hears and when (`throughline call`)."""

import argparse
import asyncio
import json
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import BadInput, ThroughlineError
from graph.settings import load_settings
from livekit import rtc
from livekit.caller_line import RATE, CallerLine, Sound, Speech
from livekit.caller_script import CallStep, script_of
from livekit.local_models import recogniser, voice
from livekit.local_voices import read_wave, resampled
from livekit.recogniser import RATE as HEARD_RATE

_PATIENCE_S = 30.0  # for somebody to come, and for the other side to begin or to end
_QUIET_S = 0.5  # beyond the time that Speech needs to call it quiet
_MURMUR = "Well, you know, I was just about to say something like that, I suppose."


class Nobody(ThroughlineError):
    """Nobody came to the call, or the other side never stopped or began to speak."""


class DemoCaller:
    """One run of a script. `show` gets every event as it happens."""

    def __init__(self, url: str, token: str, show: Callable[[dict[str, Any]], None], *, listens: bool) -> None:
        self._url, self._token, self._show = url, token, show
        self._ear = recogniser(load_settings().speech_dir) if listens else None
        self._clock = asyncio.get_running_loop()
        self.start = self._clock.time()
        self._line: CallerLine | None = None
        self._quiet_since = self.start
        self._said_at: float | None = None
        self._hearing: set[asyncio.Task[None]] = set()
        self.heard_anything = False

    async def run(self, steps: tuple[CallStep, ...]) -> None:
        try:
            await self.join()
            for step in steps:
                await self.do(step)
            if self._line:
                await self.until_quiet()
        finally:
            await self.leave()

    async def leave(self) -> None:
        """Hangs up, where that was not done; what was heard last is still recognised."""
        await self._leave("hung_up")
        await asyncio.gather(*self._hearing)

    # ---- the script
    async def do(self, step: CallStep) -> None:
        if step.wait is not None:
            await asyncio.sleep(step.wait)
        elif step.hang_up:
            await asyncio.sleep(step.after)
            await self._leave("hung_up")
        elif step.come_back:
            await asyncio.sleep(step.after)
            await self.join()
        elif step.mumble is not None:
            await self._until_spoken_to(step.after)
            await self._say(murmur(step.mumble), "(mumbles)", None)
        elif step.interrupt is not None:
            sound = await asyncio.to_thread(words, step.interrupt)
            await self._until_spoken_to(step.after)
            await self._say(sound, step.interrupt, step.hang_up_after)
        else:
            sound = recorded(step.wave) if step.wave else await asyncio.to_thread(words, str(step.say))
            await self.until_quiet()
            await asyncio.sleep(step.after)
            await self._say(sound, step.say or str(step.wave), step.hang_up_after)

    async def _say(self, sound: Sound, text: str, hang_up_after: float | None) -> None:
        line = self._on_line()
        self._note("says", text=text, seconds=round(len(sound) / RATE, 2))
        if hang_up_after is None:
            self._said_at = await line.play(sound)
            self._quiet_since = self._said_at
            self._note("said", text=text)
            return
        playing = asyncio.create_task(line.play(sound))
        await asyncio.wait([playing], timeout=hang_up_after)
        playing.cancel()
        await self._leave("hung_up_in_mid_sentence")

    async def until_quiet(self) -> None:
        """The other side has answered, or has just gone on with what it was saying, and has been quiet for a while."""
        speech = self._on_line().speech

        def quiet() -> bool:
            answered = self._said_at is None
            return answered and not speech.on and self._clock.time() - self._quiet_since >= _QUIET_S

        await _until(quiet, "the other side did not answer and become quiet")

    async def _until_spoken_to(self, seconds: float) -> None:
        speech = self._on_line().speech
        await _until(lambda: speech.on, "the other side did not speak")
        await asyncio.sleep(seconds)

    # ---- the line
    def _on_line(self) -> CallerLine:
        if self._line is None:
            raise BadInput("script", "there is no line to speak on", "Put a come_back step after hang_up.")
        return self._line

    async def join(self) -> None:
        if self._line is not None:
            raise BadInput("script", "come_back without a hang_up before it", "Put a hang_up step before it.")
        line = CallerLine(Speech(self._begins, self._ends), self._note)
        try:
            await line.join(self._url, self._token)
        except rtc.ConnectError as problem:
            await line.leave()
            raise Nobody(f"The room cannot be joined ({problem}).") from None
        self._line, self._said_at = line, None
        self._note("joined", room=line.room.name)
        await _until(lambda: bool(line.room.remote_participants), "nobody came to the call")

    async def _leave(self, how: str) -> None:
        line, self._line = self._line, None
        if line:
            await line.leave()
            self._note(how)

    # ---- hearing
    def _begins(self, at: float) -> None:
        late = {} if self._said_at is None else {"after_ms": round((at - self._said_at) * 1e3)}
        self._said_at = None
        self.heard_anything = True
        self._note("agent_speaks", at=at, **late)

    def _ends(self, began: float, ended: float, sound: Sound) -> None:
        self._quiet_since = ended
        if self._said_at is not None and ended > self._said_at:
            self._said_at = None
        self._note("agent_quiet", at=ended, seconds=round(ended - began, 2))
        if self._ear:
            task = asyncio.create_task(self._hear(began, sound))
            self._hearing.add(task)
            task.add_done_callback(self._hearing.discard)

    async def _hear(self, began: float, sound: Sound) -> None:
        assert self._ear
        samples = resampled(sound.astype(np.float32) / 32768, RATE, HEARD_RATE)
        heard = await self._ear.run(self._ear.model.hear, samples)
        self._note("heard", at=began, text=heard.text, confidence=round(heard.confidence, 2))

    def _note(self, event: str, at: float | None = None, **more: Any) -> None:
        moment = (self._clock.time() if at is None else at) - self.start
        self._show({"at": round(moment, 3), "event": event, **more})


async def _until(met: Callable[[], bool], what: str) -> None:
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while not met():
        if asyncio.get_running_loop().time() > deadline:
            raise Nobody(f"Within {_PATIENCE_S:.0f} seconds {what}.")
        await asyncio.sleep(0.01)


def words(text: str) -> Sound:
    """By the local voice, a little faster than the agent."""
    return loud(voice().model(text, 1.05, 1), voice().model.sample_rate)


def murmur(seconds: float) -> Sound:
    """Somebody speaks, and nobody could say what: the sound of words, backwards and soft."""
    sound = words(_MURMUR)[::-1] // 3
    return np.resize(sound, int(seconds * RATE)).astype(np.int16)


def recorded(path: Path) -> Sound:
    try:
        return loud(*read_wave(path.read_bytes()))
    except (OSError, EOFError, ValueError, wave.Error) as problem:
        raise BadInput(str(path), f"cannot be played ({problem})", "Give a 16-bit WAV file.") from None


def loud(samples: np.ndarray[Any, Any], rate: int) -> Sound:
    sound = resampled(samples, rate, RATE)
    peak = float(np.abs(sound).max()) if len(sound) else 0.0
    return (sound / max(peak, 1e-6) * 0.5 * 32767).astype(np.int16)


def plainly(event: dict[str, Any]) -> str:
    more = " ".join(f"{name}={value}" for name, value in event.items() if name not in ("at", "event", "text"))
    return f"{event['at']:8.2f}  {event['event']:<14} {event.get('text', '')} {more}".rstrip()


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="throughline call", description=__doc__)
    parser.add_argument("lines", nargs="*", help="what to say, one line after the other")
    parser.add_argument("--script", type=Path, help="a YAML file with the steps of the call instead")
    parser.add_argument("--url", required=True, help="the LiveKit server, such as ws://127.0.0.1:7880")
    parser.add_argument("--token", required=True, help="what lets the caller into the room; - reads it from the input")
    parser.add_argument("--json", action="store_true", help="print one JSON object per event")
    parser.add_argument("--deaf", action="store_true", help="do not recognise what is said, only when")
    return parser.parse_args(given)


async def call(options: argparse.Namespace) -> int:
    steps = script_of(options.lines, options.script)
    token = sys.stdin.readline().strip() if options.token == "-" else options.token  # noqa: S105 - a dash is no secret

    def show(event: dict[str, Any]) -> None:
        sys.stdout.write((json.dumps(event) if options.json else plainly(event)) + "\n")
        sys.stdout.flush()

    caller = DemoCaller(options.url, token, show, listens=not options.deaf)
    await caller.run(steps)
    return 0 if caller.heard_anything else 1


def main(given: list[str] | None = None) -> None:
    try:
        sys.exit(asyncio.run(call(arguments(given))))
    except ThroughlineError as error:
        sys.stderr.write(f"throughline: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
