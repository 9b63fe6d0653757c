"""Reads what must be served before anything else: opt-outs, people in distress, wrong numbers, spam, noise."""

import re

from domain.reading import ReadingContext, Special
from nodes.reading.backchannels import keeps_listening
from nodes.reading.languages import other_language
from nodes.reading.letters import put_right, spelled
from nodes.reading.revocation import is_keyword
from nodes.reading.utterance import HIDDEN, Utterance

ADULT = 18
FEWEST_SPAM_SIGNS = 2
_ROLES = (
    "system:",
    "system]",
    "system>",
    "assistant:",
    "developer:",
    "|im_start|",
    "im_start",
    "inst]",
    "admin:",
    "root:",
    "prompt:",
)
_DIRECT = {
    "opt_out": Special.OPT_OUT,
    "opt_out.plain": Special.OPT_OUT,
    "ask_human": Special.ASK_HUMAN,
    "erasure": Special.ERASURE,
    "complaint": Special.COMPLAINT,
    "angry": Special.ANGRY,
    "distress": Special.DISTRESS,
    "machine": Special.MACHINE_INSTRUCTION,
    "claimed_approval": Special.MACHINE_INSTRUCTION,
    "wrong_number": Special.WRONG_NUMBER,
    "wrong_person": Special.WRONG_PERSON,
    "gatekeeper": Special.GATEKEEPER,
    "spam": Special.SPAM,
    "thanks": Special.THANKS,
    "small_talk": Special.SMALL_TALK,
    "presence": Special.PRESENCE,
}
_ROLE_WITHIN = re.compile(r"\b(?:SYSTEM|ASSISTANT|DEVELOPER|ADMIN|ROOT|PROMPT):")
_VOWEL = re.compile(r"[aeiouyáéíóúäöüàèâêîôû]")
_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
_KEY_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_ADDRESS_READ = frozenset({"slot_readback", "callback_readback"})
OFF_HOOK = frozenset({"authority", "authority_budget", "name_confirm"})  # their answers speak of bosses and colleagues


def read_specials(heard: Utterance, context: ReadingContext) -> tuple[frozenset[Special], str]:
    """What stands in the words, and their language."""
    found = {special for name, special in _DIRECT.items() if heard.has(name)}
    if heard.cards:
        found.add(Special.CARD_NUMBER)
    if is_keyword(heard, text_channel=context.text_channel):
        found.add(Special.OPT_OUT)
    if heard.has("minor") and _under_age(heard):
        found.add(Special.MINOR)
    listens = (0, len(heard.tokens)) in heard.spans("backchannel")
    if listens or (context.asked is None and keeps_listening(heard.words, context.asked_words)):
        found.add(Special.BACKCHANNEL)
    if any(start == 0 and end == len(heard.tokens) for start, end in heard.spans("greeting")):
        found.add(Special.SMALL_TALK)
    if context.asked in ("name", "name_confirm") and Special.WRONG_PERSON not in found and _other_name(heard, context):
        found.add(Special.WRONG_PERSON)
    if context.asked in OFF_HOOK and context.asked != "name_confirm":
        found -= {Special.GATEKEEPER, Special.WRONG_PERSON}
    if heard.has("authority.no") and context.asked not in ("name", "name_confirm"):
        found -= {Special.GATEKEEPER, Special.WRONG_PERSON}  # who does not decide is still the one who was called
    if context.asked in _ADDRESS_READ:
        found.discard(Special.WRONG_NUMBER)  # the number that was read back, not the line
    if heard.flat.lstrip(" \t\n[<#*\"'`{(").startswith(_ROLES) or _ROLE_WITHIN.search(heard.words):
        found.add(Special.MACHINE_INSTRUCTION)
    if len(heard.spans("spam.weak")) >= FEWEST_SPAM_SIGNS:
        found.add(Special.SPAM)
    if Special.SPAM in found and heard.has("need", "ask_human", "authority.yes", "meeting", "buy", "price"):
        found.discard(Special.SPAM)  # a buyer who sells such things, or is called with them
    language = other_language(heard)
    if language is not None:
        found.add(Special.OTHER_LANGUAGE)
    elif _unreadable(heard):
        found.add(Special.UNREADABLE)
    return frozenset(found), language or "en"


def _under_age(heard: Utterance) -> bool:
    for start, end in heard.spans("minor"):
        ages = [t.num for t in heard.tokens[start:end] if t.num is not None]
        if not ages or ages[0] < ADULT:
            return True
    return False


def _other_name(heard: Utterance, context: ReadingContext) -> bool:
    """ "No, this is Bob" where Dana was asked for."""
    on_file = (context.name_on_file or "").lower().split()
    if not on_file or not heard.has("no.start"):
        return False
    runs, name = spelled(heard.flat), " ".join(on_file)
    if any(run.word in on_file for run in runs) or put_right(name, runs) != name:
        return False  # the one on file, who puts the name right
    named = [
        t.text
        for k, t in enumerate(heard.tokens)
        if "@name" in t.keys and k > 1 and heard.tokens[k - 1].text in ("is", "am")
    ]
    return bool(named) and on_file[0] not in named


def _unreadable(heard: Utterance) -> bool:
    if HIDDEN in heard.flat:
        return False
    tokens = heard.tokens
    if not tokens:
        return True
    words = [t for t in tokens if t.kind == "word"]
    if len(words) < len(tokens):
        return all(t.kind == "digits" for t in tokens if t.kind != "word") and not words
    return all("@name" in t.keys and _noise(t.text) for t in words)


def _noise(word: str) -> bool:
    """Whether no mouth could say it: no vowel, a wall of consonants, or a walk along the keyboard."""
    if not word.isascii():
        return False
    if len(word) >= 3 and not _VOWEL.search(word):
        return True
    if _CONSONANTS.search(word) or (len(word) >= 12 and len(set(word)) <= 3):
        return True
    return len(word) >= 4 and any(
        word[k : k + 4] in row or word[k : k + 4] in row[::-1] for row in _KEY_ROWS for k in range(len(word) - 3)
    )
