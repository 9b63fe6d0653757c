"""On every walk through the table: four rows a turn, only rows that leave the step, money in closing, no way around."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from domain.authority import may
from domain.firing import fire
from domain.guards.check import Check, Predicate
from domain.guards.families import GUARDS
from domain.refusal import Refused
from domain.stages import COMMIT_STEPS, Overlay, Stage, Step
from domain.transitions import ANYWHERE, BY_ID, BY_TRIGGER, TABLE, Transition, Trigger, leaves
from domain.turn import MOST_ROWS, Turn
from nodes.presence import remembered_step
from tests.builders import a_policy, a_turn, next_turn, of_kind

POLICY = a_policy(autonomy__levels=dict.fromkeys(("contract.send", "payment.link", "discount.apply"), "L3"))
CLOSING = frozenset({"pricing.read", "quote.create", "discount.apply", "contract.send", "payment.link"})
COMMITTING = frozenset({"contract.send", "payment.link"})
# What must have been shown before a session may stand in a step of closing.
SHOWN: dict[Step, frozenset[str]] = {
    Step.SCOPE: frozenset(),
    Step.PRICE: frozenset({"T28"}),
    Step.COMPLIANCE: frozenset({"T28", "T29"}),
    Step.COMMIT_REQUESTED: frozenset({"T28", "T29", "T30"}),
    Step.COMMITTED: frozenset({"T28", "T29", "T30", "T31"}),
}
# What stays open at an end: the one confirmation that a buyer who opts out still gets.
OUTLIVES = {Step.DNC: frozenset({"messaging.optout_confirm"})}
SALE = ("T05", "T06", "T07", "T10", "T15", "T16", "T18", "T28", "T29", "T30", "T31")
REAL = ("buyer_not_reached_yet",)  # its truth is the step itself, which the walk must not fake


def holds(_: Turn) -> Check:
    return Check(True, "drawn")


def fails(_: Turn) -> Check:
    return Check(False, "drawn")


@contextmanager
def drawn_guards(names: list[str], failed: str) -> Iterator[None]:
    """All named guards hold but one."""
    drawn: dict[str, Predicate] = {name: fails if name == failed else holds for name in names if name not in REAL}
    with patch.dict(GUARDS, drawn):
        yield


@dataclass
class Walk:
    """A session that is led through the table at random, and what has been shown on the way."""

    random: Random
    turn: Turn = field(default_factory=lambda: a_turn(Step.NEW, policy=POLICY, epoch=0))
    turns: int = 0
    shown: frozenset[str] = frozenset()
    fired: list[str] = field(default_factory=list[str])
    committed: int = 0

    def begin(self) -> None:
        """Some way along a sale, so that walks see closing as often as opening."""
        for name in SALE[: self.random.randint(0, 15)]:
            self._next()
            self._attempt(BY_ID[name].trigger, "")

    def step(self) -> None:
        """One event with up to six attempts to fire; every one is checked."""
        self._next()
        for _ in range(self.random.randint(1, 6)):
            trigger = self._trigger()
            guards = [name for row in BY_TRIGGER[trigger] for name in row.guards]
            self._attempt(trigger, self.random.choice(guards) if guards and self.random.random() < 0.2 else "")
        assert len(self.turn.fired) <= MOST_ROWS

    def _next(self) -> None:
        self.turns += 1
        self.turn = replace(next_turn(self.turn, f"t{self.turns}"), score=self.random.random())

    def _trigger(self) -> Trigger:
        """Mostly a row of this very place that goes on, sometimes one from anywhere, seldom one that ends it."""
        here = [row for row in TABLE if leaves(row, self.turn.step, self.turn.overlay)]
        named = [row for row in here if ANYWHERE not in row.sources]
        ends = [row for row in named if isinstance(row.target, Step) and row.target.terminal]
        onward = [row for row in named if row not in ends]
        (rows,) = self.random.choices((onward, ends, here, TABLE), (80, 8, 8, 4))
        return self.random.choice(rows or onward or TABLE).trigger

    def _attempt(self, trigger: Trigger, failed: str) -> None:
        turn = self.turn
        before, fired = (turn.step, turn.overlay, turn.epoch), len(turn.fired)
        guards = [name for row in BY_TRIGGER[trigger] for name in row.guards]
        if trigger is Trigger.SLOT_EXPLICITLY_ACCEPTED and not failed:
            turn.deal["appointment"] = {"starts": "later"}
        with drawn_guards(guards, failed):
            outcome = fire(turn, trigger, history=remembered_step(turn))
        if isinstance(outcome, Refused):
            assert (turn.step, turn.overlay, turn.epoch) == before and len(turn.fired) == fired
            return
        self._fired(outcome, *before, failed)

    def _fired(self, row: Transition, step: Step, overlay: Overlay | None, epoch: int, failed: str) -> None:
        turn = self.turn
        self.fired.append(row.id)
        assert leaves(row, step, overlay), "a row fires only from where it leaves"
        assert failed not in row.guards or failed in REAL, "a row fires only if all its guards hold"
        changed = turn.step.stage != step.stage
        assert turn.epoch == epoch + (1 if row.revokes or changed else 0)
        self._note_what_was_shown(row)
        self._check_place()

    def _note_what_was_shown(self, row: Transition) -> None:
        if row.id in ("T28", "T29", "T30", "T31"):
            self.shown |= {row.id}
        elif row.id != "T44" and self.turn.step in SHOWN:
            self.shown &= SHOWN[self.turn.step]
        self.committed += row.id == "T31"

    def _check_place(self) -> None:
        turn = self.turn
        opened = set(turn.authority["open"])
        assert turn.step in SHOWN or opened.isdisjoint(CLOSING), f"{opened & CLOSING} is open in {turn.step}"
        assert turn.step.stage is Stage.CLOSE or all(may(turn, scope) for scope in CLOSING)
        assert turn.step in COMMIT_STEPS or all(may(turn, scope) for scope in COMMITTING)
        assert self.shown >= SHOWN.get(turn.step, frozenset()), f"{turn.step} without {SHOWN[turn.step] - self.shown}"
        assert (turn.overlay is None) == (turn.remembered is None)
        if turn.step.terminal:
            assert opened <= OUTLIVES.get(turn.step, frozenset()) and turn.overlay is None


# A walk that breaks a rule is as short as its seed says; looking for a shorter one takes minutes.
@settings(max_examples=100, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_no_walk_breaks_the_rules(random: Random, length: int) -> None:
    walk = Walk(random)
    walk.begin()
    for _ in range(length):
        walk.step()


def test_the_walks_go_everywhere() -> None:
    """The property would say nothing if its walks never got to a commitment: these fire every row of the table."""
    seen, committed = set[str](), 0
    for seed in range(300):
        walk = Walk(Random(seed))
        walk.begin()
        for _ in range(8):
            walk.step()
        seen |= set(walk.fired)
        committed += walk.committed
    assert set(BY_ID) - seen == set() and committed > 20


@given(st.sampled_from(list(Step)), st.sampled_from([None, *Overlay]), st.sampled_from(list(Trigger)))
def test_a_refusal_leaves_no_trace_but_what_was_judged(step: Step, overlay: Overlay | None, trigger: Trigger) -> None:
    """From any place at all, with nothing known: what refuses writes guard results and nothing else."""
    turn = a_turn(step, None if step.terminal else overlay)
    outcome = fire(turn, trigger)
    if isinstance(outcome, Refused):
        assert {e["kind"] for e in turn.effects} <= {"guard_result"}
        assert turn.step is step and turn.fired == [] and turn.work["refused"][-1]["guard"] == outcome.guard
    else:
        assert [e["transition"] for e in of_kind(turn, "transition")] == [outcome.id]
