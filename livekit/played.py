"""How far the line that is on was played: the SDK's own transcript runs on while the voice only pauses."""

import re
import time

from livekit.agents.voice import io

_WORD = re.compile(r"\S+")
_S_PER_LETTER = 0.07  # of a line whose sound is not whole yet: slow, so that too little counts as heard


class Played:
    """Of one line after the other: `begin`, then frames and the end of its sound, then what the output has played."""

    def __init__(self) -> None:
        self._made = self._position = 0.0
        self._whole = False
        self.began_at: float | None = None  # the wall clock's time of the line's first sound

    def begin(self) -> None:
        self._made = self._position = 0.0
        self._whole = False
        self.began_at = None

    def made(self, seconds: float) -> None:
        self.began_at = self.began_at or time.time()
        self._made += seconds

    def whole(self) -> None:
        """No more sound of this line will come."""
        self._whole = True

    def finished(self, event: io.PlaybackFinishedEvent) -> None:
        self._position += event.playback_position

    def of(self, line: str) -> str:
        """The words of the line that were played to their end."""
        total = self._made if self._whole else max(self._made, _S_PER_LETTER * len(line))
        letters = len(line) * self._position / total if total else 0.0
        ends = [word.end() for word in _WORD.finditer(line) if word.end() <= letters + 0.5]
        return line[: ends[-1]] if ends else ""
