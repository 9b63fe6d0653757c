"""Puts contractions, recogniser spellings and typing errors into the one form that the phrase lists use."""

from collections.abc import Iterable

SHORTEST_KEYWORD = 5  # a shorter word is too close to others to be guessed from one wrong letter

_EXPANSIONS = {
    "gonna": "going to", "wanna": "want to", "gotta": "got to", "lemme": "let me", "gimme": "give me",
    "dunno": "do not know", "cannot": "can not", "can't": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not",
    "let's": "let us", "lets": "let us", "dont": "do not", "cant": "can not", "wont": "will not", "didnt": "did not",
    "doesnt": "does not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "werent": "were not", "wouldnt": "would not",
    "couldnt": "could not", "shouldnt": "should not", "havent": "have not", "hasnt": "has not", "im": "i am", "ive": "i have",
    "youre": "you are", "theyre": "they are", "weve": "we have", "youve": "you have", "thats": "that is", "whats": "what is",
    "whos": "who is", "hows": "how is", "wheres": "where is", "theres": "there is", "its": "it is", "hes": "he is", "shes": "she is",
    "ur": "your", "u": "you", "r": "are", "pls": "please", "plz": "please", "thx": "thanks", "thanx": "thanks", "ty": "thanks",
    "okay": "ok", "okey": "ok", "okie": "ok", "okey-dokey": "ok", "kk": "ok", "k": "ok", "thru": "through", "tho": "though",
    "yeh": "yeah", "yea": "yeah", "ya": "yeah", "yah": "yeah", "yess": "yes", "yesss": "yes", "noo": "no", "nooo": "no",
    "tmrw": "tomorrow", "tmr": "tomorrow", "tmrow": "tomorrow", "tomorow": "tomorrow", "tommorow": "tomorrow",
    "tommorrow": "tomorrow", "tomoro": "tomorrow", "tomo": "tomorrow", "mon": "monday", "tue": "tuesday", "tues": "tuesday",
    "wed": "wednesday", "weds": "wednesday", "thu": "thursday", "thur": "thursday", "thurs": "thursday", "fri": "friday",
    "mhm": "mhm", "mmhm": "mhm", "mmhmm": "mhm", "mhmm": "mhm", "hmm": "hm", "hmmm": "hm", "wknd": "weekend", "wk": "week",
    "mins": "minutes", "min": "minutes", "hr": "hour", "hrs": "hours", "appt": "appointment", "mgr": "manager", "govt": "government",
    "percents": "percent", "pct": "percent", "bucks": "dollars", "buck": "dollars", "usd": "dollars", "dollar": "dollars",
    "ppl": "people", "msg": "message", "msgs": "messages", "txt": "text", "convo": "conversation", "info": "information",
    "favour": "favor", "centre": "center", "organise": "organize", "authorise": "authorize", "authorised": "authorized",
    "cheque": "check", "enquiry": "inquiry", "cancelled": "canceled", "cancelling": "canceling", "programme": "program",
    "gotcha": "got you", "whatcha": "what are you", "kinda": "kind of", "sorta": "sort of", "cuz": "because", "cos": "because",
    "em": "them", "ill": "i will", "e-mail": "email", "mail": "mail", "hiya": "hi", "heya": "hey", "nope": "nope", "naw": "nah",
    "everyday": "every day", "alright": "alright", "allright": "alright", "goodbye": "goodbye", "b4": "before", "gr8": "great",
}  # fmt: skip
_SPLIT = {word: tuple(text.split()) for word, text in _EXPANSIONS.items()}
_ENDINGS = {"re": "are", "ll": "will", "ve": "have", "m": "am", "d": "would", "s": "is"}


def expand(word: str) -> tuple[str, ...]:
    """The regular words behind one written word: "don't" is "do not"."""
    known = _SPLIT.get(word)
    if known is not None:
        return known
    if "'" not in word:
        return (word,)
    stem, _, ending = word.rpartition("'")
    if ending == "t" and stem.endswith("n") and len(stem) > 1:
        return (stem[:-1], "not")
    if stem and ending in _ENDINGS:
        return (stem.replace("'", ""), _ENDINGS[ending])
    return (word.replace("'", ""),)


def _shortened(word: str) -> set[str]:
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


class Speller:
    """Finds the keyword that is one edit away from a word that is no English word."""

    __slots__ = ("_by_deletion", "_known", "_remembered", "_sorted_letters")

    def __init__(self, keywords: Iterable[str], english: Iterable[str]) -> None:
        vocabulary = {word for word in keywords if word.isalpha()}
        self._known = vocabulary | set(english) | set(_SPLIT)
        self._remembered: dict[str, str] = {}
        self._by_deletion: dict[str, list[str]] = {}
        self._sorted_letters: dict[str, list[str]] = {}
        for word in sorted(vocabulary):
            if len(word) >= SHORTEST_KEYWORD:
                for key in (word, *_shortened(word)):
                    self._by_deletion.setdefault(key, []).append(word)
            elif len(word) >= SHORTEST_KEYWORD - 2:
                self._sorted_letters.setdefault("".join(sorted(word)), []).append(word)

    def known(self, word: str) -> bool:
        return word in self._known

    def correct(self, word: str) -> str:
        """The keyword meant, or the word itself where none or more than one fits."""
        if word in self._known or not 3 <= len(word) <= 20:
            return word
        right = self._remembered.get(word)
        if right is None:
            right = self._nearest(word)
            if len(self._remembered) < 5000:
                self._remembered[word] = right
        return right

    def _nearest(self, word: str) -> str:
        if len(word) < SHORTEST_KEYWORD:
            swapped = [w for w in self._sorted_letters.get("".join(sorted(word)), ()) if _one_swap(w, word)]
            if len(swapped) == 1:
                return swapped[0]
            if len(word) < SHORTEST_KEYWORD - 1:
                return word
        near = {w for key in (word, *_shortened(word)) for w in self._by_deletion.get(key, ()) if _one_edit(w, word)}
        best = [w for w in near if _one_swap(w, word)] or [w for w in near if w[0] == word[0]] or list(near)
        return best[0] if len(best) == 1 else word


def _one_swap(a: str, b: str) -> bool:
    if len(a) != len(b):
        return False
    different = [i for i in range(len(a)) if a[i] != b[i]]
    return (
        len(different) == 2
        and different[1] == different[0] + 1
        and a[different[0]] == b[different[1]]
        and a[different[1]] == b[different[0]]
    )


def _one_edit(a: str, b: str) -> bool:
    """One letter missing, added or wrong, or two neighbours swapped."""
    if abs(len(a) - len(b)) > 1:
        return False
    if len(a) == len(b):
        return sum(x != y for x, y in zip(a, b, strict=True)) == 1 or _one_swap(a, b)
    short, long = (a, b) if len(a) < len(b) else (b, a)
    i = next((k for k in range(len(short)) if short[k] != long[k]), len(short))
    return short[i:] == long[i + 1 :]
