"""Tells what each number is: an amount of money, a number of people or seats, or a share of the price."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from domain.reading import MoneyMention, ReadingContext
from nodes.reading.tokens import SOFT, Token, word
from nodes.reading.utterance import Utterance
from nodes.reading.word_sets import word_set

MOST_SEATS = 100_000
QUANTITY_QUESTIONS = frozenset({"quantity", "scope", "scope_readback"})
MONEY_QUESTIONS = frozenset({"budget", "authority_budget", "budget_conflict", "price_readback", "counter_offer"})
PEOPLE = word_set(
    """
    people person persons seat seats user users employee employees staff agents agent licenses license licences
    licence reps rep folks heads members technicians receptionists operators colleagues workers salespeople
    teammates receptionist guys
    """
)
_CURRENCIES = {"dollars": "USD", "euros": "EUR", "euro": "EUR", "pounds": "GBP", "pound": "GBP", "quid": "GBP"}
_PERIODS = {
    "month": "month mo monthly",
    "year": "year yr yearly annually annum",
    "seat": "seat user head person license each",
}
_PER = {word: period for period, words in _PERIODS.items() for word in words.split()}
_COUNTED = word_set(
    """
    calls call leads minutes minute hours hour days day weeks week months month years year locations location
    offices office sites lines line phones customers clients times patients jobs appointments questions options
    things miles stars am pm
    """
)
_BEFORE_ONE = word_set("just only maybe need for yes no it to about sorry then ok well")
_NOT_ALONE = _COUNTED | {"off", "percent", "of", "discount"}
_SPENDING = word_set(
    """
    budget have got spend pay afford allocated max maximum cap limit costs cost price is only around about roughly
    to
    """
)
_DIFFERENCE = frozenset({"more", "extra", "additional", "fewer", "less"})
_FAST_TENS = (Decimal(10), Decimal(99))


@dataclass(slots=True)
class Amounts:
    money: list[MoneyMention] = field(default_factory=list[MoneyMention])
    percents: list[tuple[int, Decimal]] = field(default_factory=list[tuple[int, Decimal]])  # token index and value
    quantity: int | None = None
    quantity_at: int = -1
    used: set[int] = field(default_factory=set[int])
    money_at: list[int] = field(default_factory=list[int])


def read_amounts(heard: Utterance, context: ReadingContext) -> Amounts:
    """The numbers whose unit is said."""
    tokens, found = heard.tokens, Amounts()
    for i, token in enumerate(tokens):
        if token.num is None or i in found.used:
            continue
        if word(tokens, i + 1) in ("percent", "percentage") or (
            word(tokens, i + 1) == "per" and word(tokens, i + 2) == "cent"
        ):
            found.percents.append((i, token.num))
            found.used |= {i, i + 1}
        elif not _money(heard, context, found, i):
            _people(tokens, found, i)
    if found.quantity_at >= 0 and (num := tokens[found.quantity_at].num) is not None:
        found.quantity = int(num)  # of the place marked last: later words correct earlier ones
    return found


def settle_bare(heard: Utterance, context: ReadingContext, found: Amounts, taken: frozenset[int]) -> None:
    """The numbers whose unit follows from the question that was asked."""
    tokens = heard.tokens
    for i, token in enumerate(tokens):
        if token.num is None or i in found.used or i in taken or word(tokens, i + 1) in _NOT_ALONE or _past(tokens, i):
            continue
        counts = _is_count(token) and found.quantity is None and _counts_seats(tokens, i, context)
        if token.text == "one" and i and word(tokens, i - 1) not in _BEFORE_ONE:
            continue  # "the cheapest one"
        if context.asked in MONEY_QUESTIONS and not counts and not (token.text == "one" and len(tokens) > 2):
            _add_money(heard, found, i, i + 1, _scaled(token.num, context))
        elif counts:
            found.quantity, found.quantity_at = int(token.num), i
            found.used.add(i)


def _past(tokens: Sequence[Token], i: int) -> bool:
    """ "The 5 was the old pot": told, not offered."""
    return word(tokens, i + 1) in ("was", "were") or word(tokens, i - 1) in ("not", "than", "of")


def _scaled(number: Decimal, context: ReadingContext) -> Decimal:
    """Asked which of two budgets holds, a buyer says "3" for three thousand."""
    if context.asked == "budget_conflict" and number < 100 and number == int(number):
        return number * 1000
    return number


def _is_count(token: Token) -> bool:
    return token.num is not None and token.num == int(token.num) and 1 <= token.num <= MOST_SEATS


def _counts_seats(tokens: Sequence[Token], i: int, context: ReadingContext) -> bool:
    before = (word(tokens, i - 2), word(tokens, i - 1))
    if context.asked in QUANTITY_QUESTIONS:
        return not (tokens[i].text == "one" and word(tokens, i + 1) not in ("", "please", "for") and len(tokens) > 2)
    changes = before in (("make", "it"), ("make", "that"), ("it", "to"), ("that", "to"), ("up", "to"), ("down", "to"))
    if changes or before[1] == "need":
        closing = context.step.startswith("CLOSE") or context.asked in ("commit", "price_readback", "next_step_offer")
        return closing and not _near_the_price(tokens[i].num or Decimal(0), context)
    return False


def _near_the_price(number: Decimal, context: ReadingContext) -> bool:
    """ "Make it 2,000" over 2,388 means the price; "make it 14" means seats."""
    return context.amount_on_table is not None and number * 2 >= context.amount_on_table


def _per(tokens: Sequence[Token], i: int) -> tuple[str | None, int]:
    """ "a month", "per seat", "/month" behind an amount."""
    at = i + (word(tokens, i) in ("a", "per", "every", "an", "each"))
    per = _PER.get(word(tokens, at))
    if per is None or (at == i and word(tokens, at) not in ("monthly", "yearly", "annually", "each", "month")):
        return None, i
    return per, at + 1


def _money(heard: Utterance, context: ReadingContext, found: Amounts, i: int) -> bool:
    tokens = heard.tokens
    number, end = _paired(tokens, i, context)
    before, behind = tokens[i - 1] if i else None, word(tokens, end)
    marked = (
        before is not None and before.kind == "mark" and before.text in _CURRENCIES and before.end == tokens[i].start
    )
    currency = _CURRENCIES.get(behind) or (_CURRENCIES[before.text] if marked and before is not None else None)
    end += behind in _CURRENCIES
    if (
        currency
        and word(tokens, end) == "and"
        and word(tokens, end + 2) == "cents"
        and (cents := tokens[end + 1].num) is not None
    ):
        number, end = number + cents / 100, end + 3
    per, end = _per(tokens, end)
    if currency is None and not _plainly_money(tokens, i, end, number, per, context):
        return False
    if currency is None and per in ("month", "year") and number < 20 and context.asked not in MONEY_QUESTIONS:
        return False  # "12 months", "two a month"
    _add_money(heard, found, i - marked, end, number, currency, per)
    return True


def _plainly_money(
    tokens: Sequence[Token], i: int, end: int, number: Decimal, per: str | None, context: ReadingContext
) -> bool:
    following = word(tokens, end)
    if following in PEOPLE or following in _COUNTED or following in ("of", "percent") or following in context.products:
        return False
    if per is not None:
        return True
    table = context.amount_on_table
    if table is not None and number >= 20 and number in (table, table.quantize(Decimal(1)), Decimal(int(table))):
        return True
    spending = any(word(tokens, i - k) in _SPENDING for k in (1, 2, 3))
    year = 2020 <= number <= 2040 and number == int(number) and "," not in tokens[i].text
    if year:
        return False
    return number >= 1000 and (
        spending or context.asked in MONEY_QUESTIONS or number % 100 == 0 or "," in tokens[i].text
    )


def _paired(tokens: Sequence[Token], i: int, context: ReadingContext) -> tuple[Decimal, int]:
    """An amount spoken in pairs: "twenty three eighty eight"."""
    first = tokens[i].num or Decimal(0)
    if i + 1 >= len(tokens) or tokens[i + 1].brk >= SOFT or tokens[i].end - tokens[i].start < 3:
        return first, i + 1
    second = tokens[i + 1].num
    low, high = _FAST_TENS
    if (
        second is None
        or not (low <= second <= high and low <= first <= high)
        or first != int(first)
        or second != int(second)
    ):
        return first, i + 1
    both = first * 100 + second
    cents = first + second / 100
    table = context.amount_on_table
    if table is not None and cents in (table, table.quantize(Decimal("0.01"))):
        return cents, i + 2
    spoken = not tokens[i].text.isdigit() or tokens[i].end - tokens[i].start > 2
    return (both, i + 2) if spoken else (first, i + 1)


def _add_money(
    heard: Utterance,
    found: Amounts,
    start: int,
    end: int,
    number: Decimal,
    currency: str | None = None,
    per: str | None = None,
) -> None:
    found.money.append(MoneyMention(number, heard.quote(start, end), currency, per))
    found.money_at.append(start)
    found.used |= set(range(start, end))


def _people(tokens: Sequence[Token], found: Amounts, i: int) -> None:
    """ "12 people", "12 team seats", "a team of 12", "we are eight", "eight of us"."""
    token = tokens[i]
    if not _is_count(token):
        return
    behind = [word(tokens, i + k) if i + k < len(tokens) and tokens[i + k].brk < SOFT else "" for k in (1, 2, 3)]
    noun = next((k for k, text in enumerate(behind) if text in PEOPLE), None)
    if noun is not None and not any(
        text in _COUNTED or text in ("and", "or", "to", "the", "for", "is") for text in behind[:noun]
    ):
        if not any(text in _DIFFERENCE for text in behind[:noun]) and word(tokens, i - 1) not in (
            "add",
            "plus",
            "another",
            "remove",
        ):
            _set_quantity(found, i, i + 2 + noun)
        else:
            found.used.add(i)
    elif behind[0] == "of" and behind[1] in ("us", "them"):
        _set_quantity(found, i, i + 3)
    elif (
        word(tokens, i - 1) == "of"
        and word(tokens, i - 2) in ("team", "staff", "crew", "group", "office", "company", "party")
    ) or (
        (word(tokens, i - 2), word(tokens, i - 1)) in (("we", "are"), ("there", "are"))
        and behind[0] in ("", "on", "and", "at", "in", "now")
    ):
        _set_quantity(found, i, i + 1)
    elif behind[0] in ("years", "year", "yrs"):
        found.used.add(i)


def _set_quantity(found: Amounts, i: int, end: int) -> None:
    found.quantity_at, found.used = i, found.used | set(range(i, end))
