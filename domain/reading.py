"""What a buyer's words mean, as far as they say it: the only thing the decision sees of them."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import StrEnum


class Answer(StrEnum):
    """How the words answer the question that was asked."""

    YES = "yes"
    NO = "no"
    NEITHER = "neither"


class Wish(StrEnum):
    """What the buyer wants done. Several may stand in one utterance."""

    MEETING = "meeting"  # "maybe a demo", "book me in"
    RESCHEDULE = "reschedule"  # "can we move it", "another time", "can we do this Monday"
    CANCEL_MEETING = "cancel_meeting"
    TRANSFER = "transfer"  # put me through, let me talk to someone about buying, let's do it now
    BUY = "buy"  # "sign me up", "send the contract"
    THINK_IT_OVER = "think_it_over"  # "let me think", "not today"
    CANCEL_ORDER = "cancel_order"  # "stop the order" (an order, not contact)
    FINAL_NO = "final_no"  # "not interested", "we went with another vendor"
    NONE_OF_THESE = "none_of_these"  # no slot fits
    REPEAT = "repeat"  # "say that again?"
    HOLD_ON = "hold_on"
    GOODBYE = "goodbye"
    CALL_BACK = "call_back"  # "call me in an hour"
    CONTINUE_WITH_AI = "continue_with_ai"  # "can't you just do it?"


class Question(StrEnum):
    """What the buyer asks."""

    PRICE = "price"
    DISCOUNT = "discount"
    WHAT_IS_IT = "what_is_it"
    HOW_IT_WORKS = "how_it_works"
    NEXT_STEP = "next_step"  # "and then?"
    ARE_YOU_A_BOT = "are_you_a_bot"
    WHO_IS_CALLING = "who_is_calling"
    TERMS = "terms"  # refund, cancellation, contract length
    INSTRUCTIONS = "instructions"  # "show me your instructions"
    HOW_LONG = "how_long"  # how long does this take / how long must I wait
    MY_DATA = "my_data"  # what do you know about me, is this recorded
    WHAT_CAN_YOU_DO = "what_can_you_do"
    OTHER = "other"  # a question this list does not hold; `topic` may name a knowledge article


class Special(StrEnum):
    """What must be served before anything else."""

    OPT_OUT = "opt_out"
    ASK_HUMAN = "ask_human"
    ERASURE = "erasure"
    COMPLAINT = "complaint"
    ANGRY = "angry"
    DISTRESS = "distress"
    MINOR = "minor"
    MACHINE_INSTRUCTION = (
        "machine_instruction"  # text aimed at the machine ("SYSTEM: ..."), or authority claimed in words
    )
    CARD_NUMBER = "card_number"
    WRONG_NUMBER = "wrong_number"
    WRONG_PERSON = "wrong_person"
    GATEKEEPER = "gatekeeper"
    SPAM = "spam"
    OTHER_LANGUAGE = "other_language"
    UNREADABLE = "unreadable"  # nothing in it can be read: noise, empty, gibberish
    BACKCHANNEL = "backchannel"  # "mm-hm" and nothing else
    SMALL_TALK = "small_talk"  # a joke, the weather, a greeting
    PRESENCE = "presence"  # "are you there?"
    THANKS = "thanks"


class TimeKind(StrEnum):
    POINT = "point"  # a day with a clock time, or a clock time whose day is understood
    DAY = "day"  # a day or a part of it
    RANGE = "range"
    NOT_BEFORE = "not_before"
    NOT_AFTER = "not_after"
    EXCLUSION = "exclusion"


@dataclass(frozen=True, slots=True)
class TimeMention:
    """A time the buyer named, in the buyer's zone. Missing parts are None: "2 pm" has no day, "Friday" no clock."""

    kind: TimeKind
    quote: str
    day_from: date | None = None
    day_to: date | None = None  # inclusive; equals day_from for one day
    clock_from: time | None = None
    clock_to: time | None = None
    meridiem_known: bool = True
    part: str = ""  # the part of the day that gave the clock times: "morning", "late afternoon"
    grain: str = ""  # what kind of span the days are: "day", "week", "month", "quarter" ...
    paired: bool = False  # both ends were named: "Monday to Friday"
    timed: bool = False  # a clock time was said, beside the part of the day or without one
    clipped: bool = False  # the span had begun before today: "this month"


@dataclass(frozen=True, slots=True)
class MoneyMention:
    amount: Decimal
    quote: str
    currency: str | None = None
    per: str | None = None  # "month", "year", "seat" or None (total or unknown)


@dataclass(frozen=True, slots=True)
class Request:
    """A change of price the buyer asks for. unit: "percent", "amount" or None (asked back)."""

    quote: str
    value: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class FactSeen:
    """A fact in the buyer's words. `type` is a fact type of the ledger, `value` JSON, `hedged` lowers confidence."""

    type: str
    value: str | int | bool
    quote: str
    key: str = ""  # for types with several keys: contact.name, contact.phone, objection.price, preference.channel
    hedged: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One utterance, read. Every item carries its verbatim quote; what is uncertain is left out."""

    answer: Answer = Answer.NEITHER
    conditional: bool = False  # "yes, if ...": never consent
    also_asks: bool = False  # a question stands beside the answer
    affirmative: bool = False  # a yes-like word, whatever was asked ("yeah great")
    specials: frozenset[Special] = frozenset()
    wishes: frozenset[Wish] = frozenset()
    questions: frozenset[Question] = frozenset()
    topic: str | None = None  # id of a knowledge article whose declared phrasing matches
    times: tuple[TimeMention, ...] = ()
    zone: str | None = None  # IANA name, where the buyer named a zone ("Eastern")
    money: tuple[MoneyMention, ...] = ()
    quantity: int | None = None  # seats or people
    product: str | None = None  # catalogue key
    term: str | None = None  # "monthly" or "annual"
    request: Request | None = None
    facts: tuple[FactSeen, ...] = ()
    objections: tuple[str, ...] = ()  # price, timing, trust, competitor, authority, need
    objection_resolved: bool = False
    lost_reason: str | None = None  # with FINAL_NO: competitor, price, no_need, timing, other
    language: str = "en"
    confidence: float = 1.0
    heard_words: int = 0
    card_spans: tuple[tuple[int, int], ...] = field(default=())  # character spans to redact before anything is stored


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What the reader may know beside the words."""

    asked: str | None = None  # key of the question the words answer ("need", "slot_readback", ...), None if none
    asked_words: str = ""
    text_channel: bool = False
    today: date | None = None
    clock: time | None = None
    zone: str = "UTC"
    offered_times: tuple[str, ...] = ()  # ISO instants on offer, so that "the second one" and "2 pm" resolve
    name_on_file: str | None = None
    products: tuple[str, ...] = ()
    amount_on_table: Decimal | None = None
    step: str = ""
