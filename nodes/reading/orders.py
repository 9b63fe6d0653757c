"""Reads what of the catalogue is meant, for how long, and which change of price is asked for."""

from collections.abc import Sequence
from decimal import Decimal

from domain.reading import ReadingContext, Request
from nodes.reading.amounts import Amounts
from nodes.reading.tokens import SOFT, Token, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

PRICE_QUESTIONS = frozenset({"percent_or_amount", "discount_figure", "price_readback", "commit", "counter_offer"})
_PLAN_WORDS = word_set(
    """
    plan plans seat seats license licenses licence package product edition tier version option subscription one
    monthly annual annually level
    """
)
_OWNERS = word_set("my our your their his her sales support whole entire small big a an")
_TAKE_OFF = word_set("off discount cheaper reduction less rebate lower down")
_ASKING = word_set(
    """
    want give make need then get seriously least do expect offer deserve deal how at for with gimme ask asking be
    say go
    """
)
_ANNUAL_ENDS = word_set(
    """
    plan contract term commitment billing subscription payment instead then ok right deal works is if please yes
    fine agreement
    """
)
_BINDS = frozenset({"contract", "commitment", "term", "plan", "agreement", "deal"})
_OF_PRICE = word_set("report reports fee cost budget meeting volume calls newsletter price spend pot")


def read_product(heard: Utterance, context: ReadingContext) -> str | None:
    named: str | None = None
    for i, token in enumerate(heard.tokens):
        product = _product_of(token.text, context.products)
        if product is not None and _means_product(heard.tokens, i, context):
            named = product
    return named


def _product_of(text: str, products: Sequence[str]) -> str | None:
    return next((p for p in products if text in (p.lower(), p.lower() + "s")), None)


def _means_product(tokens: Sequence[Token], i: int, context: ReadingContext) -> bool:
    behind, before = word(tokens, i + 1), tokens[i - 1] if i else None
    if behind in _PLAN_WORDS and tokens[i + 1].brk < SOFT:
        return before is None or before.text not in ("my", "our", "their") or behind in ("plan", "seats", "seat")
    if before is not None and before.num is not None and tokens[i].brk < SOFT:
        return True
    if before is None or tokens[i].brk >= SOFT:
        alone = i + 1 >= len(tokens) or tokens[i + 1].brk >= SOFT
        return alone and context.asked in ("scope", "scope_readback", "quantity", "need", "next_step_offer")
    if before.text in _OWNERS:
        return False
    ends = (
        i + 1 >= len(tokens)
        or tokens[i + 1].brk >= SOFT
        or behind in ("please", "then", "for", "instead", "with", "is", "works")
    )
    return (
        before.text in ("the", "to", "go", "with", "choose", "take", "want", "on", "for")
        and ends
        and (
            tokens[i].text != "team" or context.asked in ("scope", "scope_readback") or context.step.startswith("CLOSE")
        )
    )


def read_term(heard: Utterance, context: ReadingContext) -> str | None:
    term: str | None = None
    for i in range(len(heard.tokens)):
        term = _term_at(heard.tokens, i, context) or term
    return term


def _term_at(tokens: Sequence[Token], i: int, context: ReadingContext) -> str | None:
    text, before, behind = tokens[i].text, word(tokens, i - 1), word(tokens, i + 1)
    ends = i + 1 >= len(tokens) or tokens[i + 1].brk >= SOFT
    if text == "monthly":
        return None if behind in _OF_PRICE else "monthly"
    if text == "month":
        return "monthly" if behind in ("to", "by") and word(tokens, i + 2) == "month" else None
    if text in ("annual", "annually", "yearly"):
        return "annual" if ends or behind in _ANNUAL_ENDS else None
    if text not in ("year", "months"):
        return None
    asked = context.asked in ("scope", "scope_readback") and text == "year" and before in ("a", "one")
    count = tokens[i - 1].num if i else None
    bound = behind in _BINDS and (before in ("a", "one", "full") or count in (1, 12))
    return "annual" if asked or bound else None


def read_request(heard: Utterance, context: ReadingContext, found: Amounts) -> Request | None:
    """The change of price that is asked for; the last one counts, because people correct themselves."""
    if heard.has("machine"):
        return None
    return (
        _percent(heard, context, found)
        or _amount(heard, context, found)
        or _bare(heard, context, found)
        or _vague(heard, context)
    )


def _selling(context: ReadingContext) -> bool:
    return context.amount_on_table is not None or context.step.startswith("CLOSE") or context.asked in PRICE_QUESTIONS


def _percent(heard: Utterance, context: ReadingContext, found: Amounts) -> Request | None:
    tokens = heard.tokens
    for i, value in reversed(found.percents):
        behind = word(tokens, i + 2)
        if (
            behind == "of"
            or value > 100
            or value <= 0
            or word(tokens, i + 2) in ("more", "growth", "up", "increase", "sure")
        ):
            continue
        said = {t.text for t in tokens}
        if said & _TAKE_OFF or (
            _selling(context) and (said & _ASKING or len(tokens) <= 6 or context.asked in PRICE_QUESTIONS)
        ):
            return Request(_around(heard, i, i + 2), value, "percent")
    return None


def _around(heard: Utterance, start: int, end: int) -> str:
    """The request in its own clause, so that the quote explains itself."""
    while (
        end < len(heard.tokens)
        and heard.tokens[end].text in ("off", "discount", "less", "cheaper")
        and heard.tokens[end].brk == 0
    ):
        end += 1
    return heard.quote(start, end)


def _amount(heard: Utterance, context: ReadingContext, found: Amounts) -> Request | None:
    """ "Take 298.50 dollars off", "200 less", "make it 2,000 even"."""
    tokens = heard.tokens
    for place in range(len(found.money) - 1, -1, -1):
        money, i = found.money[place], found.money_at[place]
        end = next((k for k in range(i, len(tokens)) if k not in found.used), len(tokens))
        lead = _lead(tokens, i)
        taken = (
            "off" in lead[:3]
            or "discount" in lead
            or (lead[0] == "by" and {"down", "lower", "drop", "reduce"} & set(lead))
        )
        if (word(tokens, end) in ("off", "discount", "less", "cheaper", "reduction") or taken) and word(
            tokens, end + 1
        ) != "than":
            return Request(_around(heard, i, end), money.amount, "amount")
        target = _target(heard, context, money.amount, lead)
        if target is not None:
            return Request(heard.quote(i, end), target, "amount")
    return None


def _lead(tokens: Sequence[Token], i: int) -> list[str]:
    """Up to four words before a place, nearest first, none from beyond a comma."""
    lead: list[str] = []
    while i > 0 and len(lead) < 4 and tokens[i].brk < SOFT:
        i -= 1
        lead.append(tokens[i].text)
    return lead + [""] * (4 - len(lead))


def _target(heard: Utterance, context: ReadingContext, amount: Decimal, lead: list[str]) -> Decimal | None:
    """A lower price named instead of a discount: the difference is what is asked for."""
    table = context.amount_on_table
    if table is None or not table * Decimal("0.3") <= amount < table - 1:
        return None
    if context.asked == "discount_figure" and amount * 2 > table:
        return table - amount
    named = lead[0] in ("at", "for", "it", "do", "to", "about", "pay") and (
        heard.has("discount")
        or {"make", "do", "how", "can", "could", "deal", "if", "pay"} & {t.text for t in heard.tokens}
    )
    return table - amount if named else None


def _bare(heard: Utterance, context: ReadingContext, found: Amounts) -> Request | None:
    """A number with "off" and no unit is asked back; asked for the figure, the number alone will do."""
    tokens = heard.tokens
    for i in range(len(tokens) - 1, -1, -1):
        num = tokens[i].num
        if num is None or num <= 0 or (i in found.used and context.asked != "discount_figure"):
            continue
        lead = _lead(tokens, i)
        cut = word(tokens, i + 1) == "off" or ("off" in lead[:2] and "take" in lead) or (lead[:2] == ["of", "discount"])
        if cut and word(tokens, i + 2) not in ("the", "hours", "days"):
            return Request(_around(heard, i, i + 1), num, None)
        if cut or context.asked == "discount_figure":
            return Request(heard.quote(i, i + 1), num, None)
    return None


def _vague(heard: Utterance, context: ReadingContext) -> Request | None:
    if context.asked == "percent_or_amount":
        units = {
            "percent": "percent",
            "percentage": "percent",
            "dollars": "amount",
            "amount": "amount",
            "cash": "amount",
        }
        for i, token in enumerate(heard.tokens):
            if token.text in units:
                return Request(heard.quote(i, i + 1), None, units[token.text])
    if heard.has("discount"):
        start, end = heard.spans("discount")[0]
        return Request(heard.quote(*heard.clause(start, end)))
    return None
