"""Revocation: every reasonable wording is heard, and nothing else is taken for one."""

import json
from pathlib import Path

import pytest

from domain.reading import Reading, ReadingContext, Special, Wish
from nodes.reading.read import read

FOLDER = Path(__file__).parent / "reading"
ROOT = Path(__file__).parents[2]
FEWEST_WORDINGS, FEWEST_NEAR_MISSES = 80, 60
FEWEST_FURTHER, FROZEN = 300, 100
RECALL_OWN, RECALL_FROZEN = 0.97, 0.95


def lines(name: str) -> list[str]:
    rows = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [row for row in rows if row and not row.startswith("#")]


def heard(words: str, *, text: bool) -> Reading:
    return read(words, ReadingContext(text_channel=text))


def opts_out(words: str, *, text: bool) -> bool:
    return Special.OPT_OUT in heard(words, text=text).specials


@pytest.mark.parametrize("words", lines("opt_out_any_channel"))
@pytest.mark.parametrize("text", [False, True], ids=["voice", "text"])
def test_a_revocation_is_heard_on_every_channel(words: str, text: bool) -> None:
    assert opts_out(words, text=text)


def test_nearly_every_further_wording_is_heard() -> None:
    wordings = lines("opt_out_wordings")
    missed = [words for words in wordings if not opts_out(words, text=False)]
    assert len(wordings) >= FEWEST_FURTHER
    assert len(missed) <= (1 - RECALL_OWN) * len(wordings), missed


def test_wordings_that_were_frozen_before_the_rules_are_heard() -> None:
    """Only the share is told: whoever reads the misses would begin to write rules for them."""
    rows = [json.loads(row) for row in (FOLDER / "do_not_call_frozen.jsonl").read_text("utf-8").splitlines()]
    caught = sum(opts_out(row["words"], text=row["channel"] == "text") for row in rows)
    assert len(rows) == FROZEN
    assert caught / len(rows) >= RECALL_FROZEN, f"{caught} of {len(rows)}"


@pytest.mark.parametrize("words", lines("opt_out_text_only"))
def test_a_keyword_counts_as_a_whole_message_in_text(words: str) -> None:
    assert opts_out(words, text=True)


@pytest.mark.parametrize("words", ["stop", "Cancel.", "end", "quit", "remove"])
def test_a_keyword_that_means_other_things_does_not_count_in_a_call(words: str) -> None:
    assert not opts_out(words, text=False)


@pytest.mark.parametrize("words", lines("opt_out_near_misses"))
@pytest.mark.parametrize("text", [False, True], ids=["voice", "text"])
def test_no_false_alarm(words: str, text: bool) -> None:
    assert not opts_out(words, text=text)


@pytest.mark.parametrize("words", lines("opt_out_any_channel"))
def test_who_revokes_asks_for_nothing_else(words: str) -> None:
    assert heard(words, text=True).wishes <= {Wish.GOODBYE}


def test_every_keyword_of_the_policy_counts() -> None:
    keywords = json.loads((ROOT / "policy" / "data" / "keywords.json").read_text(encoding="utf-8"))
    assert [word for word in keywords["per_se_revocation_sms"] if not opts_out(word, text=True)] == []
    assert [word for word in keywords["free_text_revocation"] if not opts_out(word, text=False)] == []


def test_the_lists_are_long_enough() -> None:
    assert len(lines("opt_out_any_channel")) + len(lines("opt_out_text_only")) >= FEWEST_WORDINGS
    assert len(lines("opt_out_near_misses")) >= FEWEST_NEAR_MISSES
