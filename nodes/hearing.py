"""What the buyer's words answer and what they teach: the pair of speech and answer, and the facts."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.events import EventKind
from domain.facts import FactStatus
from domain.ledger import confirm, learn, write
from domain.reading import Answer, FactSeen, Reading, ReadingContext, Request, Special, TimeKind, Wish
from domain.stages import Channel
from domain.state import part
from domain.turn import Turn

NO_NEED = frozenset(
    {Special.SMALL_TALK, Special.PRESENCE, Special.UNREADABLE, Special.OTHER_LANGUAGE, Special.COMPLAINT, Special.ANGRY}
)
LOW_CONFIDENCE = 0.65  # below this a recogniser's words write no fact and give no consent
# What counts however badly it was heard: it protects the buyer. The rest of these changes nothing that lasts.
PROTECTS = frozenset({Special.OPT_OUT, Special.ASK_HUMAN, Special.DISTRESS, Special.MINOR, Special.CARD_NUMBER})
HARMLESS = frozenset(
    {Special.SMALL_TALK, Special.PRESENCE, Special.THANKS, Special.BACKCHANNEL}
    | {Special.UNREADABLE, Special.OTHER_LANGUAGE}
)
FACT_KEYS = {"name": "contact.name", "company": "contact.company", "phone": "contact.phone", "email": "contact.email"}
DIRECT = {
    "authority_budget": ("authority", "budget"),
    "authority": ("authority",),
    "budget": ("budget",),
    "need": ("need", "quantity"),
    "timeline": ("timeline",),
    "name": ("contact.name",),
    "quantity": ("quantity",),
    "region": ("region",),
}


def reading_context(turn: Turn, zone: str) -> ReadingContext:
    """What the reader may know beside the words."""
    asked: dict[str, Any] = part(turn.talk, "asked")
    local = turn.now.astimezone(ZoneInfo(zone))
    quote = turn.deal.get("quote")
    return ReadingContext(
        asked=asked.get("key"),
        asked_words=asked.get("words", ""),
        text_channel=turn.channel.text,
        today=local.date(),
        clock=local.time().replace(microsecond=0),
        zone=zone,
        offered_times=tuple(turn.deal.get("slots", [])),
        name_on_file=turn.value("contact.name"),
        products=tuple(turn.policy.pricing.catalogue),
        amount_on_table=Decimal(quote["amount"]) if quote else None,
        step=turn.step.value,
    )


def surely_heard(turn: Turn, reading: Reading) -> Reading:
    """What may be believed: of badly heard words only what protects the buyer. The rest is asked for again."""
    if _confidence(turn) >= LOW_CONFIDENCE:
        return reading
    sure = Reading(
        specials=reading.specials & (PROTECTS | HARMLESS),
        wishes=reading.wishes & {Wish.REPEAT, Wish.HOLD_ON},
        language=reading.language,
        confidence=reading.confidence,
        heard_words=reading.heard_words,
        card_spans=reading.card_spans,
    )
    turn.work["unsure"] = reading != sure and not sure.specials & PROTECTS
    return sure


def note_receipts(turn: Turn) -> None:
    """A reply proves what it saw: by SMS and e-mail all that was sent before, in a chat what the client says."""
    if turn.event.kind is EventKind.HEARD and turn.event.data.get("status") == "heard":
        turn.work["delivered"].append(turn.event.data["speech_id"])
    elif turn.event.kind is EventKind.DELIVERED:
        turn.work["delivered"].extend(turn.event.data.get("speech_ids", []))
    elif turn.event.kind is EventKind.WORDS and turn.channel.text:
        for speech_id in _seen_before(turn):
            turn.work["delivered"].append(speech_id)
            turn.want("heard", speech_id=speech_id, status="heard")


def _seen_before(turn: Turn) -> list[str]:
    """The lines that a reply proves to be delivered: by message all that were sent, in a chat up to the one named."""
    rows: dict[str, Any] = part(turn.situation, "speech")
    waiting = {k: r for k, r in rows.items() if r["status"] == "queued" and r["channel"] == turn.channel.value}
    if turn.channel is not Channel.CHAT:
        return list(waiting)
    last = waiting.get(str(turn.event.data.get("seen_through")))
    if last is None:
        return []
    until = (last["queued_at"], last["ordinal"])
    return [k for k, r in waiting.items() if (r["queued_at"], r["ordinal"]) <= until]


def pair_answer(turn: Turn) -> None:
    """Name the speech that the words answer. Words that began before it had ended answer nothing."""
    asked: dict[str, Any] | None = turn.talk["asked"]
    if asked is None:
        return
    speech_id = str(turn.event.data.get("answers") or asked["speech_id"])
    if speech_id != asked["speech_id"] or not turn.heard(speech_id):
        return
    began = _began(turn)
    ended = _ended(turn, speech_id)
    if ended is None or began < ended or not _from_buyer(turn):
        return
    answer = _plain_answer(turn, asked["key"])
    turn.work["answer_to"] = {
        "speech_id": speech_id,
        "key": asked["key"],
        "answer": answer.value,
        "quote_hash": asked.get("quote_hash"),
    }
    turn.want("answer", speech_id=speech_id, answer=answer.value, began_at=began.isoformat())


def _ended(turn: Turn, speech_id: str) -> datetime | None:
    """From when a line can be answered. A carrier may report a text after the reply that proves it."""
    row: dict[str, Any] = part(turn.situation, "speech").get(speech_id) or {}
    sent: str | None = row.get("queued_at") if row.get("channel") == turn.channel.value else None
    by_message = turn.channel.text and turn.channel is not Channel.CHAT
    return datetime.fromisoformat(sent) if sent and by_message else turn.heard_at(speech_id)


def _began(turn: Turn) -> datetime:
    raw = turn.event.data.get("began_at")
    return datetime.fromisoformat(raw) if raw else turn.event.at


def _plain_answer(turn: Turn, key: str) -> Answer:
    """The answer as a consent may use it: figures that contradict the line on the table make it no yes."""
    reading = turn.reading
    if reading.answer is not Answer.YES:
        return reading.answer
    if reading.conditional or _confidence(turn) < LOW_CONFIDENCE:
        return Answer.NEITHER
    if key == "price_readback" and not _names_the_price(turn, reading):
        return Answer.NEITHER
    if key in ("price_readback", "commit") and (reading.request or scope_differs(turn, reading)):
        return Answer.NEITHER
    return Answer.YES


def _names_the_price(turn: Turn, reading: Reading) -> bool:
    quote: dict[str, Any] = part(turn.deal, "quote")
    if not reading.money or not quote:
        return True
    known = {Decimal(quote["amount"]), Decimal(quote["contract_value"]), Decimal(quote["unit_price"])}
    rounded = {value.quantize(Decimal(1)) for value in known}
    return any(m.amount in known or m.amount.quantize(Decimal(1)) in rounded for m in reading.money)


def scope_differs(turn: Turn, reading: Reading) -> bool:
    """Whether the words name another quantity, product or term than the order scope on the table."""
    scope: dict[str, Any] | None = turn.deal.get("scope")
    if not scope or Special.MACHINE_INSTRUCTION in reading.specials:
        return False
    other_quantity = reading.quantity is not None and reading.quantity != scope["quantity"]
    other_product = reading.product is not None and reading.product != scope["product"]
    other_term = reading.term is not None and reading.term != scope["term"]
    start = start_named(turn)
    other_start = start is not None and start.isoformat() != scope.get("start")
    return other_quantity or other_product or other_term or other_start


def start_named(turn: Turn) -> date | None:
    """The day on which the order is to begin, where these words answer a question about the order."""
    if part(turn.talk, "asked").get("key") not in ("scope", "scope_readback") or not turn.reading.times:
        return None
    mention = turn.reading.times[0]
    meant = mention.grain in ("", "day") and not mention.timed and mention.kind in (TimeKind.DAY, TimeKind.NOT_BEFORE)
    return mention.day_from if meant and mention.day_from and mention.day_from >= turn.now.date() else None


def _confidence(turn: Turn) -> float:
    given = turn.event.data.get("confidence")
    return 1.0 if given is None else float(given)


def learn_facts(turn: Turn) -> None:
    """Write what the words say into the ledger, and remember what was new for the score.

    A name that was only heard is claimed: a recogniser is as sure of "Donna" as of "Dana". Heard twice, or read back,
    it is confirmed.
    """
    learned: list[dict[str, Any]] = []
    if _confidence(turn) < LOW_CONFIDENCE:
        turn.work["learned"] = learned
        return
    answered: dict[str, Any] = part(turn.work, "answer_to")
    direct = DIRECT.get(str(answered.get("key")), ())
    for seen in turn.reading.facts:
        key = seen.key or FACT_KEYS.get(seen.type, seen.type)
        if _skip(turn, key, seen):
            continue
        value = _value(turn, key, seen)
        sure = key in direct and not (key == "contact.name" and turn.channel is Channel.VOICE)
        result = learn(turn, key, value, quote=seen.quote, hedged=seen.hedged, direct=sure)
        learned.append({"key": key, "result": result, "hedged": seen.hedged, "value": value})
    if turn.reading.quantity and not any(item["key"] == "quantity" for item in learned) and not turn.deal.get("scope"):
        result = learn(turn, "quantity", turn.reading.quantity, quote=turn.words[:80])
        learned.append({"key": "quantity", "result": result, "hedged": False, "value": turn.reading.quantity})
    if not turn.deal.get("scope"):
        _learn_wishes(turn, learned)
    if _from_buyer(turn):
        if turn.reading.zone:
            _learn_zone(turn, turn.reading.zone)
        if turn.reading.request:
            take_request(turn, turn.reading.request)
    turn.work["learned"] = learned


def _learn_wishes(turn: Turn, learned: list[dict[str, Any]]) -> None:
    """Product and term that are named before there is an order: whoever closes begins with them."""
    for key, value in (("preference.product", turn.reading.product), ("preference.term", turn.reading.term)):
        if value and value != turn.value(key):
            result = learn(turn, key, value, quote=turn.words[:80])
            learned.append({"key": key, "result": result, "hedged": False, "value": value})


def _skip(turn: Turn, key: str, seen: FactSeen) -> bool:
    """What may not be written here: authority by anybody but the buyer, a bare objection that is no news."""
    if key.partition(".")[0] not in ("contact", "need", "preference", "quantity", "budget", "timeline", "authority",
                                     "objection", "region", "zone", "claim"):  # fmt: skip
        return True
    if key == "need" and turn.reading.specials & NO_NEED:
        return True
    return key == "authority" and not _from_buyer(turn)


def _from_buyer(turn: Turn) -> bool:
    return turn.event.data.get("speaker", "buyer") == "buyer"


def _value(turn: Turn, key: str, seen: FactSeen) -> Any:
    """A later need adds to the earlier one, so that nothing the buyer said is lost."""
    if key == "need":
        before = turn.value("need")
        if before and str(seen.value).lower() not in str(before).lower():
            return f"{before}; {seen.value}"[:300]
        return before or seen.value
    return seen.value


def _learn_zone(turn: Turn, zone: str) -> None:
    fact = turn.fact("zone")
    if fact is None or fact["value"] != zone or fact["status"] != FactStatus.CONFIRMED:
        write(turn, "zone", zone, status=FactStatus.CONFIRMED, quote=turn.words[:80])


def take_request(turn: Turn, request: Request) -> None:
    """A wish for another price becomes a fact: open until it is met or refused."""
    value = {
        "kind": "discount",
        "value": None if request.value is None else str(request.value),
        "unit": request.unit,
    }
    current = turn.fact("request.discount")
    if current and current["status"] == "open" and (current["value"] == value or request.value is None):
        return
    write(turn, "request.discount", value, status=FactStatus.OPEN, quote=request.quote)
    turn.deal["request"] = {**value, "at": turn.now.isoformat()}


def confirm_contact(turn: Turn) -> None:
    """A yes to a read-back that named them confirms name and address."""
    for key in ("contact.name", "contact.phone", "contact.email"):
        if turn.fact(key):
            confirm(turn, key)
