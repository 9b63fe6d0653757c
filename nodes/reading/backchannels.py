"""Tells the sounds of a listener, over which the agent goes on talking, from words that want the floor."""

import re

from nodes.reading.word_sets import word_set

MOST_WORDS = 6
MOST_ECHOED = 3
_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")
_SOUNDS = word_set(
    """
    uh-huh uh huh uhhuh um-hum um hum umhum mm-hm mm-hmm mm hm hmm mhm mmhm mm-huh m-hm oh ah aha ooh wow gee gosh
    huh yeah yea yep yup yes right okay ok sure really wonderful great good nice neat interesting exactly true
    absolutely definitely certainly cool terrible awful amazing goodness boy man god my jeez lord whoa alright all-right
    fine gotcha see well sounds course indeed understood understand funny sad scary incredible super fantastic
    """
)
_FRAMES = (
    "i see|i understand|i know|i bet|i guess|i imagine|i can imagine|i hear you|i hear that|i'll bet|i got you|"
    "got it|got you|of course|no kidding|no way|no doubt|is that right|is that so|is it|are you serious|do you|did you|"
    "does it|does he|does she|have you|was it|it is|that is|that's right|that's true|that's great|that's good|"
    "that's nice|that's neat|that's interesting|that's too bad|that's funny|that's wonderful|that's terrible|"
    "that's for sure|that's amazing|that's cool|that's awful|that's exactly right|"
    "that's a good idea|that's a shame|that makes sense|"
    "makes sense|my goodness|my gosh|my god|how nice|how interesting|how neat|how about that|how funny|good for you|"
    "sounds good|sounds great|sounds nice|sounds interesting|sounds like it|all right|you bet|you're right|"
    "what do you know|for sure|for heaven's sake|too bad|a lot|it does|it was|it sure is|i agree|fair enough|"
    "they are|they do|you know|isn't it|it's true|very good|very nice|very interesting|pretty good|so true"
)
_FRAME = re.compile(rf"\b(?:{_FRAMES})\b")


_LINKS = word_set("oh uh um so and but well then that's it's a the of just er noise")
_MIRROR = re.compile(
    r"^(?:oh |well |so |really |yeah )*(?:"
    r"(?:are|do|did|is|was|were|have|has|does|would|could|can|will|isn't|aren't|don't|didn't|wasn't|doesn't|haven't|"
    r"hasn't|wouldn't) (?:you|they|he|she|it|we|that)|"
    r"(?:you|they|he|she|it|we|that) (?:are|do|did|is|was|were|have|has|does|would|could|can|will|aren't|don't|didn't|"
    r"wasn't|doesn't|haven't|hasn't|wouldn't|isn't|weren't|can't)|"
    r"(?:isn't|wasn't|ain't) that (?:something|funny|interesting|great|nice|terrible|awful|amazing|true|right)|"
    r"(?:you|they) think so|think so|i (?:can|could) (?:see|believe|understand|imagine) (?:that|it)?|"
    r"you (?:know|bet) it)$"
)
_NEGATIVE = re.compile(r"\b(?:not|never|no|none|nothing|nobody)\b|n't\b")
_DENIES = word_set("no nope nah never not neither nor nothing none")
_OF_THEIR_OWN = word_set("i we my our me us you your he she they what how why when where who which")


def keeps_listening(words: str, before: str = "") -> bool:
    """Whether the buyer only signals to be listening: sounds, set phrases, an echo of the line, and no more."""
    said = _WORD.findall(words.lower().replace("\u2019", "'"))
    if not said or len(said) > MOST_WORDS or any(character.isdigit() for character in words):
        return False
    flat = " ".join(said)
    if _MIRROR.match(flat):
        return True
    rest = [word for word in _WORD.findall(_FRAME.sub(" ", flat)) if word not in _LINKS]
    own = [word for word in rest if word not in _SOUNDS]
    if not own:
        return bool(rest) or bool(_FRAME.search(flat)) or "oh" in said
    line = before.lower()
    if set(own) <= {"no"}:
        return bool(_NEGATIVE.search(line)) and "?" not in line
    if set(own) & (_DENIES | _OF_THEIR_OWN) or "?" in before:
        return False
    return len(own) <= MOST_ECHOED and set(own) <= set(_WORD.findall(line))
