"""What holds for every course of evidence: bounds, decay, order, and folding that loses nothing."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import intent
from domain.evidence import CLASS_OF, SHARE, EvidenceClass, EvidenceType
from domain.policy import load_policy

POLICY = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default").intent
START = datetime(2026, 11, 24, 15, tzinfo=UTC)
KINDS = st.sampled_from(list(EvidenceType))
CONFIDENCES = st.floats(0.01, 1.0)


@dataclass
class Unfolded:
    """The formula itself over the whole history, without a bound: what the state must agree with."""

    pieces: list[dict[str, float | str]] = field(default_factory=list)

    def score(self, now: float) -> tuple[float, float]:
        sums, counted, seen = dict.fromkeys(EvidenceClass, 0.0), 0.0, dict[str, int]()
        reversals, explicit = list[float](), list[float]()
        for piece in sorted(self.pieces, key=lambda p: (p["t"], p["id"])):
            if float(piece.get("withdrawn", math.inf)) <= now:
                continue
            kind, t = EvidenceType(piece["kind"]), float(piece["t"])
            cls = CLASS_OF[kind]
            k = seen.get(kind, 0)
            seen[kind] = k + 1
            size = float(piece["conf"]) * POLICY.repeat_factor**k
            faded = size * 2.0 ** ((t - now) / POLICY.half_life_s[cls])
            counted += SHARE[cls] * faded
            if kind is EvidenceType.OBJECTION_OPEN:
                faded = size * (0.25 if float(piece.get("resolved", math.inf)) <= now else 1)
            sums[cls] += POLICY.weights[kind] * faded
            reversals += [t] if kind is EvidenceType.REVERSAL else []
            explicit += [t] if cls is EvidenceClass.EXPLICIT else []
        odds = POLICY.b0 + sum(max(-POLICY.cap[cls], min(POLICY.cap[cls], value)) for cls, value in sums.items())
        s = 1 / (1 + math.exp(-max(-5.0, min(5.0, odds))))
        if reversals and sum(t > max(reversals) for t in explicit) < 2:
            s = min(s, 0.55)
        return s, 1 - math.exp(-counted / 3)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


events = st.lists(st.tuples(st.floats(0, 4000), KINDS, CONFIDENCES), max_size=120)


@given(events, st.floats(0, 10**7))
@settings(max_examples=150, deadline=None)
def test_score_stays_in_its_bounds(seen: list[tuple[float, EvidenceType, float]], later: float) -> None:
    state, now = intent.empty(), 0.0
    for n, (gap, kind, confidence) in enumerate(seen):
        now += gap
        state = intent.add(state, kind, at(now), confidence, POLICY, f"e{n:04}")
    result = intent.score(state, at(now + later), POLICY)
    assert 1 / (1 + math.exp(5)) <= result.s <= 1 / (1 + math.exp(-5))
    assert 0 <= result.confidence < 1
    assert all(abs(value) <= POLICY.cap[EvidenceClass(cls)] + 1e-12 for cls, value in result.sums.items())
    assert len(state["live"]) <= intent.MOST_LIVE


@given(events, st.floats(0, 10**6), st.floats(1, 10**6))
@settings(max_examples=100, deadline=None)
def test_without_news_everything_fades(
    seen: list[tuple[float, EvidenceType, float]], first: float, more: float
) -> None:
    """Each class sum moves towards zero, and so does the confidence. (S itself may rise while a no is forgotten.)"""
    state, now = intent.empty(), 0.0
    for n, (gap, kind, confidence) in enumerate(seen):
        now += gap
        state = intent.add(state, kind, at(now), confidence, POLICY, f"e{n:04}")
    early, late = intent.score(state, at(now + first), POLICY), intent.score(state, at(now + first + more), POLICY)
    assert late.confidence <= early.confidence + 1e-12
    for cls in EvidenceClass:
        assert abs(late.sums[cls]) <= abs(early.sums[cls]) + 1e-12


@given(
    st.permutations([(kind, n) for n, kind in enumerate([*EvidenceType][:20])]),
    st.lists(CONFIDENCES, min_size=20, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_order_of_arrival_at_one_moment_does_not_matter(
    order: list[tuple[EvidenceType, int]], confidences: list[float]
) -> None:
    """Two pieces per type would differ in their repeat number, so the id decides, not the arrival."""

    def scored(arrival: list[tuple[EvidenceType, int]]) -> intent.Score:
        state = intent.empty()
        for kind, n in arrival:
            kind = EvidenceType.AFFIRMATIVE if n % 4 == 0 else kind
            state = intent.add(state, kind, START, confidences[n], POLICY, f"id{n}")
        return intent.score(state, at(60), POLICY)

    assert scored(order) == scored(sorted(order, key=lambda pair: pair[1]))


KEPT = [kind for kind, cls in CLASS_OF.items() if cls is EvidenceClass.STRUCTURAL] + [EvidenceType.OBJECTION_OPEN]


def course(chance: random.Random) -> Iterator[tuple[str, float, EvidenceType, float]]:
    """Long, with many objections and withdrawals: short courses fold nothing."""
    for _ in range(chance.randint(50, 150)):
        kind = chance.choice(KEPT if chance.random() < 0.4 else [*EvidenceType])
        act = chance.choice(["add", "add", "add", "add", "resolve", "withdraw"])
        yield act, chance.choice([0.0, chance.uniform(0, 4000)]), kind, chance.uniform(0.01, 1)


@given(st.integers(0, 10**9), st.floats(0, 10**6))
@settings(max_examples=150, deadline=None)
def test_folding_loses_nothing(seed: int, later: float) -> None:
    """Folded or not, the score is the same, as long as what can be taken back fits into the live list."""
    chance = random.Random(seed)
    state, history, now = intent.empty(), Unfolded(), 0.0
    for n, (act, gap, kind, confidence) in enumerate(course(chance)):
        now += gap
        t = at(now).timestamp()
        kept = [p for p in history.pieces if p["kind"] in KEPT and "withdrawn" not in p and "resolved" not in p]
        if act == "add" and (kind not in KEPT or len(kept) < 14):
            state = intent.add(state, kind, at(now), confidence, POLICY, f"e{n:04}")
            history.pieces.append({"t": t, "id": f"e{n:04}", "kind": kind.value, "conf": confidence})
        elif act == "resolve" and (objections := [p for p in kept if p["kind"] == "objection_open"]):
            chosen = chance.choice(objections)
            state = intent.resolve(state, str(chosen["id"]), at(now))
            chosen["resolved"] = t
        elif act == "withdraw" and kept:
            chosen = chance.choice(kept)
            state = intent.withdraw(state, str(chosen["id"]), at(now))
            chosen["withdrawn"] = t
    moment = at(now + later)
    result = intent.score(state, moment, POLICY)
    s, confidence = history.score(moment.timestamp())
    assert result.s == pytest.approx(s, abs=1e-9)
    assert result.confidence == pytest.approx(confidence, abs=1e-9)
