"""Recognises the words that revoke consent when they are a whole message; free wordings stand in the phrase lists."""

import re
from functools import cache

from nodes.reading.tables import table
from nodes.reading.utterance import Utterance

LONGEST_KEYWORD = 24  # letters
_POLITE = re.compile(r"\b(please|thanks|thank you|now|pls|plz|thx|por favor)\b")
_LETTERS = re.compile(r"[^\W\d_]+")


@cache
def _keywords(where: str) -> frozenset[str]:
    return frozenset(word.replace(" ", "") for word, channels in table("keywords").items() if where in channels)


def is_keyword(heard: Utterance, *, text_channel: bool) -> bool:
    """Whether the message is a revocation keyword and nothing else, whatever its case, spaces and punctuation.

    On a call fewer words count: somebody who says "cancel" or "stop" there may mean the meeting or the talking.
    """
    bare = _POLITE.sub(" ", heard.flat)
    if any(character.isdigit() for character in bare):
        return False
    letters = "".join(_LETTERS.findall(bare))
    return len(letters) <= LONGEST_KEYWORD and letters in _keywords("text" if text_channel else "voice")
