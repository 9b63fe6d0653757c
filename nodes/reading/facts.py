"""Reads what the buyer tells about the matter: need, timeline, budget, authority, preferences and place."""

from domain.reading import FactSeen, MoneyMention, ReadingContext, Special, TimeKind
from nodes.reading.amounts import Amounts
from nodes.reading.dates import COARSE
from nodes.reading.letters import only_letters, spelled
from nodes.reading.phrases import Span
from nodes.reading.places import read_region
from nodes.reading.tables import table
from nodes.reading.times import Times, horizon
from nodes.reading.tokens import word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

_NO_BUDGET = word_set(
    "lose losing lost cost costs costing costed worth make making earn earning bill charge invoice owe"
)
MOST_DAYS = 20  # days looked at for a timeline; nobody names more
BUDGET_QUESTIONS = frozenset({"budget", "authority_budget", "budget_conflict"})
_CHANNELS = (
    dict.fromkeys(("text", "texts", "texting", "sms", "message", "messages", "whatsapp"), "sms")
    | dict.fromkeys(("email", "emails", "mail"), "email")
    | dict.fromkeys(("phone", "call", "calls", "voice", "telephone"), "voice")
    | {"chat": "chat"}
)
_EMPTY_NEEDS = word_set(
    """
    yes no yeah ok sure hm well so just looking not i we do what why maybe nothing none it that this is a the um
    right good fine great thanks hello hi again and then please know dont really anything sounds
    """
)


def read_matter(
    heard: Utterance, context: ReadingContext, found: Amounts, times: Times, specials: frozenset[Special], asks: bool
) -> list[FactSeen]:
    facts = _need(heard, context, specials, asks)
    facts += _timeline(heard, context, times)
    facts += _budget(heard, context, found)
    facts += _authority(heard, context)
    facts += _preferences(heard, times)
    facts += read_region(heard, context)
    return facts


def _hedged(heard: Utterance, at: int) -> bool:
    return heard.sentence[at] in heard.sentences_with("hedge")


def _need(heard: Utterance, context: ReadingContext, specials: frozenset[Special], asks: bool) -> list[FactSeen]:
    spans = heard.spans("need")
    if spans:
        start, end = heard.clause(min(s for s, _ in spans), max(e for _, e in spans))
        quote = heard.quote(start, end)
        return [FactSeen("need", quote, quote, hedged=_hedged(heard, start))]
    if (
        context.asked != "need"
        or asks
        or only_letters(heard.flat, spelled(heard.flat))
        or specials - {Special.THANKS, Special.SMALL_TALK}
        or heard.has("just_looking", "think", "final_no", "not_need", "objection.timing", "reschedule", "call_back")
    ):
        return []
    content = [t for t in heard.tokens if t.kind == "word" and t.text not in _EMPTY_NEEDS]
    if (
        len(content) < 2
        or len(heard.tokens) < 3
        or heard.has("unsure", "repeat", "hold_on", "buy", "meeting", "transfer", "goodbye", "no.start")
    ):
        return []
    quote = heard.quote(0, len(heard.tokens))
    return [FactSeen("need", quote, quote, hedged=True)]


def _timeline(heard: Utterance, context: ReadingContext, times: Times) -> list[FactSeen]:
    """When they want to start. The days count to the first day of what was named; 0 is now."""
    starts = heard.spans("timeline.start")
    for day in times.days[:MOST_DAYS]:
        near = [s for s in starts if heard.sentence[s[0]] == heard.sentence[day.start]]
        if not (near or context.asked == "timeline") or context.today is None:
            continue
        if day.grain not in COARSE and context.asked != "timeline" and not _starting(heard, near, day.start):
            continue
        start = min([day.start, *(s[0] for s in near if s[0] < day.start)])
        if word(heard.tokens, start - 1) in ("we", "i") and start > 0:
            start -= 1
        quote = heard.quote(start, day.end)
        value = heard.quote(day.start, day.end)
        hedged = _hedged(heard, day.start)
        return [
            FactSeen("timeline", value, quote, hedged=hedged),
            FactSeen("timeline_days", horizon([day], context.today) or 0, quote),
        ]
    soon = heard.spans("timeline.now")
    if soon and (context.asked == "timeline" or (starts and not heard.has("call_back", "transfer", "ask_human"))):
        quote = heard.quote(*max(soon, key=lambda span: span[1] - span[0]))
        return [FactSeen("timeline", quote, quote), FactSeen("timeline_days", 0, quote)]
    return []


_START_WORDS = word_set(
    """
    start starting begin launch live open need implement deploy running deadline installed roll rolling kick
    """
)


def _starting(heard: Utterance, near: list[Span], day_at: int) -> bool:
    return any({t.text for t in heard.tokens[s:e]} & _START_WORDS and s < day_at for s, e in near) and not heard.has(
        "meeting", "reschedule", "call_back", "cancel_meeting"
    )


def _budget(heard: Utterance, context: ReadingContext, found: Amounts) -> list[FactSeen]:
    named = _budgeted(heard, context, found)
    if named is not None:
        at, money = named
        return [FactSeen("budget", format(money.amount.normalize(), "f"), money.quote, hedged=_hedged(heard, at))]
    group = "budget.ok" if heard.has("budget.ok") or context.asked not in BUDGET_QUESTIONS else "budget.asked"
    if heard.has(group) and not heard.has("budget.none"):
        start, end = heard.spans(group)[0]
        return [FactSeen("budget", "approved", heard.quote(start, end), hedged=_hedged(heard, start))]
    return []


def _budgeted(heard: Utterance, context: ReadingContext, found: Amounts) -> tuple[int, MoneyMention] | None:
    """The amount that is the budget: said so, or asked for. What "was" is past."""
    spoken_of = heard.sentences_with("budget.word")
    for at, money in zip(found.money_at, found.money, strict=True):
        lead = {word(heard.tokens, at - k) for k in (1, 2, 3, 4)}
        if money.per == "seat" or word(heard.tokens, at + 1) in ("was", "were") or lead & _NO_BUDGET:
            continue
        spoken = heard.sentence[at] in spoken_of
        selling = context.amount_on_table is not None or context.step.startswith("CLOSE")
        if context.asked in BUDGET_QUESTIONS or (spoken and not selling):
            return at, money
    return None


def _authority(heard: Utterance, context: ReadingContext) -> list[FactSeen]:
    names = [("authority.no", False), ("authority.yes", True)]
    if context.asked in ("authority", "authority_budget"):
        names.append(("authority.me", True))
    for name, value in names:
        spans = heard.spans(name)
        if spans:
            start, end = max(spans, key=lambda s: s[1] - s[0])
            return [FactSeen("authority", value, heard.quote(start, end), hedged=_hedged(heard, start))]
    return []


def _preferences(heard: Utterance, times: Times) -> list[FactSeen]:
    facts: list[FactSeen] = []
    for start, end in heard.spans("preference.channel"):
        channel = next((c for t in heard.tokens[start:end] if (c := _CHANNELS.get(t.text))), None)
        if channel is not None:
            facts.append(FactSeen("preference", channel, heard.quote(start, end), "preference.channel"))
            break
    framed = [
        m for m in times.mentions if m.kind in (TimeKind.NOT_BEFORE, TimeKind.NOT_AFTER, TimeKind.DAY, TimeKind.RANGE)
    ]
    if heard.has("preference.time") and framed and not heard.has("meeting"):
        facts.append(FactSeen("preference", framed[0].quote, framed[0].quote, "preference.call_time"))
    languages = table("language_names")
    for start, end in heard.spans("preference.language"):
        language = next((c for t in heard.tokens[start:end] if (c := languages.get(t.text))), None)
        if language is not None:
            facts.append(FactSeen("preference", language, heard.quote(start, end), "preference.language"))
            break
    return facts
