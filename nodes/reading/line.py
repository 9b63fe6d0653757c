"""Lays tokens out for readers that look around them: words and numbers by place, empty beyond both ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from nodes.reading.tokens import HARD, Token

REACH = 10  # how far beyond the ends a reader may look
MOST = 1_000_000  # larger numbers are neither days nor hours


@dataclass(frozen=True, slots=True)
class Line:
    """A place before the first token counts from the back, where nothing stands either."""

    tokens: Sequence[Token]
    words: list[str]
    nums: list[int]  # -1 where no whole number stands
    nths: list[int]  # 0 where no ordinal stands
    brks: list[int]

    def __len__(self) -> int:
        return len(self.tokens)

    def near(self, i: int, breaks: int = HARD) -> bool:
        """Whether the token at a place belongs together with the one before it."""
        return self.brks[i] < breaks


def laid_out(tokens: Sequence[Token]) -> Line:
    words = [t.text for t in tokens]
    nums = [int(t.num) if t.num is not None and t.num < MOST and t.num == int(t.num) else -1 for t in tokens]
    nths = [t.nth or 0 for t in tokens]
    brks = [t.brk for t in tokens]
    return Line(tokens, words + [""] * REACH, nums + [-1] * REACH, nths + [0] * REACH, brks + [HARD] * REACH)
