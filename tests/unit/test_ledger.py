"""Facts are claimed, confirmed, contradicted and superseded; nothing is overwritten, and third parties only claim."""

from dataclasses import replace
from typing import Any

import pytest

from domain.facts import FactStatus, confirmed, counts
from domain.ledger import close, confirm, learn, write
from domain.turn import Turn
from tests.builders import NOW, a_fact, a_turn, ago, next_turn, of_kind


def say(turn: Turn, key: str, value: Any, **how: Any) -> str:
    return learn(turn, key, value, quote=f"the words about {key}", **how)


def told(*turns: tuple[str, Any], key: str = "budget", **how: Any) -> tuple[Turn, list[str]]:
    """The same key told once a turn, by whoever is named."""
    turn, results = a_turn(), list[str]()
    for number, (speaker, value) in enumerate(turns):
        turn = next_turn(turn, f"t{number}", speaker=speaker)
        results.append(say(turn, key, value, **how))
    return turn, results


def status(turn: Turn, key: str = "budget") -> str:
    return turn.facts[key]["status"]


# ---- claimed, confirmed
def test_a_fact_in_passing_is_claimed() -> None:
    turn, results = told(("buyer", 5000))
    assert results == ["new"] and status(turn) == "claimed"
    assert turn.facts["budget"]["speaker"] == "buyer" and turn.facts["budget"]["confidence"] == 0.9


def test_a_direct_answer_confirms_and_a_hedged_one_does_not() -> None:
    sure, unsure = a_turn(), a_turn()
    say(sure, "budget", 5000, direct=True)
    say(unsure, "budget", 5000, direct=True, hedged=True)
    assert (status(sure), status(unsure)) == ("confirmed", "claimed")
    assert unsure.facts["budget"]["confidence"] == 0.85


def test_a_second_independent_turn_confirms() -> None:
    turn, results = told(("buyer", 5000), ("buyer", 5000), ("buyer", 5000))
    assert results == ["new", "confirmed", "same"] and status(turn) == "confirmed"


def test_saying_it_twice_in_one_turn_or_hedged_confirms_nothing() -> None:
    turn = a_turn()
    assert [say(turn, "budget", 5000), say(turn, "budget", 5000)] == ["new", "same"]
    assert say(next_turn(turn, "t2"), "budget", 5000, hedged=True) == "same"
    assert status(turn) == "claimed"


@pytest.mark.parametrize(
    ("before", "again", "same"),
    [
        (12, 12.0, True),
        ("Next  Month", "next month", True),
        (12, 13, False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        ("12", 12, False),
    ],
)
def test_what_counts_as_the_same_value(before: Any, again: Any, same: bool) -> None:
    _, results = told(("buyer", before), ("buyer", again), key="quantity")
    assert results[1] == ("confirmed" if same else "new")


def test_a_yes_to_the_read_back_confirms_what_was_read_back() -> None:
    turn = a_turn(facts=a_fact("contact.name", "Sam", "claimed", speaker="system"))
    confirm(turn, "contact.name")
    assert status(turn, "contact.name") == "confirmed" and turn.facts["contact.name"]["speaker"] == "buyer"
    written = len(turn.effects)
    confirm(turn, "contact.name")
    confirm(turn, "contact.email")
    assert len(turn.effects) == written, "confirmed already, or unknown"


# ---- contradicted
@pytest.mark.parametrize("key", ["budget", "timeline", "authority"])
def test_contradicting_what_was_confirmed_asks_and_overwrites_nothing(key: str) -> None:
    turn = a_turn(facts=a_fact(key, "old"))
    assert say(turn, key, "new") == "contradicted"
    assert turn.facts[key]["value"] == "old" and status(turn, key) == "contradicted"
    assert turn.deal["contradiction"] == {"key": key, "old": "old", "new": "new", "unit": None}
    assert not counts(turn.facts[key], NOW), "it counts as missing for guards"


@pytest.mark.parametrize("key", ["need", "preference.product", "quantity", "contact.email", "region"])
def test_where_little_is_at_stake_the_newest_wins(key: str) -> None:
    turn = a_turn(facts=a_fact(key, "old"))
    assert say(turn, key, "new") == "new"
    assert turn.facts[key]["value"] == "new" and "contradiction" not in turn.deal


def test_a_claim_may_be_corrected_without_a_question() -> None:
    turn, results = told(("buyer", 5000), ("buyer", 3000))
    assert results == ["new", "new"] and turn.facts["budget"]["value"] == 3000 and status(turn) == "claimed"


@pytest.mark.parametrize("value", [5000, 3000])
def test_saying_either_value_again_settles_a_contradiction(value: int) -> None:
    turn = a_turn(facts=a_fact("budget", 5000))
    say(turn, "budget", 3000)
    settled = next_turn(turn, "t2")
    assert say(settled, "budget", value) == "new"
    assert settled.facts["budget"]["value"] == value and status(settled) == "confirmed"
    assert "contradiction" not in settled.deal


def test_whoever_answers_directly_who_decides_is_believed_again() -> None:
    """In closing nobody asks "shall I change it?": the direct question about who decides has to be enough."""
    turn = a_turn(facts=a_fact("authority", True))
    say(turn, "authority", False)
    assert not confirmed(turn.facts["authority"], NOW)
    asked = next_turn(turn, "t2")
    assert say(asked, "authority", True, direct=True) == "new"
    assert confirmed(asked.facts["authority"], NOW) and "contradiction" not in asked.deal


def test_a_third_value_is_what_the_question_is_about_then() -> None:
    turn = a_turn(facts=a_fact("budget", 5000))
    say(turn, "budget", 3000)
    third = next_turn(turn, "t2")
    assert say(third, "budget", 4000) == "contradicted"
    assert third.deal["contradiction"]["new"] == 4000 and third.facts["budget"]["value"] == 5000


def test_a_contradiction_is_not_settled_by_the_words_that_made_it_nor_by_a_guess() -> None:
    turn = a_turn(facts=a_fact("budget", 5000))
    say(turn, "budget", 3000)
    assert say(turn, "budget", 3000) == "same"
    assert say(next_turn(turn, "t2"), "budget", 3000, hedged=True) == "same"
    assert status(turn) == "contradicted"


def test_confirming_or_closing_the_fact_leaves_no_question_open() -> None:
    for settle in (lambda t: confirm(t, "budget"), lambda t: close(t, "budget", FactStatus.WITHDRAWN)):
        turn = a_turn(facts=a_fact("budget", 5000))
        say(turn, "budget", 3000)
        settle(turn)
        assert "contradiction" not in turn.deal


# ---- third parties
def test_a_third_party_only_claims_however_often_and_directly() -> None:
    turn, results = told(("third_party", 5000), ("third_party", 5000), key="budget", direct=True)
    assert results == ["new", "same"] and status(turn) == "claimed"
    assert turn.facts["budget"]["speaker"] == "third_party"


@pytest.mark.parametrize("speaker", ["buyer", "system", "human_agent"])
def test_a_third_party_takes_back_nothing(speaker: str) -> None:
    turn = a_turn(facts=a_fact("contact.phone", "+15125550101", speaker=speaker))
    assert say(next_turn(turn, "t2", speaker="third_party"), "contact.phone", "+15125550199") == "same"
    assert turn.facts["contact.phone"]["value"] == "+15125550101" and turn.effects == []


@pytest.mark.parametrize(
    "key", ["authority", "objection.price", "request.discount", "scope", "price_ack", "commitment"]
)
def test_only_the_buyers_own_words_write_what_binds_the_buyer(key: str) -> None:
    turn = next_turn(a_turn(), "t2", speaker="third_party")
    assert say(turn, key, True, direct=True) == "same"
    assert turn.facts == {} and turn.effects == []


def test_the_buyer_confirms_what_a_third_party_claimed() -> None:
    turn, results = told(("third_party", 5000), ("buyer", 5000))
    assert results == ["new", "confirmed"] and turn.facts["budget"]["speaker"] == "buyer"


# ---- rows
def test_superseding_closes_the_row_and_inserts_another() -> None:
    turn = a_turn(facts=a_fact("quantity", 12, at=ago(days=2)))
    write(turn, "quantity", 14, quote="make it fourteen")
    closed, inserted = of_kind(turn, "fact_close"), of_kind(turn, "fact")
    assert closed == [{"kind": "fact_close", "fact_id": "fact:quantity", "status": "superseded"}]
    assert inserted[0]["supersedes"] == "fact:quantity" and inserted[0]["valid_from"] == NOW.isoformat()
    assert inserted[0]["fact_id"] == turn.facts["quantity"]["fact_id"] != "fact:quantity"


def test_the_same_value_was_true_since_it_was_first_said() -> None:
    turn = a_turn(facts=a_fact("quantity", 12, "claimed", at=ago(days=2)))
    say(turn, "quantity", 12)
    (row,) = of_kind(turn, "fact")
    assert row["valid_from"] == ago(days=2) and row["at"] == NOW.isoformat()


def test_a_row_says_where_it_comes_from() -> None:
    turn = a_turn()
    turn = replace(turn, event=replace(turn.event, data={"confidence": 0.8, "speaker": "buyer"}))
    say(turn, "authority", True, direct=True)
    (row,) = of_kind(turn, "fact")
    expected = {"channel": "voice", "asr_confidence": 0.8, "stake": "high", "type": "authority", "supersedes": None,
                "quote": "the words about authority", "turn_id": "t1"}  # fmt: skip
    assert {name: row[name] for name in expected} == expected


def test_deciding_a_turn_again_writes_the_same_rows() -> None:
    def decided() -> list[str]:
        turn = a_turn()
        for key in ("budget", "timeline"):
            say(turn, key, "x")
        say(turn, "budget", "y")
        return [row["fact_id"] for row in of_kind(turn, "fact")]

    assert decided() == decided() and len(set(decided())) == 3


def test_what_was_withdrawn_starts_anew() -> None:
    turn = a_turn(facts=a_fact("budget", 5000))
    close(turn, "budget", FactStatus.WITHDRAWN)
    assert "budget" not in turn.facts and of_kind(turn, "fact_close")[0]["status"] == "withdrawn"
    assert say(turn, "budget", 3000) == "new"
    assert of_kind(turn, "fact")[0]["supersedes"] is None


# ---- the life of a request
def test_a_request_is_open_until_the_system_meets_or_refuses_it() -> None:
    asked = {"kind": "discount", "value": "15", "unit": "percent"}
    turn = a_turn()
    write(turn, "request.discount", asked, status=FactStatus.OPEN, quote="15 percent off")
    assert counts(turn.facts["request.discount"], NOW)
    write(turn, "request.discount", asked, status=FactStatus.REFUSED, speaker="system")
    assert [row["status"] for row in of_kind(turn, "fact")] == ["open", "refused"]
    assert turn.facts["request.discount"]["speaker"] == "system"
    again = {**asked, "value": "8"}
    write(turn, "request.discount", again, status=FactStatus.OPEN, quote="8 then")
    assert turn.facts["request.discount"]["value"] == again and status(turn, "request.discount") == "open"
