"""How ready the buyer is: decayed, capped log-odds over typed evidence, in a state that never grows."""

import math
from bisect import insort
from dataclasses import dataclass
from datetime import datetime
from typing import NotRequired, TypedDict

from domain.errors import BadInput
from domain.evidence import CLASS_OF, EvidenceClass, EvidenceType
from domain.policy_selling import Intent

__all__ = [
    "EvidenceClass", "EvidenceType", "IntentState", "Score", "add", "class_of", "empty", "resolve", "score", "withdraw",
]  # fmt: skip

MOST_LIVE = 24
RESIDUE = 0.25  # what a resolved objection still weighs
MOST_LOG_ODDS = 5.0
_CONFIDENCE_SCALE = 3.0
_STRUCTURAL = list(EvidenceClass).index(EvidenceClass.STRUCTURAL)
_EXPLICIT = list(EvidenceClass).index(EvidenceClass.EXPLICIT)
_OBJECTION = EvidenceType.OBJECTION_OPEN.value
_REVERSAL = EvidenceType.REVERSAL.value
# Evidence behind a ledger fact: a contradiction may take it back, so it is folded last.
_KEPT = frozenset(kind.value for kind, cls in CLASS_OF.items() if cls is EvidenceClass.STRUCTURAL)


class Piece(TypedDict):
    """One observation. `t` is epoch seconds; `resolved` and `withdrawn` are set when that happened."""

    t: float
    id: str
    type: str
    conf: float
    resolved: NotRequired[float]
    withdrawn: NotRequired[float]


class IntentState(TypedDict):
    """JSON. `counts` and the sums hold the folded pieces, per type and unweighted, as of `at`: a changed weight applies
    to them too, and the sum of a class follows exactly."""

    live: list[Piece]
    at: float
    counts: dict[str, int]
    decaying: dict[str, float]  # of rho^k * conf * decay
    standing: float  # the same for folded objections, without decay, residue applied
    reversal: float | None  # time of the last folded reversal
    lifts: int  # folded explicit pieces after it


@dataclass(frozen=True, slots=True)
class Score:
    """`sums` are the clamped sums of the classes, in log-odds; `structural` is one of them."""

    s: float
    confidence: float
    sums: dict[str, float]
    structural: float


def empty() -> IntentState:
    return {"live": [], "at": 0.0, "counts": {}, "decaying": {}, "standing": 0.0, "reversal": None, "lifts": 0}


def add(
    state: IntentState | None, kind: str, at: datetime, confidence: float, policy_intent: Intent, evidence_id: str
) -> IntentState:
    """The state with one more observation. The same evidence_id counts once, however often it is added."""
    if kind not in policy_intent.weighing:
        raise BadInput("evidence", f"{kind!r} is no evidence type", "Use a member of EvidenceType")
    if not 0.0 < confidence <= 1.0:
        raise BadInput("confidence", f"{confidence} is outside 0 to 1", "Give the reader's confidence in the words")
    before = state or empty()
    if any(piece["id"] == evidence_id for piece in before["live"]):
        return before
    after = _copied(before)
    piece = Piece(t=at.timestamp(), id=evidence_id, type=str(kind), conf=confidence)
    insort(after["live"], piece, key=_order)
    while len(after["live"]) > MOST_LIVE:
        _make_room(after, piece["t"], policy_intent)
    return after


def resolve(state: IntentState, evidence_id: str, at: datetime) -> IntentState:
    """The buyer's objection is settled: from now on it weighs a quarter."""
    return _marked(state, evidence_id, "resolved", at)


def withdraw(state: IntentState, evidence_id: str, at: datetime) -> IntentState:
    """The observation no longer holds (its fact was contradicted): from now on it does not count."""
    return _marked(state, evidence_id, "withdrawn", at)


def class_of(kind: str) -> EvidenceClass:
    return CLASS_OF[EvidenceType(kind)]


def open_objections(state: IntentState | None) -> list[str]:
    """The ids of the objections that still stand."""
    live = state["live"] if state else []
    return [p["id"] for p in live if p["type"] == _OBJECTION and "resolved" not in p and "withdrawn" not in p]


def _marked(state: IntentState, evidence_id: str, mark: str, at: datetime) -> IntentState:
    if not any(piece["id"] == evidence_id and mark not in piece for piece in state["live"]):
        return state
    after = _copied(state)
    for piece in after["live"]:
        if piece["id"] == evidence_id:
            piece[mark] = at.timestamp()
    return after


def _copied(state: IntentState) -> IntentState:
    return {
        **state,
        "live": [piece.copy() for piece in state["live"]],
        "counts": dict(state["counts"]),
        "decaying": dict(state["decaying"]),
    }


def _order(piece: Piece) -> tuple[float, str]:
    """By time; the id decides between equal times, so that the order of arrival does not matter."""
    return piece["t"], piece["id"]


def score(state: IntentState | None, at: datetime, policy_intent: Intent) -> Score:
    """Readiness and confidence at a moment, line by line explainable from the class sums."""
    now = at.timestamp()
    held = state or empty()
    sums, counted = [0.0, 0.0, 0.0, 0.0, 0.0], 0.0
    weighing, rho, exp2 = policy_intent.weighing, policy_intent.repeat_factor, math.exp2
    age = held["at"] - now
    for name, mass in held["decaying"].items():
        place, weight, half_life, share = weighing[name]
        faded = mass * exp2(age / half_life)
        counted += share * faded
        sums[place] += weight * (held["standing"] if name == _OBJECTION else faded)
    seen = dict(held["counts"])
    reversed_at, lifts = held["reversal"], held["lifts"]
    for piece in held["live"]:
        t = piece["t"]
        if t > now or ("withdrawn" in piece and piece["withdrawn"] <= now):
            continue
        name = piece["type"]
        place, weight, half_life, share = weighing[name]
        k = seen.get(name, 0)
        seen[name] = k + 1
        size = piece["conf"] * rho**k if k else piece["conf"]
        faded = size * exp2((t - now) / half_life)
        counted += share * faded
        if name == _OBJECTION:
            faded = size * (RESIDUE if "resolved" in piece and piece["resolved"] <= now else 1.0)
        elif name == _REVERSAL:
            reversed_at, lifts = t, 0
        elif place == _EXPLICIT and reversed_at is not None and t > reversed_at:
            lifts += 1
        sums[place] += weight * faded
    return _judged(sums, counted, reversed_at is not None and lifts < policy_intent.reversal.explicit_positives_to_lift, policy_intent)  # noqa: E501  # fmt: skip


def _judged(sums: list[float], counted: float, reversed_: bool, intent: Intent) -> Score:
    clamped = [max(-cap, min(cap, value)) for value, cap in zip(sums, intent.caps, strict=True)]
    log_odds = max(-MOST_LOG_ODDS, min(MOST_LOG_ODDS, intent.b0 + sum(clamped)))
    s = 1.0 / (1.0 + math.exp(-log_odds))
    if reversed_:
        s = min(s, intent.reversal.ceiling)
    by_class = dict(zip(_CLASS_NAMES, clamped, strict=True))
    return Score(s, 1.0 - math.exp(-counted / _CONFIDENCE_SCALE), by_class, clamped[_STRUCTURAL])


_CLASS_NAMES = tuple(cls.value for cls in EvidenceClass)


def _make_room(state: IntentState, now: float, intent: Intent) -> None:
    """Drop one withdrawn piece, or fold one into the sums; changes the state in place."""
    live = state["live"]
    gone = next((n for n, piece in enumerate(live) if piece.get("withdrawn", math.inf) <= now), None)
    if gone is not None:
        del live[gone]
        return
    _fold(state, live.pop(_oldest_foldable(live, now)), intent)


def _oldest_foldable(live: list[Piece], now: float) -> int:
    """The oldest piece that nothing can change any more. A type is folded in the order of time, or k would be wrong."""
    best, seen = (3, 0), set[str]()
    for number, piece in enumerate(live):
        name = piece["type"]
        if name in seen:
            continue
        seen.add(name)
        standing = name == _OBJECTION and piece.get("resolved", math.inf) > now
        rank = 2 if standing else 1 if name in _KEPT else 0
        if not rank:
            return number
        best = min(best, (rank, number))
    return best[1]


def _fold(state: IntentState, piece: Piece, intent: Intent) -> None:
    name = piece["type"]
    reference = max(state["at"], piece["t"])
    for other, mass in state["decaying"].items():
        state["decaying"][other] = mass * math.exp2((state["at"] - reference) / intent.weighing[other].half_life_s)
    state["at"] = reference
    k = state["counts"].get(name, 0)
    size = piece["conf"] * intent.repeat_factor**k
    faded = size * math.exp2((piece["t"] - reference) / intent.weighing[name].half_life_s)
    state["counts"][name] = k + 1
    state["decaying"][name] = state["decaying"].get(name, 0.0) + faded
    if name == _OBJECTION:
        state["standing"] += size * (RESIDUE if "resolved" in piece else 1.0)
    elif name == _REVERSAL:
        state["reversal"], state["lifts"] = piece["t"], 0
    elif intent.weighing[name].place == _EXPLICIT and state["reversal"] is not None and piece["t"] > state["reversal"]:
        state["lifts"] += 1
