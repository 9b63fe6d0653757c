"""Tells a language that is not English by its script and its small words."""

import unicodedata
from collections import Counter
from functools import cache

from nodes.reading.tables import table
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

_ENGLISH = word_set(
    """
    the a an i you he she it we they is are am was were do does did have has to of in on at for and or but not this
    that with my your our me us what how who when can could would will yes no please just be so if there
    """
)
_SHARED = word_set("a no me in is was so on do of at he i as am an will tag be for die een we us son come plus")
_SCRIPTS = {
    "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he",
    "GREEK": "el", "DEVANAGARI": "hi", "THAI": "th", "BENGALI": "bn", "TAMIL": "ta",
}  # fmt: skip
SAMPLE = 400  # characters that are enough to tell a script


@cache
def _small_words() -> dict[str, tuple[str, ...]]:
    """For each word that tells a language, which ones it tells of."""
    told: dict[str, tuple[str, ...]] = {}
    for language, words in table("small_words").items():
        for word in word_set(words) - _SHARED:
            told[word] = (*told.get(word, ()), language)
    return told


def other_language(heard: Utterance) -> str | None:
    """The language, where it is not English; None where it is, or where too little is said to tell."""
    if not heard.words.isascii():
        script = _script(heard.words[:SAMPLE])
        if script is not None:
            return script
    words = [t for t in heard.said if t.isalpha()][:200]
    if len(words) < 2:
        return None
    telling = _small_words()
    scores = Counter(language for w in words if w in telling for language in telling[w])
    if not scores:
        return None
    score = max(scores.values())
    language = next(name for name in table("small_words") if scores[name] == score)
    english = sum(w in _ENGLISH for w in words)
    if score > english and (score >= 3 or (score >= 2 and any("@name" in t.keys for t in heard.tokens))):
        return language
    return None


def _script(sample: str) -> str | None:
    counts: dict[str, int] = {}
    letters = 0
    for character in sample:
        if not character.isalpha():
            continue
        letters += 1
        if character.isascii():
            continue
        language = _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0].partition("-")[0])
        if language is not None:
            counts[language] = counts.get(language, 0) + 1
    if not counts:
        return None
    if counts.get("ja"):
        return "ja"
    language, count = max(counts.items(), key=lambda item: item[1])
    return language if count * 2 >= letters else None
