"""The recogniser's tokens: what they spell, and how a word is written in them."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

BEGIN, END = 1, 2
_FIRST_PIECE = 259  # before it stand three marks and one token per byte
_BYTES_FROM = 3
_SIZE = 32768  # the model was given more numbers than there are tokens
_SPACE = "\u2581"
_MARKS = " .,!?;:-\"'"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A byte-pair vocabulary in the order in which its pairs are joined."""

    spelling: tuple[bytes, ...]
    number: dict[bytes, int]

    @classmethod
    def read(cls, path: Path) -> "Vocabulary":
        spelling = tuple(_entries(path.read_bytes()))
        number: dict[bytes, int] = {}
        for index, piece in enumerate(spelling[_FIRST_PIECE:], _FIRST_PIECE):
            number.setdefault(piece, index)
        return cls(spelling + (b"",) * (_SIZE - len(spelling)), number)

    def text(self, tokens: list[int]) -> str:
        joined = b"".join(self.spelling[token] for token in tokens).decode("utf-8", "replace")
        return joined.replace(_SPACE, " ").strip()

    def alike(self) -> dict[int, list[int]]:
        """For every token those that leave the same words: other capitals, or another mark at the end of a word."""
        groups: dict[str, list[int]] = {}
        for token, piece in enumerate(self.spelling):
            text = piece.decode("utf-8", "replace").replace(_SPACE, " ").casefold()
            marks_only = token == END or (token >= _FIRST_PIECE and bool(piece) and not text.strip(_MARKS))
            groups.setdefault("" if marks_only else text, []).append(token)
        return {token: group for group in groups.values() if len(group) > 1 for token in group}

    def tokens(self, words: str) -> list[int]:
        """The tokens of words that follow a space, joined as the model joins them: oldest pair first."""
        parts = [piece.encode() for piece in _SPACE + " ".join(words.split()).replace(" ", _SPACE)]
        while True:
            pairs = [(self.number.get(left + right), at) for at, (left, right) in enumerate(pairwise(parts))]
            known = [(rank, at) for rank, at in pairs if rank is not None]
            if not known:
                break
            _, at = min(known)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return [token for part in parts for token in self._of(part)]

    def _of(self, part: bytes) -> list[int]:
        """One token, or the bytes of a letter that the vocabulary does not know."""
        known = self.number.get(part)
        return [known] if known is not None else [_BYTES_FROM + byte for byte in part]


def _entries(raw: bytes) -> list[bytes]:
    """Entries stand behind their length, which takes two bytes from 128 on, the low seven bits first."""
    found: list[bytes] = []
    at = 0
    while at < len(raw):
        size = raw[at]
        at += 1
        if size >= 128:
            size += (raw[at] - 1) * 128
            at += 1
        found.append(raw[at : at + size])
        at += size
    return found
