"""Settles what rules and trained weights make of an answer; where a signature hangs on it, weights only doubt."""

from dataclasses import replace

from domain.reading import Answer, ReadingContext
from nodes.reading.answers import BINDING, READBACKS, AnswerRead, asks_to_mind
from nodes.reading.judgement import Judgement, commits, doubts_yes

# Odds of a yes: under the first a rule's yes is none, from the second on the weights' own yes is one.
TO_A_READBACK = (0.6, 0.9)  # by what people did after such words
TO_A_COMMITTING_LINE = (0.5, 0.9)
TO_ANY_LINE = (0.4, 0.6)
AGREES = 0.5  # what a read-back's yes must sound like beside that


def settled(found: AnswerRead, context: ReadingContext, seen: Judgement | None) -> AnswerRead:
    """The answer that both stand for."""
    if seen is None:
        return found
    if context.asked in BINDING:
        return replace(found, conditional=found.conditional or (found.answer is Answer.YES and doubts_yes(seen)))
    if (context.asked and not context.asked_words) or asks_to_mind(context):
        return found
    if context.asked in READBACKS:
        return _to_a_readback(found, seen)
    return _to_a_line(found, context, seen)


def _plain(found: AnswerRead) -> bool:
    return found.answer is Answer.YES and not found.conditional


def _to_a_readback(found: AnswerRead, seen: Judgement) -> AnswerRead:
    least, sure = TO_A_READBACK
    if _plain(found):
        return found if seen.consent >= least else replace(found, conditional=True)
    if found.answer is not Answer.NO and seen.consent >= sure and seen.answer["affirm"] >= AGREES:
        return replace(found, answer=Answer.YES, conditional=False)
    return found


def _to_a_line(found: AnswerRead, context: ReadingContext, seen: Judgement) -> AnswerRead:
    if context.asked and (_plain(found) or found.answer is Answer.NO):
        return found  # the rules know what was asked, and the weights have only heard it
    least, sure = TO_A_COMMITTING_LINE if commits(context.asked_words) else TO_ANY_LINE
    odds = seen.answer
    if _plain(found) and odds["affirm"] >= least:
        return found
    if max(odds, key=odds.__getitem__) == "affirm" and found.answer is not Answer.NO and odds["affirm"] >= sure:
        return replace(found, answer=Answer.YES, conditional=False)
    other = Answer.NEITHER if odds["neither"] >= odds["deny"] else Answer.NO
    return replace(found, answer=other)
