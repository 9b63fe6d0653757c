"""One profile for a call: every number explicit, the same in every role, and known by its hash."""

import os
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from domain.policy import Policy, load_policy
from domain.stages import Step
from graph.media.status import note_registered
from graph.settings import Settings
from livekit.serving import FULL, Load
from livekit.voice import VoiceProfile

POLICY = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default.yaml")


def profile(policy: Policy = POLICY) -> VoiceProfile:
    return VoiceProfile.of(policy, Settings(_env_file=None))  # pyright: ignore[reportCallIssue]


def test_the_numbers_are_the_policys() -> None:
    found, telephony = profile(), POLICY.telephony
    assert found.silence_s == (7, 15, 25)
    assert (found.longest_book_s, found.longest_close_s) == (900, 2100)
    assert (found.endpoint_min_s, found.endpoint_max_s) == (telephony.endpointing_s.min, telephony.endpointing_s.max)
    assert found.barge_in_s == telephony.barge_in.min_duration_s <= 0.2, "speech stops within 300 ms"
    assert found.resume_s + 2 * found.vad_end_s <= telephony.barge_in.false_interruption_s


@pytest.mark.parametrize("field", [f.name for f in fields(VoiceProfile)])
def test_the_hash_tells_every_change(field: str) -> None:
    before = profile()
    value = getattr(before, field)
    other = f"{value}x" if isinstance(value, str) else (*value, 99.0) if isinstance(value, tuple) else value + 1
    assert replace(before, **{field: other}).hash != before.hash
    assert profile().hash == before.hash


def test_the_longest_call_depends_on_the_stage_and_on_nothing_that_is_heard() -> None:
    found = profile()
    assert {found.longest_s(step) for step in (Step.GREET, Step.DISCOVERY, Step.OFFERED)} == {900}
    assert {found.longest_s(step) for step in (Step.SCOPE, Step.COMMITTED, Step.WON)} == {2100}
    assert found.longest_s(Step.BRIDGED) is None


def test_nothing_of_the_turn_taking_is_left_to_the_sdk() -> None:
    handling = profile().session_options()["turn_handling"]
    from livekit.agents.voice import turn

    assert set(handling) == set(turn.TurnHandlingOptions.__annotations__)
    assert set(handling["interruption"]) == set(turn.InterruptionOptions.__annotations__)
    assert set(handling["endpointing"]) == set(turn.EndpointingOptions.__annotations__) - {"alpha"}
    assert handling["preemptive_generation"]["enabled"] is False


def load(cpu: float, most_cpu: float = 0.7) -> Load:
    found = Load(4, most_cpu)
    found.cpu = lambda: cpu  # pyright: ignore[reportAttributeAccessIssue]
    return found


def test_a_worker_is_full_with_its_last_call() -> None:
    assert load(0.1).of(3) < FULL <= load(0.1).of(4)


def test_a_busy_machine_takes_a_first_call_and_no_second() -> None:
    assert load(0.95).of(0) < FULL <= load(0.95).of(1) <= 1
    assert load(0.95, most_cpu=1).of(3) < FULL
    assert load(0.4).of(1) < load(0.6).of(1) < FULL


def test_a_standby_seems_full_while_the_first_worker_lives(tmp_path: Path) -> None:
    server: Any = SimpleNamespace(active_jobs=[])
    found = Load(4, 1, tmp_path)
    note_registered(tmp_path, os.getpid())
    assert found(server) >= FULL
    note_registered(tmp_path, None)
    assert found(server) < FULL
