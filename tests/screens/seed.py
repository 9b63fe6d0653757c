"""A company's day in a fresh database: sessions of every stage and kind, some with requests that wait for people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg

from domain.policy import Policy, load_policy
from domain.pricing import OrderScope, Quote, draft_quote
from domain.refusal import Refused
from domain.yaml_tree import as_json, read_yaml
from memory.sealing import Sealer
from tests.screens.story import VERSION, Story

ROOT = Path(__file__).resolve().parents[2]
POLICY = ROOT / "policy" / "default.yaml"
HOSTILE = (
    "<img src=x onerror=\"document.title='pwned'\"> ![p](http://evil.example/t.png) "
    ":red-badge[APPROVED] [go](javascript:alert(1))"
)
HOSTILE_NAME = "**Rolf** <b>Haas</b> :material/check:"
OPEN = ("crm.note", "crm.read_own", "crm.write_contact")
CLOSING = (*OPEN, "pricing.read", "quote.create", "discount.apply")


@dataclass(frozen=True, slots=True)
class Seeded:
    """What the tests look for: session ids and request numbers by the buyer's first name."""

    sessions: dict[str, str]
    numbers: dict[str, int]
    proposals: dict[str, str]


@lru_cache
def shared_policy() -> Policy:
    return load_policy(POLICY.read_text("utf-8"), "policy/default.yaml")


def price(product: str, quantity: int, discount: str, version: int, now: datetime, term: Any = "monthly") -> Quote:
    quote = draft_quote(shared_policy(), OrderScope(product, quantity, term), Decimal(discount), version, now)
    assert not isinstance(quote, Refused), quote
    return quote


def seed(dsn: str, sealer: Sealer, now: datetime, minutes: float = 30, label: str = "local") -> Seeded:
    """`minutes`: how long the shortest request stays open."""
    with psycopg.connect(dsn, autocommit=True) as db:
        activate(db, now, label)
        stories = {
            "Dana": dana(db, sealer, now, minutes),
            "Priya": priya(db, sealer, now, minutes),
            "Rolf": rolf(db, sealer, now, minutes),
            "Marta": marta(db, sealer, now),
            "Tom": tom(db, sealer, now),
            "Elena": elena(db, sealer, now),
            "Hugo": hugo(db, sealer, now),
        }
        found = db.execute("select session_id::text, number, proposal_id from proposals").fetchall()
        names = {story.session_id: name for name, story in stories.items()}
        return Seeded(
            {name: story.session_id for name, story in stories.items()},
            {names[row[0]]: row[1] for row in found},
            {names[row[0]]: row[2] for row in found},
        )


def activate(db: psycopg.Connection[Any], now: datetime, label: str) -> None:
    text = POLICY.read_text("utf-8")
    db.execute(
        "insert into policies (version, content_hash, label, content, effective_at) values (%s, %s, %s, %s, %s)",
        (VERSION, shared_policy().content_hash, label, as_json(read_yaml(text).value), now),
    )
    db.execute(
        "insert into policy_activations (version, activated_at, activated_by) values (%s, %s, 'test')", (VERSION, now)
    )


def _opening(story: Story, name: str, need: str) -> Story:
    story.turn(
        None,
        "BOOK.greet",
        0.1,
        rows=("T05",),
        says=(("disclose_ai", "Hi, this is Nora, an AI assistant of Northwind Voice."),),
    )
    story.turn(
        "hi there", "BOOK.identify", 0.12, rows=("T06",), says=(("ask_name", "Who am I speaking with?"),), after=8
    )
    story.turn(
        f"{name} here",
        "BOOK.discovery",
        0.14,
        rows=("T07", "T10"),
        facts=(("contact.name", name, "confirmed"),),
        says=(("greet_name", f"Thanks, {name}."), ("ask_need", "What would you like it to do for you?")),
        scopes=OPEN,
    )
    story.turn(
        need,
        "BOOK.discovery",
        0.27,
        evidence=("need_confirmed", "asks_price"),
        facts=(("need", need, "claimed"), ("quantity", 12, "claimed")),
        says=(("ask_authority_budget", "Who decides on this at your place, and is there a budget for it?"),),
        scopes=OPEN,
        guards=(("T15", "gate_transfer_open", False, "S 0.27, opens at 0.60"),),
        sums={"structural": 0.7, "engagement": 0.45},
    )
    return story


def _into_close(story: Story, quantity: int, product: str) -> Story:
    story.turn(
        "We need it this quarter, I decide and the budget is approved",
        "CLOSE.scope",
        0.83,
        rows=("T15", "T16", "T18"),
        evidence=("timeline_30d", "authority_confirmed", "budget_confirmed", "accept_transfer_now"),
        facts=(
            ("authority", True, "confirmed"),
            ("budget", "approved", "confirmed"),
            ("timeline", "this quarter", "confirmed"),
        ),
        guards=(
            ("T15", "gate_transfer_open", True, "S 0.83, opens at 0.60"),
            ("T15", "confidence_ge_0.60", True, "0.80"),
            ("T15", "need_captured", True, "missed calls"),
            ("T16", "explicit_yes", True, "yes, let's do it"),
            ("T18", "gate_close_open", True, "S 0.83, opens at 0.72"),
            ("T18", "region_allows_ai_close", True, "US-TX"),
            ("T18", "value_le_limit", True, "2,388.00 of 25,000.00"),
        ),
        says=(
            (
                "scope_readback",
                f"That is {quantity} {product.title()} seats, billed monthly, starting at signature. Right?",
            ),
        ),
        calls=(("call.transfer", "done", None, "ai_closer"),),
        scopes=CLOSING,
        sums={"structural": 2.4, "engagement": 0.45, "explicit": 1.1, "heat": 0.3},
    )
    return story


def dana(db: psycopg.Connection[Any], sealer: Sealer, now: datetime, minutes: float) -> Story:
    """In a chat at the price, asks for 15 percent: the sales manager has to agree."""
    story = Story(db, sealer, phone="+15125550100", opened=now - timedelta(minutes=5), label="talk")
    _opening(story, "Dana Whitfield", "we miss calls after hours, twelve people answer phones")
    _into_close(story, 12, "team")
    story.turn(
        "yes, exactly",
        "CLOSE.price",
        0.88,
        rows=("T28",),
        evidence=("scope_confirm",),
        scopes=CLOSING,
        after=25,
        facts=(("scope", "12 team, monthly", "confirmed"),),
        calls=(("quote.create", "done", None, "Q1"),),
        says=(
            ("price_readback", "12 Team seats come to 2,388.00 USD per month, on a monthly term. Is that all right?"),
        ),
    )
    story.turn(
        "Hm. Can you take 15 percent off? Then we sign today.",
        "CLOSE.price",
        0.86,
        rows=("T41",),
        scopes=CLOSING,
        after=31,
        facts=(("request.discount", "15 percent", "open"),),
        evidence=("asks_detail",),
        status="queued",
        calls=(("discount.apply", "refused", "A1", "15 %"),),
        says=(("approval_wait", "I have to ask the sales manager about that; it takes up to 2 minutes."),),
    )
    story.propose(
        price("team", 12, "15", 2, now),
        ("A1",),
        ("sales_manager",),
        ("discount.apply",),
        now + timedelta(minutes=minutes),
        before=price("team", 12, "0", 1, now),
    )
    return story.head(region="US-TX", changed_at=now - timedelta(seconds=30))


def priya(db: psycopg.Connection[Any], sealer: Sealer, now: datetime, minutes: float) -> Story:
    """On the phone, an order above the value limit: the director decides."""
    story = Story(db, sealer, phone="+15125550122", opened=now - timedelta(minutes=9), channel="voice")
    _opening(story, "Priya Raman", "our five branches lose bookings")
    _into_close(story, 140, "team")
    story.turn(
        "yes, 140",
        "CLOSE.compliance",
        0.91,
        rows=("T28", "T41", "T29"),
        evidence=("scope_confirm", "price_ack"),
        says=(
            (
                "approval_wait_value",
                "An order of 27,860.00 USD goes to the sales director, that takes up to 15 minutes.",
            ),
        ),
        facts=(("scope", "140 team, monthly", "confirmed"),),
        scopes=CLOSING,
    )
    story.propose(
        price("team", 140, "0", 1, now),
        ("A3",),
        ("sales_director", "sales_manager"),
        ("contract.send", "payment.link"),
        now + timedelta(minutes=minutes + 12),
        title="value",
    )
    return story.head(line="up", region="US-TX", changed_at=now - timedelta(seconds=12))


def rolf(db: psycopg.Connection[Any], sealer: Sealer, now: datetime, minutes: float) -> Story:
    """Writes markup instead of words, and has a name of that kind."""
    story = Story(db, sealer, phone="+15125550133", opened=now - timedelta(minutes=50))
    _opening(story, HOSTILE_NAME, HOSTILE)
    _into_close(story, 12, "enterprise")
    story.turn(
        f"22 percent off {HOSTILE}",
        "CLOSE.price",
        0.8,
        rows=("T28", "T41"),
        scopes=CLOSING,
        says=(("approval_wait", "I have to ask the sales director about that."),),
    )
    story.propose(
        price("enterprise", 12, "22", 2, now),
        ("A2",),
        ("sales_director",),
        ("discount.apply",),
        now + timedelta(minutes=minutes + 40),
        before=price("enterprise", 12, "0", 1, now),
    )
    return story.head(changed_at=now - timedelta(minutes=20))


def marta(db: psycopg.Connection[Any], sealer: Sealer, now: datetime) -> Story:
    """Declined the recording of a call: facts are kept, text is not."""
    story = Story(db, sealer, phone="+15125550144", opened=now - timedelta(hours=3), channel="voice")
    _opening(story, "Marta Vidal", "we want the calls of our clinic answered")
    return story.head(recording="declined", line="up")


def tom(db: psycopg.Connection[Any], sealer: Sealer, now: datetime) -> Story:
    """Came back after hours of silence, and then thought better of it."""
    story = Story(db, sealer, phone="+15125550155", opened=now - timedelta(hours=7))
    _opening(story, "Tom Okafor", "we need more bookings for the garage")
    _into_close(story, 8, "team")
    story.turn(
        "something came up, back later",
        "CLOSE.scope",
        0.81,
        rows=("T43",),
        overlay="PARKED",
        scopes=OPEN,
        sums={"structural": 2.4, "engagement": 0.35, "explicit": 0.6, "heat": 0.3},
    )
    story.turn(
        "me again",
        "CLOSE.scope",
        0.66,
        rows=("T44",),
        after=4 * 3600,
        scopes=CLOSING,
        evidence=("returned_unprompted",),
        says=(("welcome_back", "Good to have you back. We were at the size of your order."),),
    )
    story.turn(
        "make that ten seats",
        "CLOSE.price",
        0.72,
        rows=("T28",),
        scopes=CLOSING,
        evidence=("scope_confirm",),
        facts=(("quantity", 10, "confirmed"),),
        says=(("price_readback", "10 Team seats come to 1,990.00 USD per month."),),
    )
    story.turn(
        "let me think about it, not today",
        "BOOK.discovery",
        0.45,
        rows=("T33",),
        scopes=OPEN,
        evidence=("reversal",),
        says=(("reversal_offer", "Of course. Shall I keep the offer and call you on Friday?"),),
    )
    return story


def elena(db: psycopg.Connection[Any], sealer: Sealer, now: datetime) -> Story:
    """Wants a person, and nobody has taken the conversation over."""
    story = Story(db, sealer, phone="+15125550166", opened=now - timedelta(minutes=28))
    _opening(story, "Elena Petrova", "a hotline for three offices")
    story.turn(
        "I want to talk to a human being",
        "BOOK.discovery",
        0.31,
        rows=("T40",),
        overlay="HUMAN",
        scopes=OPEN,
        says=(("human_coming", "Of course, I am getting somebody."),),
        status="unheard",
    )
    return story


def hugo(db: psycopg.Connection[Any], sealer: Sealer, now: datetime) -> Story:
    """Bought yesterday."""
    story = Story(db, sealer, phone="+15125550177", opened=now - timedelta(days=1, hours=2))
    _opening(story, "Hugo Brandt", "calls on weekends")
    _into_close(story, 20, "team")
    story.turn(
        "yes, send it",
        "CLOSE.committed",
        0.96,
        rows=("T31",),
        evidence=("asks_to_buy",),
        after=200,
        calls=(("contract.send", "done", None, "Q1"), ("payment.link", "done", None, "Q1")),
        says=(
            (
                "commit_sent",
                "Here is your contract: http://127.0.0.1:8502/contract/abc123 and the payment link: http://127.0.0.1:8502/pay/def456",
            ),
        ),
    )
    story.turn(
        None,
        "WON",
        0.96,
        kind="webhook",
        rows=("T32",),
        after=900,
        scopes=(),
        says=(("won", "Signed and paid: welcome aboard."),),
    )
    return story.head(outcome="WON", ended_at=story.at)
