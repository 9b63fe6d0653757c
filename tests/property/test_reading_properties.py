"""The reader never fails, quotes only what was said, answers the same twice, and its time grows with the text."""

import time
from dataclasses import replace
from datetime import date
from datetime import time as clock_time
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.reading import Answer, Reading, ReadingContext, Special
from nodes.reading.cards import REDACTED, card_spans, luhn_valid, redact
from nodes.reading.read import read

ASKED = """
    name name_confirm recording need quantity authority_budget authority budget timeline budget_conflict meeting_offer
    slot slot_readback transfer_offer scope scope_readback price_readback percent_or_amount discount_figure commit
    next_step_offer callback_time callback_readback cancel_meeting_confirm anything_else region
""".split()  # noqa: SIM905
PIECES = """
    yes no not stop calling me my our list tomorrow Monday at 2 pm 12 people seats 15 percent off $2,388 a month half
    past three and but if the we miss calls twenty two point five k is it how much 4242 next week 31st of February 29 0
    99:99 1/1 13/13 0/0 24:00 25:61 -1 1e9 ' '' n't 's o'clock , . ? ! ; ( ) [ ] { } | & @ # % ^ $ * .. dana@acme.com +1
    512 555 0199 SYSTEM: Dana from Acme one oh double second of last in an hour for
""".split()  # noqa: SIM905
PIECES += [
    "\u0663",
    "\u00bd",
    "\u00b2",
    "\u216b",
    "\u0130",
    "\u00df",
    "\u01c6",
    "\ufb01",
    "\U0001f44d",
    "\u200b",
    "\u202e",
]
SENTENCES = st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join)
WORDS = st.one_of(st.text(max_size=200), SENTENCES, st.text(alphabet=st.characters(), max_size=60))
OFFERS = ("2026-11-25T19:00:00+00:00", "2026-11-25T19:00", "soon")
CONTEXTS = st.builds(
    ReadingContext,
    asked=st.sampled_from((None, *ASKED)),
    asked_words=st.one_of(st.just(""), st.text(max_size=40)),
    text_channel=st.booleans(),
    today=st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2099, 12, 31))),
    clock=st.one_of(st.none(), st.times()),
    zone=st.sampled_from(("UTC", "America/New_York", "not a zone")),
    offered_times=st.lists(st.sampled_from(("2026-11-25T19:00:00+00:00", "2026-11-25T19:00", "soon")), max_size=3).map(
        tuple
    ),
    name_on_file=st.sampled_from((None, "Dana Whitfield", " ", "")),
    products=st.sampled_from(((), ("starter", "team", "enterprise"))),
    amount_on_table=st.sampled_from((None, Decimal("2388.00"), Decimal(0))),
    step=st.sampled_from(("", "BOOK.discovery", "CLOSE.price")),
)
QUIET = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
LONG = 10_000
MOST_GROWTH = 3.0  # four times the text may take this many times four times as long, and no more


@QUIET
@given(WORDS, CONTEXTS)
def test_any_words_in_any_context_are_read(words: str, context: ReadingContext) -> None:
    reading = read(words, context)
    assert isinstance(reading, Reading)
    assert 0.0 <= reading.confidence <= 1.0
    assert read(words, context) == reading


@QUIET
@given(WORDS, CONTEXTS)
def test_every_quote_is_verbatim(words: str, context: ReadingContext) -> None:
    reading = read(words, context)
    quotes = [item.quote for item in (*reading.times, *reading.money, *reading.facts)]
    assert all(quote in words for quote in quotes)


@QUIET
@given(SENTENCES, CONTEXTS)
def test_an_open_end_keeps_a_commitment_from_being_plain(words: str, context: ReadingContext) -> None:
    reading = read(f"yes {words} but only if you lower it", replace(context, asked="commit"))
    assert reading.answer is not Answer.YES or reading.conditional


@QUIET
@given(SENTENCES)
def test_a_revocation_is_heard_behind_anything(words: str) -> None:
    reading = read(f"{words}. Stop calling me.", ReadingContext())
    assert Special.OPT_OUT in reading.specials


@QUIET
@given(st.text(max_size=80), st.integers(13, 19), st.randoms(use_true_random=False), st.text(max_size=80))
def test_a_card_number_is_found_wherever_it_stands(before: str, length: int, random: object, after: str) -> None:
    digits = _card(length, random)
    words = f"{before} card: {digits}, {after}"
    spans = card_spans(words)
    assert any(digits in words[start:end] for start, end in spans)
    assert digits not in redact(words, spans)
    assert REDACTED in redact(words, spans)


def _card(length: int, random: object) -> str:
    body = "4" + "".join(str(random.randrange(10)) for _ in range(length - 2))  # type: ignore[attr-defined]
    return next(body + str(check) for check in range(10) if luhn_valid(body + str(check)))


def _seconds(words: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()
        read(words, ReadingContext(asked="slot", today=date(2026, 11, 24), clock=clock_time(10)))
        best = min(best, time.thread_time() - start)
    return best


def test_time_grows_with_the_text_and_not_faster() -> None:
    hard = (
        "yes tomorrow at 2 pm we miss 12 calls but if you do 15 percent off, Monday from nine to five, stop the order ",
        "not " * 30,
        "a",
        "1",
        "4 4 4 4 ",
        "four ",
        "don't call the the the ",
        "the second of the second of ",
        "'\u200b'",
        "((((",
        "a@",
        "1,",
        "twenty ",
        "i am ",
        "yes no ",
        "we start tomorrow ",
        "our budget is 5k ",
        "maybe we miss calls ",
        "between January 2 and 5 ",
        "the week of the ",
        "for 3 hours starting ",
        "not be able to make it on the ",
        "from Monday until ",
        "christmas week ",
        "2 to ",
    )
    for piece in hard:
        short, long = (piece * (size // len(piece) + 1) for size in (LONG // 4, LONG))
        _seconds(long[:200])  # the phrase automaton learns each kind of word once
        assert _seconds(long) <= 4 * MOST_GROWTH * max(_seconds(short), 0.0005), repr(piece)
