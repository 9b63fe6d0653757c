"""Makes a turn from keyword arguments, with the shipped policy and catalogue: what a test does not name is empty."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from domain.catalogue import load_catalogue
from domain.events import Event, EventKind
from domain.opening import blank_work, first_state
from domain.policy import Policy, load_policy
from domain.pricing import OrderScope, Quote, draft_quote
from domain.reading import Reading
from domain.stages import Channel, Overlay, Step
from domain.turn import Turn, copied

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
CATALOGUE = load_catalogue((ROOT / "policy/catalogue.yaml").read_text("utf-8"), "catalogue.yaml")
_POLICY_TEXT = (ROOT / "policy/default.yaml").read_text("utf-8")
POLICY = load_policy(_POLICY_TEXT, "default.yaml")
OPEN = {"open": True, "above": 2, "below": 0}
SHUT = {"open": False, "above": 0, "below": 0}
_CHANNELS = ("place", "facts", "intent", "talk", "deal", "authority")


def a_policy(**changes: Any) -> Policy:
    """The shipped policy with some places changed, named by their path: `compliance__cooling_off_days={"US-TX": 3}`."""
    raw = yaml.safe_load(_POLICY_TEXT)
    for path, value in changes.items():
        *way, last = path.split("__")
        block = raw
        for name in way:
            block = block[name]
        block[last] = value
    return load_policy(yaml.safe_dump(raw, sort_keys=False), "changed.yaml")


def an_event(kind: EventKind = EventKind.WORDS, **data: Any) -> Event:
    return Event("t1", kind, NOW, Channel(data.pop("channel", Channel.VOICE)), data)


def a_turn(
    step: Step = Step.DISCOVERY,
    overlay: Overlay | None = None,
    *,
    remembered: Step | None = None,
    event: Event | None = None,
    reading: Mapping[str, Any] | None = None,
    policy: Policy = POLICY,
    epoch: int = 3,
    score: float = 0.5,
    situation: Mapping[str, Any] | None = None,
    work: Mapping[str, Any] | None = None,
    plan: tuple[Mapping[str, Any], ...] = (),
    now: datetime = NOW,
    **channels: Mapping[str, Any],
) -> Turn:
    """Under an overlay the step stays the one that it covers. `channels` are laid over the first state's own."""
    if unknown := set(channels) - set(_CHANNELS):
        raise KeyError(f"a turn has no channel {sorted(unknown)}")
    state = copied(first_state("session-1"))
    for name, given in channels.items():
        state[name] = {**state[name], **copied(dict(given))}
    return Turn(
        session_id="session-1",
        event=event or an_event(),
        now=now,
        policy=policy,
        catalogue=CATALOGUE,
        reading=Reading(**(reading or {})),
        situation={"policy_version": policy.version, **copied(dict(situation or {}))},
        step=step,
        overlay=overlay,
        remembered=remembered or (step if overlay else None),
        epoch=epoch,
        score=score,
        **{name: state[name] for name in _CHANNELS},
        work={**blank_work(), **copied(dict(work or {}))},
        plan=[dict(line) for line in plan],
    )


def next_turn(turn: Turn, turn_id: str, **event: Any) -> Turn:
    """The turn that follows on the state that this one left."""
    kind = event.pop("kind", EventKind.WORDS)
    return replace(
        turn,
        event=replace(an_event(kind, **event), turn_id=turn_id),
        reading=Reading(),
        work=blank_work(),
        plan=[],
        effects=[],
    )


def a_fact(key: str, value: Any, status: str = "confirmed", **changes: Any) -> dict[str, Any]:
    """One ledger entry by its key, as a state holds it; join several with `|`."""
    kind = key.partition(".")[0]
    fact = {"fact_id": f"fact:{key}", "type": kind, "key": key, "value": value, "unit": None, "status": status,
            "confidence": 0.9, "at": NOW.isoformat(), "turn_id": "t0", "speaker": "buyer"}  # fmt: skip
    return {key: {**fact, **changes}}


def a_quote(discount: str = "0", quantity: int = 12, policy: Policy = POLICY, **changes: Any) -> dict[str, Any]:
    """A quote on the table, as the deal holds it."""
    drafted = draft_quote(policy, OrderScope("team", quantity), Decimal(discount), 1, NOW)
    assert isinstance(drafted, Quote)
    return {**drafted.to_json(), "unit_price": "199.00", "proposal_id": None, "issued_in_writing": False, **changes}


def an_answer(key: str, answer: str = "yes", quote_hash: str | None = None) -> dict[str, Any]:
    """What the buyer's words answered, as hearing leaves it in the work of the turn."""
    return {"answer_to": {"speech_id": "s1", "key": key, "answer": answer, "quote_hash": quote_hash}}


def heard(*speech_ids: str, status: str = "heard", at: datetime = NOW) -> dict[str, Any]:
    """Rows of speech as the database knows them."""
    return {"speech": {name: {"status": status, "heard_at": at.isoformat(), "channel": "voice"} for name in speech_ids}}


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


def ahead(**span: float) -> str:
    return (NOW + timedelta(**span)).isoformat()


def of_kind(turn: Turn, kind: str) -> list[dict[str, Any]]:
    """The effects of a kind that the turn asks for, in order."""
    return [effect for effect in turn.effects if effect["kind"] == kind]
