"""Words that were hardly heard write no fact and give no consent, whatever they are; an opt-out counts all the same."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.events import Event, EventKind
from domain.opening import first_state
from domain.ports import Ports
from domain.stages import Channel, Step
from nodes.hearing import LOW_CONFIDENCE
from nodes.listen import listen
from nodes.reading.read import read
from nodes.weigh import weigh
from tests.builders import CATALOGUE, NOW, POLICY, a_quote, copied
from tests.property.test_reading_properties import ASKED, WORDS

STEPS = (Step.NEW, Step.CONSENT, Step.DISCOVERY, Step.SLOTS_OFFERED, Step.OFFERED, Step.SCOPE, Step.PRICE,
         Step.COMMIT_REQUESTED)  # fmt: skip
# A buyer is there, revocation, a person, back from a pause: nothing else may follow from words that were hardly heard.
ALLOWED = {"T05", "T39", "T40", "T44"}
DOUBTFUL = st.floats(0.0, LOW_CONFIDENCE, exclude_max=True)
QUIET = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class _Policies:
    async def current(self, version: str, region: str | None, product: str | None) -> Any:
        return POLICY


class _Desk:
    def __init__(self, asked: str) -> None:
        self.asked = asked

    async def situation(self, session_id: str) -> dict[str, Any]:
        row = {"status": "heard", "heard_at": NOW.isoformat(), "channel": "voice", "queued_at": NOW.isoformat()}
        return {"policy_version": POLICY.version, "speech": {"s1": {**row, "ordinal": 0}}, "facts": {}}


def said(words: str, confidence: float, asked: str, step: Step) -> dict[str, Any]:
    """The state after the chain has heard and weighed the words as an answer to a line that was heard to its end."""
    ports: Any = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: NOW),
        language=SimpleNamespace(read=read),
        policies=_Policies(),
        desk=_Desk(asked),
        catalogue=CATALOGUE,
        places=SimpleNamespace(of=lambda number: (None, ()), zone_of=lambda region: None),
    )
    state: Any = copied(first_state("session-1"))
    state["step"] = step.value
    state["place"] |= {"opened": step is not Step.NEW, "line": "up", "channel": "voice"}
    state["talk"]["disclosed"] = {"voice": {"speech_id": "s0", "heard": True}}
    quote = a_quote()
    state["talk"]["asked"] = {
        "speech_id": "s1", "key": asked, "words": "?", "quote_hash": quote["quote_hash"], "at": NOW.isoformat()
    }  # fmt: skip
    state["deal"] = {"quote": quote, "scope": {"product": "team", "quantity": 12, "term": "monthly"}}
    data = {"text": words, "confidence": confidence, "began_at": NOW.isoformat()}
    state["event"] = Event("t1", EventKind.WORDS, NOW, Channel.VOICE, data).to_json()
    return asyncio.run(_through(state, ports))


async def _through(state: Any, ports: Ports) -> dict[str, Any]:
    state = {**state, **await listen(state, ports=ports)}
    return {**state, **await weigh(state, ports=ports)}


def effects(state: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    return [effect for effect in state["effects"] if effect["kind"] in kinds]


@QUIET
@given(WORDS, DOUBTFUL, st.sampled_from(ASKED), st.sampled_from(STEPS))
def test_no_words_teach_or_consent_below_the_bound(words: str, confidence: float, asked: str, step: Step) -> None:
    state = said(words, confidence, asked, step)
    assert effects(state, "fact", "fact_close", "evidence") == []
    assert {effect["answer"] for effect in effects(state, "answer")} <= {"neither"}
    assert set(state["turn"]["fired"]) <= ALLOWED
    assert state["facts"] == {} and state["deal"]["scope"]["quantity"] == 12


TEACHES = [
    ("We miss calls all day", "need", Step.DISCOVERY, "need"),
    ("Ten thousand dollars", "budget", Step.DISCOVERY, "budget"),
    ("I decide that myself", "authority", Step.DISCOVERY, "authority"),
    ("Can you give us fifteen percent off?", "price_readback", Step.PRICE, "request.discount"),
]


@pytest.mark.parametrize(("words", "asked", "step", "key"), TEACHES)
def test_the_same_words_teach_where_they_were_heard(words: str, asked: str, step: Step, key: str) -> None:
    assert key in said(words, LOW_CONFIDENCE, asked, step)["facts"]
    state = said(words, LOW_CONFIDENCE - 0.01, asked, step)
    assert state["facts"] == {} and state["turn"]["unsure"]


@pytest.mark.parametrize("asked", ["price_readback", "commit", "slot_readback", "recording", "transfer_offer"])
def test_a_yes_is_a_yes_only_where_it_was_heard(asked: str) -> None:
    answers = [
        effects(said("Yes, please.", confidence, asked, Step.PRICE), "answer")[0]["answer"]
        for confidence in (LOW_CONFIDENCE, LOW_CONFIDENCE - 0.01)
    ]
    assert answers == ["yes", "neither"]


@pytest.mark.parametrize("confidence", [0.01, 0.3, 0.64, 0.65, 1.0])
@pytest.mark.parametrize(
    "words", ["Please stop calling me.", "Take me off your list.", "Don't call this number again."]
)
def test_an_opt_out_counts_at_any_confidence(words: str, confidence: float) -> None:
    state = said(words, confidence, "price_readback", Step.PRICE)
    assert state["turn"]["fired"] == ["T39"] and effects(state, "revoke_contact")


@pytest.mark.parametrize("words", ["Hello", "Thank you.", "Mm-hmm."])
def test_what_means_nothing_is_not_asked_for_again(words: str) -> None:
    assert not said(words, 0.55, "timeline", Step.DISCOVERY)["turn"].get("unsure")


def test_a_person_is_called_for_whoever_hardly_asked() -> None:
    assert said("Let me talk to a human being", 0.4, "need", Step.DISCOVERY)["turn"]["fired"] == ["T40"]


def test_a_name_that_was_only_heard_is_claimed_until_it_is_heard_again() -> None:
    """A recogniser is as sure of a wrong name as of the right one."""
    state = said("This is Donna Whitfield", 0.95, "name", Step.IDENTIFY)
    name = state["facts"]["contact.name"]
    assert (name["value"], name["status"]) == ("Donna Whitfield", "claimed")
