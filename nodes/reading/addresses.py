"""Reads telephone numbers and e-mail addresses, typed or spoken."""

import re
from collections.abc import Sequence

from domain.reading import FactSeen
from nodes.reading.letters import joined
from nodes.reading.phrases import Span
from nodes.reading.tokens import Token
from nodes.reading.utterance import LONGEST_QUOTE, Utterance
from nodes.reading.word_sets import numbered

_EMAIL_WORDS = re.compile(
    r"\b([a-z0-9._-]{1,40}(?: dot [a-z0-9_-]{1,30}){0,3}) at ([a-z0-9-]{1,40}(?: dot [a-z0-9-]{1,20}){1,3})\b"
)
_DIGITS = {w: str(n) for w, n in numbered("zero one two three four five six seven eight nine").items()} | {
    "oh": "0",
    "o": "0",
}


def read_addresses(heard: Utterance) -> list[FactSeen]:
    facts: list[FactSeen] = []
    for i, token in enumerate(heard.tokens):
        if token.kind == "email":
            facts.append(FactSeen("contact", token.text, heard.quote(i, i + 1), "contact.email"))
        elif token.kind == "phone":
            facts.append(FactSeen("contact", _e164(token.text), heard.quote(i, i + 1), "contact.phone"))
    flat = joined(heard.flat) if " dot " in heard.flat else ""
    if not facts and (spoken := _EMAIL_WORDS.search(flat)):
        address = f"{spoken[1]}@{spoken[2]}".replace(" dot ", ".").replace(" ", "")
        whole = slice(spoken.start(1), spoken.end()) if flat == heard.flat else slice(None)
        facts.append(FactSeen("contact", address, heard.words[whole].strip()[:LONGEST_QUOTE], "contact.email"))
    if not any(f.key == "contact.phone" for f in facts) and (span := _spoken_phone(heard.tokens)) is not None:
        digits = "".join(_digit(t) for t in heard.tokens[span[0] : span[1]])
        facts.append(FactSeen("contact", _e164(digits), heard.quote(*span), "contact.phone"))
    return facts


def _digit(token: Token) -> str:
    if token.text in _DIGITS:
        return _DIGITS[token.text]
    return token.text if token.text.isdecimal() and len(token.text) <= 4 else ""


def _spoken_phone(tokens: Sequence[Token]) -> Span | None:
    """Ten digits said one after the other, or in groups."""
    start, digits = 0, ""
    for i, token in enumerate((*tokens, None)):
        piece = _digit(token) if token is not None else ""
        if piece:
            start = start if digits else i
            digits += piece
            continue
        if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
            return start, i
        digits = ""
    return None


def _e164(text: str) -> str:
    digits = "".join(c for c in text if c.isdigit())
    if text.startswith("+") or len(digits) > 10:
        return "+" + digits
    return "+1" + digits
