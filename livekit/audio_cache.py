"""Keeps the sound of lines that never change, so that they start at once; what names a buyer goes with the call."""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import Counter

SHARED_BYTES = 64 * 2**20  # twenty minutes of speech
SESSION_BYTES = 8 * 2**20
LOOKED_UP = Counter("throughline_audio_cache", "Sentences looked up in the audio cache.", ["result"])


def plain(text: str) -> str:
    return " ".join(text.split())


class AudioCache:
    """Two shelves: sentences on the list of fixed ones are shared by all calls and stay on disk; others live as long as
    the call, in memory. Samples are 16-bit, of one channel, at the rate that is part of the voice's key."""

    def __init__(
        self,
        folder: Path | None,
        voice_key: str,
        fixed: Iterable[str],
        *,
        shared_bytes: int = SHARED_BYTES,
        session_bytes: int = SESSION_BYTES,
    ) -> None:
        self._folder = folder / voice_key if folder and shared_bytes else None
        self._all_voices = folder
        self._fixed = dict.fromkeys(plain(sentence) for sentence in fixed)
        self._shared_bytes, self._session_bytes = shared_bytes, session_bytes
        self._session: OrderedDict[str, bytes] = OrderedDict()
        self._session_size = 0

    def get(self, text: str) -> bytes | None:
        """The sound of a sentence, or None. Counted: the hit rate is what the cache is judged by."""
        text = plain(text)
        if (sound := self._session.get(text)) is not None:
            self._session.move_to_end(text)
            LOOKED_UP.labels("session").inc()
            return sound
        sound = self._read(text)
        LOOKED_UP.labels("shared" if sound else "miss").inc()
        return sound

    def put(self, text: str, sound: bytes) -> None:
        text = plain(text)
        if not sound:
            return
        if text in self._fixed:
            self._write(text, sound)
        elif len(sound) <= self._session_bytes:
            self._session_size += len(sound) - len(self._session.pop(text, b""))
            self._session[text] = sound
            while self._session_size > self._session_bytes:
                self._session_size -= len(self._session.popitem(last=False)[1])

    def missing(self) -> list[str]:
        """Fixed sentences that are not on the shelf yet, in the order in which they were given."""
        return [text for text in self._fixed if (path := self._path(text)) and not path.exists()]

    def forget_session(self) -> None:
        self._session.clear()
        self._session_size = 0

    def _path(self, text: str) -> Path | None:
        if self._folder is None or text not in self._fixed:
            return None
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:40]}.pcm"

    def _read(self, text: str) -> bytes | None:
        path = self._path(text)
        if path is None:
            return None
        try:
            sound = path.read_bytes()
            os.utime(path)  # the least recently used goes first
        except OSError:
            return None
        return sound or None

    def _write(self, text: str, sound: bytes) -> None:
        """Other processes see a sentence whole or not at all. A full or read-only disk costs speed, never a call."""
        path = self._path(text)
        if path is None or len(sound) > self._shared_bytes:
            return
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            half = path.with_suffix(f".{os.getpid()}")
            half.write_bytes(sound)
            half.replace(path)
            self._make_room()

    def _make_room(self) -> None:
        """Over all voices: a voice that nobody uses any more ages out by itself."""
        assert self._all_voices is not None
        found: list[tuple[float, int, Path]] = []
        for path in self._all_voices.glob("*/*.pcm"):
            with suppress(FileNotFoundError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
        size = sum(entry[1] for entry in found)
        for _, bytes_, path in sorted(found):
            if size <= self._shared_bytes:
                return
            path.unlink(missing_ok=True)
            size -= bytes_
