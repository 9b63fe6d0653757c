"""Tells a language that is not English by its script and its small words."""

import unicodedata

from nodes.reading.utterance import Utterance

_SMALL_WORDS = {
    "es": "que de la el los las un una por para con no si sí es está esta estoy quiero puede puedo como cómo cuanto cuánto gracias hola "
          "buenos buenas días tardes yo usted ustedes me mi su nos pero muy también llamar hablar precio necesito tengo tiene hacer qué "
          "del al lo le se cuando donde dónde porque ahora mañana hoy somos estamos perdemos llamadas llamada favor señor señora más",
    "fr": "je vous nous le la les un une des du et est pas ne que qui pour avec dans sur ce cette mon votre oui non merci bonjour combien "
          "comment être avoir suis avez peux pouvez voudrais parler appel appels prix plus très bien au aux mais quoi demain c'est d'accord",
    "de": "ich sie wir der die das ein eine und ist nicht mit für auf von zu im dem den was wie wann warum ja nein danke bitte guten tag "
          "haben habe kann können möchte will wollen sprechen anruf anrufe preis kosten kostet mehr sehr auch aber morgen heute noch mir "
          "mich uns ihr es bin sind",
    "pt": "eu você nós o a os as um uma de do da que não sim com para por em no na é está estou quero pode posso como quanto obrigado "
          "obrigada olá bom dia falar preço preciso tenho tem fazer mas muito também ligar chamadas",
    "it": "io lei noi il lo la gli le un una di che non sì con per in è sono vorrei può posso come quanto grazie ciao buongiorno parlare "
          "prezzo ho ha fare ma molto anche chiamare chiamate del della",
    "nl": "ik u wij de het een en is niet met voor op van te in dat wat hoe wanneer ja nee dank bedankt graag goedendag hebben heb kan "
          "kunnen wil spreken prijs kost meer ook maar morgen vandaag",
    "pl": "nie tak jest się na do że co jak ile proszę dziękuję dzień dobry chcę mogę mam pan pani rozmawiać cena",
}  # fmt: skip
_SETS = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
_ENGLISH = frozenset(["the", "a", "an", "i", "you", "he", "she", "it", "we", "they", "is", "are", "am", "was", "were", "do", "does", "did", "have", "has", "to", "of", "in", "on", "at", "for", "and", "or", "but", "not", "this", "that", "with", "my", "your", "our", "me", "us", "what", "how", "who", "when", "can", "could", "would", "will", "yes", "no", "please", "just", "it", "be", "so", "if", "there"])  # fmt: skip
_SHARED = frozenset(
    [
        "a",
        "no",
        "me",
        "in",
        "is",
        "was",
        "so",
        "on",
        "do",
        "of",
        "at",
        "he",
        "i",
        "as",
        "am",
        "an",
        "will",
        "tag",
        "be",
        "for",
        "die",
        "in",
        "een",
        "in",
        "we",
        "us",
        "in",
        "son",
        "come",
        "plus",
    ]
)
_SCRIPTS = (("CJK", "zh"), ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("CYRILLIC", "ru"), ("ARABIC", "ar"),
            ("HEBREW", "he"), ("GREEK", "el"), ("DEVANAGARI", "hi"), ("THAI", "th"), ("BENGALI", "bn"), ("TAMIL", "ta"))  # fmt: skip
SAMPLE = 400  # characters that are enough to tell a script


def other_language(heard: Utterance) -> str | None:
    """The language, where it is not English; None where it is, or where too little is said to tell."""
    if not heard.words.isascii():
        script = _script(heard.words[:SAMPLE])
        if script is not None:
            return script
    words = [t for t in heard.said if t.isalpha()][:200]
    if len(words) < 2:
        return None
    english = sum(w in _ENGLISH for w in words)
    scores = {language: sum(w in small and w not in _SHARED for w in words) for language, small in _SETS.items()}
    language, score = max(scores.items(), key=lambda item: item[1])
    strange = sum(1 for t in heard.tokens if "@name" in t.keys)
    if score >= 2 and score > english and strange:
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
        name = unicodedata.name(character, "")
        for script, language in _SCRIPTS:
            if name.startswith(script):
                counts[language] = counts.get(language, 0) + 1
                break
    if not counts:
        return None
    if counts.get("ja"):
        return "ja"
    language, count = max(counts.items(), key=lambda item: item[1])
    return language if count * 2 >= letters else None
