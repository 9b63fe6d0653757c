"""Reads who speaks: names, companies, telephone numbers and e-mail addresses, as the buyer gives them."""

from collections.abc import Sequence

from domain.reading import FactSeen, ReadingContext
from nodes.reading.addresses import read_addresses
from nodes.reading.letters import only_letters, put_right, spelled
from nodes.reading.phrases import Span
from nodes.reading.tokens import SOFT, Token, word
from nodes.reading.utterance import LONGEST_QUOTE, Utterance
from nodes.reading.word_sets import word_set

LONGEST_ANSWER = 8  # words; a longer answer to the question for a name holds more than a name
_BEFORE_NAME = word_set("yes hi hello sure ok yeah hey of course it is")
_GOES_ON = word_set("to for of that the a an is are how than as when if")
_TITLES = word_set("mr mrs ms miss dr doctor sir madam")
_NO_NAME = word_set(
    """
    yes no yeah yep ok sure hi hello hey fine great good here there speaking calling interested looking ready busy
    done sorry just not the a an my our your his her their this that it what who how why when where which we i you
    he she they is are am was were be been and or but so if then now right correct perfect well also still very
    really too trying going happy afraid driving at in on from with for of to about only already back out off up
    down over new old all some any one two three four five six seven eight nine ten owner manager director president
    ceo boss operator receptionist assistant me him them us open closed home work office morning afternoon evening
    monday tuesday wednesday thursday friday saturday sunday today tomorrow thanks thank please wait hold yet
    important urgent automated recorded message call listen look see think guess sign sending need want have like
    love
    """
)
_AFTER_COMPANY = word_set("and we i calling about here in on because but so the speaking is with at")


def read_identity(heard: Utterance, context: ReadingContext) -> list[FactSeen]:
    facts: list[FactSeen] = []
    name = _name(heard, context)
    if (given := _given_name(heard, context, name)) is not None:
        facts.append(given)
    company = _company(heard, context, name)
    if company is not None:
        facts.append(FactSeen("contact", _proper(heard, *company), heard.quote(*company), "contact.company"))
    facts += read_addresses(heard)
    return facts


def _given_name(heard: Utterance, context: ReadingContext, name: Span | None) -> FactSeen | None:
    """The name that was said, as its letters put it right; letters alone where a name was asked for or is put right."""
    runs, on_file = spelled(heard.flat), context.name_on_file or ""
    said = _proper(heard, *name) if name else ""
    whole = put_right(on_file, runs)
    alone = only_letters(heard.flat, runs) and (whole != on_file or context.asked in ("name", "name_confirm"))
    if whole != on_file and (name or alone):
        right = whole
    elif name:
        right = put_right(said, runs)
    elif alone:
        right = runs[0].word.title()
    else:
        return None
    quote = heard.quote(*name) if name and right == said else heard.words.strip()[:LONGEST_QUOTE]
    return FactSeen("contact", right, quote, "contact.name")


def _proper(heard: Utterance, start: int, end: int) -> str:
    """A name as people write it; what came without any capital gets them."""
    text = " ".join(dict.fromkeys(heard.raw(k) for k in range(start, end)))[:60]
    return text if any(c.isupper() for c in text) else text.title()


def _name(heard: Utterance, context: ReadingContext) -> Span | None:
    if heard.has("spam"):
        return None
    for group in ("introduction.sure", "introduction"):
        for _, end in heard.spans(group):
            sure = group == "introduction.sure" or context.asked in ("name", "name_confirm")
            span = _name_at(heard, end, sure=sure)
            if span is not None and (group == "introduction.sure" or not _described(heard.tokens, span)):
                return span
    return _answered_name(heard) if context.asked == "name" else _trailing(heard)


def _answered_name(heard: Utterance) -> Span | None:
    """A name that stands alone, because it was asked for."""
    tokens, start = heard.tokens, 0
    while start < len(tokens) and tokens[start].text in _BEFORE_NAME:
        start += 1
    return _name_at(heard, start, sure=True) if len(tokens) - start <= LONGEST_ANSWER else None


def _trailing(heard: Utterance) -> Span | None:
    """ "Dana here", "Sam Lee speaking"."""
    tokens = heard.tokens
    for i in range(1, min(len(tokens), 5)):
        if tokens[i].text in ("here", "speaking") and (
            i + 1 == len(tokens) or tokens[i + 1].brk or tokens[i + 1].text in ("from", "at", "with")
        ):
            start = i - 1
            while start > 0 and _is_name(heard, start - 1) and tokens[start].brk < SOFT:
                start -= 1
            if all(_is_name(heard, k) for k in range(start, i)) and word(tokens, start - 1) not in (
                "no",
                "not",
                "is",
                "any",
            ):
                return start, i
    return None


def _described(tokens: Sequence[Token], span: Span) -> bool:
    """ "I am Dutch", "it is Friday": words behind that say more than a name would."""
    return span[1] < len(tokens) and tokens[span[1]].brk < SOFT and tokens[span[1]].text in _GOES_ON


def _name_at(heard: Utterance, start: int, sure: bool) -> Span | None:
    tokens = heard.tokens
    while word(tokens, start) in _TITLES:
        start += 1
    end = start
    while (
        end < len(tokens)
        and end - start < 3
        and (end == start or tokens[end].brk < SOFT)
        and _is_name(heard, end, sure)
    ):
        end += 1
    return (start, end) if end > start else None


def _is_name(heard: Utterance, i: int, sure: bool = False) -> bool:
    token = heard.tokens[i]
    if token.kind != "word" or token.text in _NO_NAME or len(token.text) < 2 or len(token.text) > 25:
        return False
    if "@name" in token.keys:
        return True
    raw = heard.raw(i)
    capital = raw[:1].isupper() and not raw.isupper()
    if i > 0:
        return capital
    return (
        sure
        and capital
        and len(heard.tokens) <= 3
        and all(heard.raw(k)[:1].isupper() for k in range(len(heard.tokens)))
    )


def _company(heard: Utterance, context: ReadingContext, name: Span | None) -> Span | None:
    tokens = heard.tokens
    starts: list[int] = []
    if name is not None and word(tokens, name[1]) in ("from", "with", "at", "of"):
        starts.append(name[1] + 1)
    for i in range(len(tokens)):
        pair = (word(tokens, i), word(tokens, i + 1), word(tokens, i + 2))
        if pair[0] in ("company", "business", "firm", "shop", "practice") and pair[1] in ("is", "called"):
            starts.append(i + 2 + (pair[2] == "called"))
        elif pair in (("i", "work", "at"), ("i", "work", "for"), ("calling", "from", pair[2])):
            starts.append(i + 2 + (pair[0] == "i"))
    for start in starts:
        end = start
        start += word(tokens, start) == "the"
        end = start
        while (
            end < len(tokens)
            and end - start < 4
            and (end == start or tokens[end].brk < SOFT)
            and _company_word(heard, end)
        ):
            end += 1
        if end > start:
            return start, end
    return None


def _company_word(heard: Utterance, i: int) -> bool:
    token = heard.tokens[i]
    if token.kind != "word" or token.text in _AFTER_COMPANY:
        return False
    return heard.raw(i)[:1].isupper() or "@name" in token.keys
