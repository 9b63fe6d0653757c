"""Every guard holds where it must, refuses where it must, and no row can do without any of its guards."""

import pytest

from domain.firing import fire
from domain.guards.check import Check
from domain.guards.families import GUARDS
from domain.refusal import Refused
from domain.stages import Overlay, Step
from domain.transitions import TABLE, Transition
from domain.turn import Turn, copied
from tests.situations import anywhere, booking, closing, opening, reaching, transfer
from tests.situations.case import Case, Situation, lets_pass, merged, turn_of

ALL: tuple[Case, ...] = (
    *reaching.CASES, *opening.CASES, *booking.CASES, *transfer.CASES, *closing.CASES, *anywhere.CASES,
)  # fmt: skip
BY_GUARD = {case.guard: case for case in ALL}
GUARDED = [(row, name) for row in TABLE for name in row.guards]
# This guard never stops its row: an approval that no longer holds is settled as void.
SETTLES = "revalidate_policy_facts_gate_quote"


def always(_: Turn) -> Check:
    return Check(True, "forced")


def never(_: Turn) -> Check:
    return Check(False, "forced")


def test_every_guard_has_situations_of_both_kinds() -> None:
    assert set(BY_GUARD) == set(GUARDS) and len(ALL) == len(GUARDS)
    assert [case.guard for case in ALL if not (case.holds and case.fails)] == []


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.guard)
def test_guard_judges_its_situations(case: Case) -> None:
    assert case.wrong(GUARDS[case.guard]) == []


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.guard)
def test_a_guard_that_was_forced_would_be_noticed(case: Case) -> None:
    assert case.wrong(always), "forced to hold"
    assert case.wrong(never), "forced to refuse"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.guard)
def test_a_guard_says_what_decided_and_changes_nothing(case: Case) -> None:
    for given in (case.holds[0], merged(case.holds[0], case.fails[0])):
        turn = turn_of(given)
        before = copied(turn.update())
        assert GUARDS[case.guard](turn).value
        if case.guard == SETTLES:
            before["turn"]["void"] = turn.work["void"]
        assert turn.update() == before


def complete(row: Transition) -> Situation:
    """A situation in which the row fires: all its guards hold, where it starts."""
    source = row.sources[0]
    start: Situation = {"step": Step.DISCOVERY}
    if isinstance(source, Step):
        start = {"step": source}
    elif isinstance(source, Overlay):
        start = {"step": Step.PRICE, "overlay": source}
    return merged(*(BY_GUARD[name].holds[0] for name in row.guards), start)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.id)
def test_row_fires_where_all_its_guards_hold(row: Transition) -> None:
    turn = turn_of(complete(row))
    assert fire(turn, row.trigger) is row
    assert turn.fired == [row.id] and turn.work["refused"] == []


@pytest.mark.parametrize(("row", "name"), GUARDED, ids=[f"{row.id}-{name}" for row, name in GUARDED])
def test_row_needs_each_of_its_guards(row: Transition, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without = merged(complete(row), BY_GUARD[name].fails[0])
    turn = turn_of(without)
    outcome = fire(turn, row.trigger)
    if name == SETTLES:
        assert outcome is row and turn.work["void"]
    else:
        assert isinstance(outcome, Refused) and outcome.guard == name and outcome.why
        assert turn.fired == []
    monkeypatch.setitem(GUARDS, name, always)
    forced = turn_of(without)
    assert fire(forced, row.trigger) is row and lets_pass(always, forced)
