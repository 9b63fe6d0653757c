"""Gates: two turns to open, one with an explicit sign, at once shut by a reversal, and no flapping."""

import random
from pathlib import Path
from typing import Any

import pytest

from domain.gates import Gate, observe
from domain.policy import load_policy
from domain.policy_selling import Dwell

DWELL = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default").intent.dwell


def turn(base: Gate | None, s: float, *, explicit: bool = False, reversal: bool = False) -> Gate:
    return observe(base, s, 0.60, 0.50, explicit=explicit, reversal=reversal, dwell=DWELL)


def play(*scores: float) -> list[bool]:
    gate, states = None, list[bool]()
    for s in scores:
        gate = turn(gate, s)
        states.append(gate["open"])
    return states


def test_two_turns_in_a_row_open_it() -> None:
    assert play(0.6, 0.6) == [False, True]
    assert play(0.6, 0.59, 0.6) == [False, False, False]


def test_one_turn_with_an_explicit_sign_opens_it() -> None:
    assert turn(None, 0.6, explicit=True)["open"]
    assert not turn(None, 0.59, explicit=True)["open"]


def test_two_turns_in_a_row_below_exit_shut_it() -> None:
    assert play(0.7, 0.7, 0.49, 0.49) == [False, True, True, False]
    assert play(0.7, 0.7, 0.49, 0.5, 0.49) == [False, True, True, True, True]


def test_a_reversal_shuts_it_at_once_and_counting_starts_again() -> None:
    opened: Gate = {"open": True, "above": 5, "below": 0}
    shut = turn(opened, 0.9, explicit=True, reversal=True)
    assert shut == {"open": False, "above": 0, "below": 0}
    assert [turn(shut, 0.9)["open"], turn(turn(shut, 0.9), 0.9)["open"]] == [False, True]


def test_a_reversal_does_not_count_towards_opening() -> None:
    assert not turn({"open": False, "above": 1, "below": 0}, 0.9, explicit=True, reversal=True)["open"]


def test_several_observations_of_one_turn_count_once() -> None:
    base = turn(None, 0.7)
    first = turn(base, 0.3)
    assert first == {"open": False, "above": 0, "below": 1}
    assert turn(base, 0.7) == {"open": True, "above": 2, "below": 0}
    assert base == {"open": False, "above": 1, "below": 0}


@pytest.mark.parametrize(("up", "down"), [(1, 1), (3, 2), (2, 4)])
def test_dwell_comes_from_policy(up: int, down: int) -> None:
    dwell = Dwell(up_turns=up, down_turns=down)
    gate: Any = None
    for turns in range(1, up + 1):
        gate = observe(gate, 0.6, 0.6, 0.5, explicit=False, reversal=False, dwell=dwell)
        assert gate["open"] == (turns == up)
    for turns in range(1, down + 1):
        gate = observe(gate, 0.4, 0.6, 0.5, explicit=False, reversal=False, dwell=dwell)
        assert gate["open"] == (turns < down)


def test_noise_around_the_threshold_does_not_make_it_flap() -> None:
    """Deviation .06 around .60 over 40 turns: about 20.1 flips for a bare threshold, about 1.2 for the gate."""
    noise = random.Random(1)
    bare = gated = 0
    for _ in range(200):
        gate, above = None, False
        for _ in range(40):
            s = 0.60 + noise.gauss(0, 0.06)
            bare += (s >= 0.60) != above
            above = s >= 0.60
            was = gate is not None and gate["open"]
            gate = turn(gate, s)
            gated += gate["open"] != was
    assert bare / 200 == pytest.approx(20.1, abs=0.05)
    assert gated / 200 == pytest.approx(1.20, abs=0.005)
