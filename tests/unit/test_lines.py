"""Every act has words, its slots become the right words, and nothing in a slot is ever read as anything but text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.acts import ACTS, OPENING, say
from domain.errors import BadInput
from nodes.speaking.lines import LineBook, load_lines
from tests.builders import ROOT, a_turn

TEXT = (ROOT / "policy/lines/en.yaml").read_text("utf-8")
NAMES = {"starter": "Starter", "team": "Team", "enterprise": "Enterprise"}
BOOK = load_lines(TEXT, "en.yaml", NAMES)
# Said word for word each time: who speaks and how to stop, what binds, and what a price is.
WORD_FOR_WORD = frozenset({
    "disclose_ai", "disclose_ai_again", "answer_screening", "answer_who", "optout_done", "optout_text", "answer_terms",
    "answer_article", "answer_quote", "price_again", "commit_sent", "commit_sent_by_text",
})  # fmt: skip
NOW = "2026-11-24T15:00:00+00:00"


def when(at: str, zone: str = "America/New_York", now: str = NOW) -> dict[str, str]:
    return {"at": at, "zone": zone, "now": now}


SAMPLES: Mapping[str, Any] = {
    "text": "some words", "name": "Sam", "money": "2388", "count": 12, "percent": "12.50", "link": "http://127.0.0.1/x",
    "when": when("2026-11-25T19:00:00+00:00"), "duration": 120, "list": [when("2026-11-25T19:00:00+00:00")],
}  # fmt: skip


def slots_of(act: str, **given: Any) -> dict[str, Any]:
    """A value of the right type for every slot of the act."""
    kinds = ACTS[act].slots
    return {name: given.get(name, "signature" if name == "start" else SAMPLES[kind]) for name, kind in kinds.items()}


def changed(**acts: Any) -> str:
    raw = yaml.safe_load(TEXT)
    for name, phrasings in acts.items():
        if phrasings is None:
            del raw["acts"][name]
        else:
            raw["acts"][name] = phrasings
    return yaml.safe_dump(raw)


# ---- the file
@pytest.mark.parametrize("act", sorted(ACTS))
def test_every_phrasing_of_every_act_becomes_words(act: str) -> None:
    for number in range(BOOK.phrasings(act)):
        words = BOOK.render(act, slots_of(act), number)
        assert words == " ".join(words.split()) and words
        assert "{" not in words and "}" not in words


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        (changed(ask_name=None), "en.yaml: acts.ask_name", "has no line"),
        (changed(ask_name=[]), "en.yaml: acts.ask_name", "is empty"),
        (changed(sing=["La"]), "en.yaml: acts.sing", "is no act"),
        (changed(greet_name=["Hi {name} of {company}"]), "en.yaml: acts.greet_name", "uses {company}"),
        (changed(greet_name=["Hi {name.__class__}"]), "en.yaml: acts.greet_name", "uses {name.__class__}"),
        ("acts: [", "en.yaml", "is no YAML"),
        ("language: en", "en.yaml: acts", "is missing"),
        ("[]", "en.yaml: acts", "is missing"),
        (changed(ask_name="Who is it?"), "en.yaml: acts.ask_name", "is no list of phrasings"),
        (TEXT.replace("\n  today:", "\n  someday:"), "en.yaml: phrases.today", "is missing"),
        (TEXT.replace("\n  next.WON:", "\n  next.won:"), "en.yaml: phrases.next.WON", "is missing"),
    ],
)
def test_a_bad_file_is_refused_with_the_act_and_the_remedy(text: str, field: str, problem: str) -> None:
    with pytest.raises(BadInput) as caught:
        load_lines(text, "en.yaml", NAMES)
    assert caught.value.field == field and problem in caught.value.problem and caught.value.remedy


def test_a_line_that_proves_something_says_it_in_every_phrasing() -> None:
    """Hearing it is what guards rely on, so no phrasing may leave a part out."""
    raw: dict[str, list[str]] = yaml.safe_load(TEXT)["acts"]
    for act, spec in ACTS.items():
        if spec.discloses:
            needed = set(spec.slots) - ({"discount"} if act == "price_readback" else set())
            for phrasing in raw[act]:
                assert [slot for slot in needed if f"{{{slot}}}" not in phrasing] == [], phrasing
    for act in ("price_readback", "price_readback_discount", "terms"):
        for number in range(BOOK.phrasings(act)):
            words = BOOK.render(act, slots_of(act), number)
            assert "USD" in words and ("recurring" in words or "every month" in words), words


def test_the_opening_says_ai_company_purpose_and_how_to_stop() -> None:
    assert ACTS["disclose_ai"].discloses == ACTS["disclose_ai_again"].discloses == OPENING
    for act in ("disclose_ai", "disclose_ai_again"):
        given = {"agent": "Nora", "company": "Northwind", "purpose": "We help.", "optout": "Say stop."}
        words = BOOK.render(act, given, 0)
        assert "AI assistant" in words and all(part in words for part in given.values())


@pytest.mark.parametrize("act", sorted(set(ACTS) - WORD_FOR_WORD))
def test_nothing_is_said_the_same_way_three_times(act: str) -> None:
    assert len({BOOK.render(act, slots_of(act), number) for number in range(3)}) > 1


def test_what_is_said_word_for_word_is_known_as_such() -> None:
    single = {act for act in ACTS if BOOK.phrasings(act) == 1}
    assert single == WORD_FOR_WORD


# ---- one slot in words
def word(act: str, **given: Any) -> str:
    return BOOK.render(act, slots_of(act, **given), 0)


@pytest.mark.parametrize(
    ("amount", "words"),
    [("2388", "2,388.00 USD"), ("0.5", "0.50 USD"), ("1234567.891", "1,234,567.89 USD"), (49, "49.00 USD")],
)
def test_money(amount: Any, words: str) -> None:
    assert words in word("price_readback", amount=amount)


@pytest.mark.parametrize(
    ("percent", "words"), [("12.50", "12.5 percent"), ("10", "10 percent"), ("100.00", "100 percent")]
)
def test_percent(percent: str, words: str) -> None:
    assert word("discount_already", discount=percent).count(words) == 1


def test_a_discount_is_mentioned_where_there_is_one() -> None:
    assert word("answer_quote", discount="0") == word("answer_quote", discount="0.00")
    assert "discount" not in word("answer_quote", discount="0")
    assert word("answer_quote", discount="5").endswith(", 5 percent discount included.")


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (when("2026-11-24T20:00:00+00:00"), "today, Tuesday, November 24, 3:00 pm Eastern time"),
        (when("2026-11-25T19:00:00+00:00"), "tomorrow, Wednesday, November 25, 2:00 pm Eastern time"),
        (when("2026-11-30T15:00:00+00:00"), "Monday, November 30, 10:00 am Eastern time"),
        (when("2026-11-25T17:00:00+00:00"), "tomorrow, Wednesday, November 25, 12:00 pm Eastern time"),
        (when("2026-11-25T05:05:00+00:00"), "tomorrow, Wednesday, November 25, 12:05 am Eastern time"),
        (when("2026-11-25T03:00:00+00:00", "America/Los_Angeles"), "today, Tuesday, November 24, 7:00 pm Pacific time"),
        (when("2026-11-25T03:00:00+00:00", "Asia/Tokyo"), "today, Wednesday, November 25, 12:00 pm Tokyo time"),
        (when("2026-11-25T19:00:00+00:00", "America/Phoenix"),
         "tomorrow, Wednesday, November 25, 12:00 pm Arizona time"),
        (when("2026-11-25T19:00:00+00:00", "Europe/Isle_of_Man"),
         "tomorrow, Wednesday, November 25, 7:00 pm Isle of Man time"),
    ],
)  # fmt: skip
def test_a_time_is_the_buyers_clock_and_day(moment: dict[str, str], words: str) -> None:
    assert word("keep_meeting", when=moment) == f"Then it stays as it is: {words}."


def test_clocks_that_change_between_now_and_then() -> None:
    """On 2027-03-14 New York goes from UTC-5 to UTC-4, on 2026-11-01 back."""
    spring = ("2027-03-13T15:00:00+00:00", "2027-03-14T14:00:00+00:00", "tomorrow, Sunday, March 14, 10:00 am")
    autumn = ("2026-10-31T14:00:00+00:00", "2026-11-01T15:00:00+00:00", "tomorrow, Sunday, November 1, 10:00 am")
    twice = ("2026-11-01T04:00:00+00:00", "2026-11-01T06:30:00+00:00", "today, Sunday, November 1, 1:30 am")
    for now, at, words in (spring, autumn, twice):
        assert words in word("keep_meeting", when=when(at, now=now))


def test_times_on_offer_name_each_day_once_and_the_zone_once() -> None:
    offered = [when(f"2026-11-{at}:00:00+00:00") for at in ("25T14", "25T19", "30T15")]
    assert word("offer_slots", slots=offered) == (
        "I have tomorrow, Wednesday, November 25, at 9:00 am or 2:00 pm; or Monday, November 30, at 10:00 am"
        " Eastern time. Which one suits you?"
    )
    assert "at 9:00 am Eastern time" in word("offer_slots", slots=offered[:1])
    three_days = word("offer_slots", slots=[*offered[1:], when("2026-12-01T15:00:00+00:00")])
    assert three_days.count("; or ") == 1 and three_days.count(";") == 2 and three_days.count("time") == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(45, "45 seconds"), (60, "a minute"), (61, "2 minutes"), (120, "2 minutes"), (900, "15 minutes"),
     (3600, "60 minutes"), (7200, "2 hours"), (86400, "24 hours"), (172800, "2 days"), (170000, "48 hours")],
)  # fmt: skip
def test_durations_are_rounded_up(seconds: int, words: str) -> None:
    assert f"under {words}." in word("approval_wait_commit", duration=seconds)


def test_products_terms_and_starts_have_names() -> None:
    words = word("scope_readback", product="team", term="annual", start="2026-12-01")
    assert words == "So that's 12 Team seats, for twelve months, starting December 1. Is that right?"
    assert "month to month, starting the day you sign" in word("scope_readback", term="monthly", start="signature")
    assert "my sales director" in word("approval_pending", role="sales_director").lower()


# ---- what comes from outside stays text
HOSTILE = ["{company}", "{0}", "{agent.__class__}", "{", "}", "{{x}}", "%s", "%(name)s", "${name}", "<b>Sam</b>",
           "signature", "today", "\\n{purpose}", "{name!r:>99}"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_text_in_a_slot_stays_text(text: str) -> None:
    assert word("greet_name", name=text) == f"Thanks, {text}."
    assert word("answer_article", answer=text) == text
    assert word("gatekeeper_answer", purpose=text).count(text) == 1
    assert text in word("scope_readback", product=text)


@given(st.text(min_size=1, max_size=40))
def test_any_text_in_a_slot_stays_text(text: str) -> None:
    plain = " ".join(text.split())
    assert BOOK.render("answer_article", {"answer": text}, 0) == plain
    assert BOOK.render("greet_name", {"name": text}, 0) == " ".join(f"Thanks, {text}.".split())


# ---- planning
def test_an_act_is_planned_with_all_its_slots_or_not_at_all() -> None:
    turn = a_turn()
    with pytest.raises(KeyError, match="greet_name"):
        say(turn, "greet_name")
    with pytest.raises(KeyError, match="ask_name"):
        say(turn, "ask_name", name="Sam")
    with pytest.raises(KeyError):
        say(turn, "sing")
    assert turn.plan == []
    say(turn, "price_readback", **slots_of("price_readback"), quote_hash="q1")
    (line,) = turn.plan
    assert line["quote_hash"] == "q1" and line["uninterruptible"] and line["asks"] == "price_readback"
    assert "quote_hash" not in line["slots"] and line["disclosure_keys"] == ["price"]


def test_another_language_brings_its_own_currency_and_products(tmp_path: Path) -> None:
    file = tmp_path / "xx.yaml"
    file.write_text(TEXT)
    book: LineBook = load_lines(file.read_text(), "xx.yaml", {"team": "Equipo"}, "EUR")
    assert "12 Equipo seats come to 2,388.00 EUR" in book.render(
        "price_readback", slots_of("price_readback", product="team"), 0
    )
