"""The worked examples of the score, the reversal ceiling, the bounds of the state and its cost."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain import intent
from domain.errors import BadInput
from domain.evidence import CLASS_OF, EvidenceClass, EvidenceType
from domain.policy import Policy, load_policy

START = datetime(2026, 11, 24, 15, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
Seen = tuple[int, str, float]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(Path("policy/default.yaml").read_text("utf-8"), "default")


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def build(policy: Policy, seen: list[Seen], until: float) -> intent.IntentState:
    """What was seen up to a moment: the state holds the present, so later evidence is added later."""
    state = intent.empty()
    for second, kind, confidence in seen:
        if second <= until:
            state = intent.add(state, kind, at(second), confidence, policy.intent, f"{kind}@{second}")
    return state


A: list[Seen] = [
    (0, "stays_on_line", 1),
    (60, "need_confirmed", 0.9),
    (90, "asks_price", 1),
    (150, "timeline_30d", 0.9),
    (200, "affirmative", 1),
    (240, "authority_confirmed", 0.9),
]
A_ACCEPTS: list[Seen] = [*A, (270, "accept_transfer_now", 1)]
B: list[Seen] = [
    *A_ACCEPTS,
    (400, "budget_confirmed", 1),
    (460, "scope_confirm", 1),
    (520, "price_ack", 1),
    (560, "asks_to_buy", 1),
]
C: list[Seen] = [
    *B,
    (600, "reversal", 1),
    (173_400, "returned_unprompted", 1),
    (173_520, "scope_confirm", 1),
    (173_600, "asks_to_buy", 1),
]
D: list[Seen] = [
    *[(20 * n, "affirmative", 1.0) for n in range(12)],
    (250, "asks_next_step", 1),
    (260, "asks_detail", 1),
    (265, "asks_price", 1),
    (280, "asks_next_step", 1),
]
E: list[Seen] = [*A_ACCEPTS, (300, "objection_open", 1)]

# second, S, confidence, heat, engagement, structural, explicit, negative
EXAMPLES = {
    "A1": (A, 90, 0.2734, 0.4484, 0.1424, 0.4500, 0.6300, 0, 0),
    "A2": (A, 240, 0.6276, 0.7232, 0.4726, 0.4495, 1.7999, 0, 0),
    "A3": (A_ACCEPTS, 270, 0.8339, 0.8010, 0.4645, 0.4494, 1.7999, 1.1000, 0),
    "A4": (A_ACCEPTS, 870, 0.8106, 0.7885, 0.3284, 0.4472, 1.7993, 1.0790, 0),
    "A5": (A_ACCEPTS, 270 + 4 * HOUR, 0.6634, 0.7221, 0.0001, 0.4003, 1.7851, 0.6930, 0),
    "A6": (A_ACCEPTS, 270 + 3 * DAY, 0.3561, 0.5510, 0, 0.0562, 1.5514, 0.0003, 0),
    "B1": (B, 460, 0.9404, 0.8956, 0.4162, 0.4487, 2.4000, 1.6933, 0),
    "B2": (B, 520, 0.9453, 0.9247, 0.4020, 0.4485, 2.4000, 1.8000, 0),
    "B3": (B, 560, 0.9449, 0.9458, 0.3928, 0.4483, 2.4000, 1.8000, 0),
    "C1": (C, 600, 0.5500, 0.9554, 0.3839, 0.4482, 2.4000, 1.8000, -1.6000),
    "C2": (C, 600 + DAY, 0.3473, 0.7801, 0, 0.2241, 2.3787, 0.2364, -1.2699),
    "C3": (C, 173_400, 0.4957, 0.7764, 0, 0.9120, 2.2638, 0.0148, -1.0079),
    "C4": (C, 173_520, 0.5500, 0.8106, 0, 0.9112, 2.2637, 0.3147, -1.0076),
    "C5": (C, 173_600, 0.7272, 0.8396, 0, 0.9106, 2.2636, 1.0139, -1.0074),
    "D1": (D, 280, 0.4378, 0.5134, 1.2000, 0.7499, 0, 0, 0),
    "D2": ([*D, (285, "asks_to_buy", 1)], 285, 0.7595, 0.6510, 1.2000, 0.7499, 0, 1.4000, 0),
    "E1": (E, 300, 0.7119, 0.8365, 0.4565, 0.4492, 1.7998, 1.0989, -0.7000),
    "E2": (E, 300 + 2 * HOUR, 0.5488, 0.7873, 0.0071, 0.4240, 1.7924, 0.8722, -0.7000),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_worked_example(policy: Policy, name: str) -> None:
    seen, second, s, confidence, *sums = EXAMPLES[name]
    result = intent.score(build(policy, seen, second), at(second), policy.intent)
    assert result.s == pytest.approx(s, abs=6e-5)
    assert result.confidence == pytest.approx(confidence, abs=6e-5)
    assert list(result.sums.values()) == pytest.approx(sums, abs=6e-5)
    assert list(result.sums) == [cls.value for cls in EvidenceClass]
    assert result.structural == result.sums["structural"]


def test_resolved_objection_keeps_a_quarter(policy: Policy) -> None:
    """Example E3."""
    state = intent.resolve(build(policy, E, 300), "objection_open@300", at(420))
    assert intent.open_objections(state) == []
    state = intent.add(state, "objection_resolved", at(420), 1, policy.intent, "resolved@420")
    result = intent.score(state, at(420), policy.intent)
    assert (round(result.s, 4), round(result.confidence, 4)) == (0.8574, 0.8813)
    assert result.sums["negative"] == pytest.approx(-0.175)
    assert result.structural == pytest.approx(2.1997, abs=6e-5)


def test_ceiling_holds_until_two_explicit_signs_after_the_last_reversal(policy: Policy) -> None:
    state = build(policy, B, 560)
    assert intent.score(state, at(560), policy.intent).s > 0.9
    state = intent.add(state, "reversal", at(600), 1, policy.intent, "r1")
    state = intent.add(state, "asks_to_buy", at(600), 1, policy.intent, "same moment")  # not after it
    state = intent.add(state, "price_ack", at(620), 1, policy.intent, "p1")
    assert intent.score(state, at(620), policy.intent).s == 0.55
    lifted = intent.add(state, "asks_to_buy", at(640), 1, policy.intent, "p2")
    assert intent.score(lifted, at(640), policy.intent).s > 0.55
    again = intent.add(lifted, "reversal", at(660), 1, policy.intent, "r2")
    assert intent.score(again, at(660), policy.intent).s <= 0.55


def test_ceiling_survives_folding(policy: Policy) -> None:
    state = build(policy, B, 560)
    state = intent.add(state, "reversal", at(600), 0.1, policy.intent, "r")
    for n in range(40):
        state = intent.add(state, "affirmative", at(610 + n), 1, policy.intent, f"a{n}")
    assert not any(piece["type"] == "reversal" for piece in state["live"])
    assert intent.score(state, at(650), policy.intent).s == 0.55
    state = intent.add(state, "price_ack", at(651), 1, policy.intent, "e1")
    for n in range(40):
        state = intent.add(state, "affirmative", at(652 + n), 1, policy.intent, f"b{n}")
    assert not any(piece["id"] == "e1" for piece in state["live"])
    assert intent.score(state, at(700), policy.intent).s == 0.55
    state = intent.add(state, "asks_to_buy", at(701), 1, policy.intent, "e2")
    assert intent.score(state, at(701), policy.intent).s > 0.8


def fill(policy: Policy, state: intent.IntentState, second: int) -> intent.IntentState:
    """Enough small talk to fold everything that may be folded."""
    for n in range(intent.MOST_LIVE + 6):
        state = intent.add(state, "affirmative", at(second + n), 1, policy.intent, f"talk{second + n}")
    return state


def test_a_resolved_objection_keeps_its_quarter_when_it_is_folded(policy: Policy) -> None:
    state = intent.add(None, "objection_open", at(0), 1, policy.intent, "price")
    state = fill(policy, intent.resolve(state, "price", at(10)), 20)
    assert not any(piece["id"] == "price" for piece in state["live"])
    assert intent.score(state, at(3 * DAY), policy.intent).sums["negative"] == pytest.approx(-0.175)


def test_what_may_be_taken_back_stays_live(policy: Policy) -> None:
    state = intent.add(None, "objection_open", at(0), 1, policy.intent, "price")
    for n, kind in enumerate(("need_confirmed", "budget_confirmed", "authority_confirmed", "timeline_30d")):
        state = intent.add(state, kind, at(1 + n), 1, policy.intent, kind)
    state = fill(policy, state, 20)
    assert intent.open_objections(state) == ["price"]
    before = intent.score(state, at(100), policy.intent)
    after = intent.score(intent.withdraw(state, "budget_confirmed", at(100)), at(100), policy.intent)
    assert before.sums["structural"] - after.sums["structural"] == pytest.approx(2.4 - 2.0, abs=1e-3)
    resolved = intent.score(intent.resolve(state, "price", at(100)), at(100), policy.intent)
    assert resolved.sums["negative"] == pytest.approx(-0.175)


def test_withdrawn_evidence_no_longer_counts_and_repeats_move_up(policy: Policy) -> None:
    first = intent.add(None, "budget_confirmed", at(0), 1, policy.intent, "five thousand")
    alone = intent.score(first, at(0), policy.intent)
    assert intent.score(intent.withdraw(first, "five thousand", at(0)), at(0), policy.intent).structural == 0
    both = intent.add(first, "budget_confirmed", at(0), 1, policy.intent, "three thousand")
    assert intent.score(both, at(0), policy.intent).structural == pytest.approx(0.7 * 1.5)
    left = intent.withdraw(both, "five thousand", at(0))
    assert intent.score(left, at(0), policy.intent) == alone


def test_marks_take_effect_at_their_time(policy: Policy) -> None:
    state = intent.add(None, "objection_open", at(0), 1, policy.intent, "price")
    later = intent.resolve(state, "price", at(100))
    assert intent.score(later, at(99), policy.intent).sums["negative"] == -0.7
    assert intent.score(later, at(100), policy.intent).sums["negative"] == pytest.approx(-0.175)
    gone = intent.withdraw(state, "price", at(100))
    assert intent.score(gone, at(99), policy.intent).sums["negative"] == -0.7
    assert intent.score(gone, at(100), policy.intent).sums["negative"] == 0


def test_the_same_evidence_counts_once(policy: Policy) -> None:
    once = intent.add(None, "asks_price", at(0), 1, policy.intent, "turn1:price")
    assert intent.add(once, "asks_price", at(5), 1, policy.intent, "turn1:price") == once


def test_functions_leave_their_input_alone(policy: Policy) -> None:
    state = build(policy, E, 300)
    before = json.dumps(state)
    intent.add(state, "price_ack", at(310), 1, policy.intent, "x")
    intent.resolve(state, "objection_open@300", at(310))
    intent.withdraw(state, "need_confirmed@60", at(310))
    assert json.dumps(state) == before


@pytest.mark.parametrize(("kind", "confidence"), [("smiles", 1.0), ("asks_price", 0.0), ("asks_price", 1.01)])
def test_unusable_evidence_is_refused(policy: Policy, kind: str, confidence: float) -> None:
    with pytest.raises(BadInput):
        intent.add(None, kind, at(0), confidence, policy.intent, "x")


def test_enthusiasm_alone_never_reaches_the_transfer_gate(policy: Policy) -> None:
    """The momentum lemma, on the state itself: everything of heat and engagement, as often as one likes."""
    state = intent.empty()
    light = [kind for kind, cls in CLASS_OF.items() if cls in (EvidenceClass.HEAT, EvidenceClass.ENGAGEMENT)]
    for n in range(50):
        for kind in light:
            state = intent.add(state, kind, at(0), 1, policy.intent, f"{kind}{n}")
    assert intent.score(state, at(0), policy.intent).s == pytest.approx(0.5744, abs=1e-4)
    assert intent.score(state, at(0), policy.intent).s < policy.gate("transfer")[0]


def test_state_stays_small_over_two_thousand_turns(policy: Policy) -> None:
    state, sizes = intent.empty(), list[int]()
    kinds = list(EvidenceType)
    for turn in range(2000):
        kind = kinds[turn % len(kinds)]
        state = intent.add(
            state, kind, at(turn * 20), 0.9, policy.intent, f"0193a5b2-7c1e-7def-8a01-{turn:012d}:{kind}"
        )
        if turn in (199, 1999):
            sizes.append(len(json.dumps(state)))
        assert len(state["live"]) <= intent.MOST_LIVE
    assert sizes[1] <= sizes[0] * 1.1
    assert sizes[1] < 7000
    assert json.loads(json.dumps(state)) == state


def test_thousands_of_open_objections_keep_the_bound(policy: Policy) -> None:
    state = intent.empty()
    for n in range(2000):
        state = intent.add(state, "objection_open", at(n), 1, policy.intent, f"o{n:04}")
    assert len(state["live"]) == intent.MOST_LIVE
    assert intent.score(state, at(2000), policy.intent).sums["negative"] == pytest.approx(-1.4)


def test_score_costs_no_more_than_reading_its_own_state_from_json(policy: Policy) -> None:
    """A score is asked for in every turn: with all the evidence it may keep it stays a small part of one."""
    state = intent.empty()
    kinds = list(EvidenceType)
    for n in range(60):
        state = intent.add(state, kinds[n % len(kinds)], at(n), 0.9, policy.intent, f"e{n}")
    assert len(state["live"]) == 24
    now, text = at(100), json.dumps(state)
    scored, parsed = 1.0, 1.0
    for _ in range(60):  # processor time, the best of many short rounds: other processes share these cores
        scored = min(scored, _spent(lambda: intent.score(state, now, policy.intent)))
        parsed = min(parsed, _spent(lambda: json.loads(text)))
    assert scored <= parsed


def _spent(work: Callable[[], object]) -> float:
    begun = time.thread_time()
    for _ in range(50):
        work()
    return (time.thread_time() - begun) / 50
