"""What trained weights make of an utterance: help where rules find nothing, and a veto where they find too much."""

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

    from nodes.reading.learned_weights import Weights

LIKELY = 0.5
DOUBTFUL = 0.25
UNLIKELY = 0.1
PERSON = 0.4  # a request for a person that is missed costs more than one offer too many
REVOKES = 0.5
_COMMITS = re.compile(
    r"\b(confirm|confirming|confirmation|correct|verify|approve|clear|sure|ensure|whether i|is that|right|okay|"
    r"(?:would|do|did|are|is) (?:you|it)(?: \w+)? "
    r"(?:like|want|wish|need|ready|interested|willing|looking|okay|ok|care)|"
    r"you(?: would|'d)? (?:want|like|wish|need)|want (?:me )?to|shall|should|can i|may i|how about|need me|"
    r"booking|buying|reserving|sorry|unable|could(?:n't| not)|can(?:'t|not)|failed|apologi[sz]e|went wrong|try again|"
    r"something else|another)\b|\?\s*$|^(?:so|just|want|here's|booking|let me)\b",
    re.IGNORECASE,
)
_ASKS_OPENLY = re.compile(
    r"\b(anything|something|what|which|where|when|how(?! about)|who|else|further|more)\b[^.?!]*\??\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The odds of the classes that count in a turn."""

    answer: dict[str, float]
    consent: float
    special: dict[str, float]
    opt_out: float

    def means_otherwise(self, label: str) -> bool:
        """Whether another request is far likelier than the one that a list found."""
        best = max(self.special, key=self.special.__getitem__)
        return best not in (label, "none") and self.special[best] >= LIKELY and self.special[label] < UNLIKELY

    def special_asked(self) -> str | None:
        """The likeliest request; for a person less is enough."""
        if self.special["ask_human"] >= PERSON:
            return "ask_human"
        best = max(self.special, key=self.special.__getitem__)
        return best if best != "none" and self.special[best] >= LIKELY else None


def doubts_yes(seen: Judgement) -> bool:
    """Whether what sounds like a yes was no consent where people said such things."""
    return seen.consent < DOUBTFUL and seen.answer["affirm"] < DOUBTFUL


def commits(before: str) -> bool:
    """Whether the line before asks for a yes that something is done on."""
    last = before[-200:]
    return bool(_COMMITS.search(last)) and not _ASKS_OPENLY.search(last)


def judge(words: str, before: str) -> Judgement:
    from nodes.reading.grams import grams  # numpy is loaded with the first words, not with the module

    seen, (held, silence) = grams(words, before), _held()
    own = held.weigh(seen.words, seen.letters)
    scores = held.scores(own, held.weigh(seen.before))
    alone = held.scores(own, silence) if before else scores
    return Judgement(
        held.odds("answer", scores),
        held.odds("consent", scores)["consent"],
        held.odds("special", alone),
        held.odds("opt_out", alone)["opt_out"],
    )


@cache
def _held() -> "tuple[Weights, NDArray[float32]]":
    """The heads that count in a turn, and what they make of there being no line before."""
    from nodes.reading.grams import nothing_before
    from nodes.reading.learned_weights import together

    held = together(("answers_sgd", "answer"), ("free", "consent"), ("free", "special"), ("free", "opt_out"))
    return held, held.weigh(nothing_before())


def act_odds(words: str, before: str) -> dict[str, float]:
    """What the words do, as the odds of each dialogue act; this is measured, but decides nothing in a turn yet."""
    from nodes.reading.grams import grams
    from nodes.reading.learned_weights import weights

    held = weights("answers_sgd")
    return held.odds("act", held.scores(held.weigh(*grams(words, before))))


def likely_to_pay(words: str) -> float:
    """How much a prospect's words so far sound like those of people who paid in the end."""
    from nodes.reading.grams import grams
    from nodes.reading.learned_weights import weights

    free = weights("free")
    return free.odds("payment", free.scores(free.weigh(*grams(words, ""))))["paid"]
