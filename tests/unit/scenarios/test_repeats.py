"""Repeats of a scenario must end alike, except that chance decides which of two racing sessions came first."""

from graph.scenarios.runs import differences

WON, LOST = {"path": "T05", "acts": ["slot_readback"]}, {"path": "", "acts": ["no_slots_then"]}
RACE = frozenset({"A", "B"})


def test_another_end_is_a_difference() -> None:
    assert differences({"A": WON}, {"A": WON}) == []
    assert differences({"A": WON}, {"A": LOST}) == [
        "A: path differs from repeat 1:  instead of T05",
        "A: acts differs from repeat 1: ['no_slots_then'] instead of ['slot_readback']",
    ]


def test_who_won_a_race_is_none() -> None:
    assert differences({"A": WON, "B": LOST}, {"A": LOST, "B": WON}, RACE) == []
    assert differences({"A": WON, "B": LOST}, {"A": LOST, "B": WON}) != []


def test_that_both_won_is_one() -> None:
    assert differences({"A": WON, "B": LOST}, {"A": WON, "B": WON}, RACE) != []


def test_a_session_beside_the_race_is_compared_by_itself() -> None:
    first, other = {"A": WON, "B": LOST, "C": WON}, {"A": LOST, "B": WON, "C": LOST}
    assert [line[:2] for line in differences(first, other, RACE)] == ["C:", "C:"]
