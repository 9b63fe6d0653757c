"""Reads what two parties who bargain have settled on: the price that stands, and the words that lean on it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from nodes.reading.amounts import PEOPLE
from nodes.reading.line import Line, laid_out
from nodes.reading.tokens import HARD
from nodes.reading.utterance import Utterance, listen
from nodes.reading.word_sets import word_set

LOWEST, HIGHEST = Decimal("0.3"), Decimal("1.3")  # of the listed price: what can be an offer for it
CLOSING, CLOSING_CHARACTERS = 4, 160  # the last messages that tell how it ends, and how much of each
LIKELY = 0.5
_UNITS = word_set(
    """
    gb tb mb lb lbs pounds_weight mile miles year years month months week weeks day days hour hours minute minutes am pm
    oclock percent bedroom bedrooms bed beds bath baths feet ft foot inch inches people person kids star stars speed
    times degrees watt watts mg cc mph mpg th st nd rd block blocks square sqft sq k_miles generation door piece pieces
    """
)
_REFUSED = frozenset({"not", "never", "no"})
_FLOOR = word_set("lower below less under than beneath")  # "not lower than 1,800" offers 1,800
_ELSEWHERE = word_set("paid bought retails retail retailed worth originally valued otherwise else another")
_MIDDLE = (
    "split the difference",
    *(f"meet{who} {where}" for who in ("", " me", " you") for where in ("in the middle", "halfway", "half way")),
)
_BEFORE_YEAR = word_set("in since from of the a an year model around circa")
_WALKS_AWAY = re.compile(
    r"\b(?:no deal|bye|never mind|forget it|not interested|(?:keep|keep on) looking|look elsewhere|i(?:'ll| will) pass|"
    r"(?:have|going|gonna) to pass|(?:won't|will not|not going to|not gonna) work|out of my (?:budget|range)|"
    r"too (?:high|low|much|expensive) for me|above (?:my|our) budget|(?:can't|cannot|can not) afford|"
    r"(?:can't|cannot|can not|couldn't|could not|won't|will not) (?:be able to )?"
    r"(?:do|make|reach|accept|take|go for|agree to) (?:it|that|this|a deal))\b",
    re.IGNORECASE,
)
_OFF_LIST = tuple(f"off {whose} {price}" for whose in ("the", "my", "your", "that") for price in (
    "list price", "listed price", "listing price", "asking price", "original price"
))  # fmt: skip
_DONE = word_set("did took already taking")
_AGREEING = word_set("agree accept take do settle pay offer")
_FILLING = word_set("to for at on about just you me the it my dollars")
_FULL = ("asking price", "full price", "listed price", "list price", "listing price", "your price")


@dataclass(frozen=True, slots=True)
class Offer:
    """A price that one party named, and the message in which it stands."""

    price: Decimal
    role: str
    turn: int


def offers_in(messages: Sequence[tuple[str, str]], listed: Decimal) -> list[Offer]:
    """Every price named for the thing itself, in order."""
    found: list[Offer] = []
    for turn, (role, text) in enumerate(messages):
        heard = listen(text)
        found += [Offer(price, role, turn) for price in _prices(heard, listed, found)]
    return found


def standing_price(messages: Sequence[tuple[str, str]], listed: Decimal) -> Decimal:
    """The price that stands at the end: the last one named, or the listed one where none was."""
    offers = offers_in(messages, listed)
    return offers[-1].price if offers else listed


def _prices(heard: Utterance, listed: Decimal, before: Sequence[Offer]) -> list[Decimal]:
    line = laid_out(heard.tokens)
    spots = [i for i in range(len(line)) if _is_offer(line, i, listed)]
    named = [(i, _value(line, i, listed)) for i in spots]
    willing = [value for i, value in named if not _set_aside(line, i)]
    if willing:
        marked = [v for i, v in named if not _set_aside(line, i) and (_marked(line, i) or _agreed_to(line, i))]
        return marked or willing
    text = heard.text()
    if any(phrase in text for phrase in _MIDDLE) and (both := _last_of_both(before)) is not None:
        return [sum(both, Decimal(0)) / 2]
    from_list = not before or any(phrase in text for phrase in _OFF_LIST)
    reduced = _reduced(line, listed if from_list else before[-1].price)
    if reduced is not None:
        return [reduced]
    return [listed] if any(phrase in text for phrase in _FULL) and not before else []


def _reduced(line: Line, price: Decimal) -> Decimal | None:
    """ "I can take five dollars off": what is left of the price."""
    for i, token in enumerate(line.tokens):
        behind = i + 1 + (line.words[i + 1] in ("dollars", "percent"))
        if token.num is None or not (line.words[behind] == "off" or "off" in line.words[max(i - 2, 0) : i]):
            continue
        if _DONE & set(line.words[max(i - 4, 0) : i]):
            continue  # "since you did take 250 off": told, not offered
        cut = price * token.num / 100 if line.words[i + 1] == "percent" else token.num
        return price - cut if 0 < cut < price / 2 else None
    return None


def _value(line: Line, i: int, listed: Decimal) -> Decimal:
    """A number as a price; where all prices are thousands, "7" may stand for seven thousand."""
    number = line.tokens[i].num or Decimal(0)
    if number < 100 and listed >= 1000 and LOWEST * listed <= number * 1000 <= HIGHEST * listed:
        return number * 1000
    return number


def _is_offer(line: Line, i: int, listed: Decimal) -> bool:
    token = line.tokens[i]
    if token.num is None or token.nth is not None or line.words[i] == "one":
        return False
    value = _value(line, i, listed)
    behind = line.words[i + 1] if line.brks[i + 1] < HARD else ""
    if not LOWEST * listed <= value <= HIGHEST * listed or behind in _UNITS or behind in PEOPLE:
        return False
    if not line.tokens[i].text[:1].isdigit() and behind not in ("", "dollars") and not _agreed_to(line, i):
        return False  # "five inputs": prices are written in figures
    year = 1950 <= value <= 2030 and not _marked(line, i) and line.words[i - 1] in _BEFORE_YEAR
    scaled = value != token.num and not (
        _marked(line, i) or line.words[i - 1] in ("for", "do", "about", "at", "is", "to")
    )
    return not (year or scaled)


def _marked(line: Line, i: int) -> bool:
    return line.words[i + 1] == "dollars" or (i > 0 and line.words[i - 1] == "dollars")


def _agreed_to(line: Line, i: int) -> bool:
    """ "I will agree to 19", "would you take 300": said of a price, even without a currency."""
    before = [word for word in line.words[max(i - 3, 0) : i] if word not in _FILLING]
    return bool(before) and before[-1] in _AGREEING


def _set_aside(line: Line, i: int) -> bool:
    """Whether a price is refused, or is what the thing costs elsewhere."""
    if "otherwise" in line.words[max(i - 12, 0) : i]:
        return True
    k = i
    while k > 0 and i - k < 5 and line.brks[k] < HARD:
        k -= 1
        if line.words[k] == "but":
            break
        if line.words[k] in _ELSEWHERE:
            return True
        if line.words[k] in _REFUSED and not _FLOOR & set(line.words[k + 1 : i]):
            return line.words[k] != "no"
    behind = i + 1 + (line.words[i + 1] == "dollars")
    is_too = line.words[behind] in ("is", "seems", "was") and {"too", "low", "high", "bit", "little"} & set(
        line.words[behind + 1 : behind + 5]
    )
    return bool(is_too) or line.words[behind] in ("more", "less", "off")


def _last_of_both(offers: Sequence[Offer]) -> tuple[Decimal, Decimal] | None:
    """What each party named last."""
    if not offers:
        return None
    last = offers[-1]
    other = next((o for o in reversed(offers) if o.role != last.role), None)
    return None if other is None else (last.price, other.price)


def closing_words(messages: Sequence[tuple[str, str]], listed: Decimal) -> tuple[str, str]:
    """What tells whether the parties agree: the last messages, who spoke, and how far apart their prices are."""
    offers = offers_in(messages, listed)
    both = _last_of_both(offers)
    if both is None:
        gap = "offerone" if offers else "offernone"
    else:
        apart = abs(both[0] - both[1]) / listed
        gap = "offersame" if apart < Decimal("0.005") else "offernear" if apart < Decimal("0.08") else "offerfar"
    since = f"offersince{min(len(messages) - offers[-1].turn, 4)}" if offers else "offersincenever"
    length = f"talk{'short' if len(messages) <= 3 else 'middle' if len(messages) <= 6 else 'long'}"
    last = [f"by{role} {text[:CLOSING_CHARACTERS]}" for role, text in messages[-CLOSING:]]
    signs = f"{gap} {since} {gap}{since} {length}"
    return " ".join([signs, *last]), f"{signs} {messages[-1][1][-CLOSING_CHARACTERS:]}" if messages else signs


def deal_reached(messages: Sequence[tuple[str, str]], listed: Decimal, odds: dict[str, float] | None = None) -> bool:
    """Whether the last words of a bargain sound like those of people who agreed in the end; who walks away has not.
    `odds` stands for what the shipped weights would say."""
    if _walked_away(messages, listed):
        return False
    from nodes.reading.grams import grams  # numpy is loaded with the first words, not with the module
    from nodes.reading.learned_weights import weights

    if odds is None:
        held = weights("bargain")
        odds = held.odds("deal", held.scores(held.weigh(*grams(*closing_words(messages, listed)))))
    return odds["deal"] >= LIKELY


def _walked_away(messages: Sequence[tuple[str, str]], listed: Decimal) -> bool:
    """Whether the last message refuses and names no other price."""
    last = messages[-1][1].replace("\u2019", "'") if messages else ""
    return bool(_WALKS_AWAY.search(last)) and not offers_in(messages[-1:], listed)
