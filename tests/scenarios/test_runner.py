"""The runner itself: a scenario that must fail does fail and says why, and the command ends with the right code."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.scenarios.cli import run_scenarios
from tests.scenarios.conftest import Run, Runner, left_behind

# Each differs in one place from a scenario that passes; behind it what the runner must say.
WRONG = """\
scenarios:
  - id: good
    title: books a demo
    contact: {name: Priya Raman, phone: "+1 614 555 0102"}
    opening: true
    steps:
      - {id: line1, say: "We miss calls. Maybe a demo", then: {fired: T11}}
    expect: {path: T05 T06 T07 T10 T11, crm: [interaction_opened, disclosure_log, right_party, consent_record, need]}

  - {id: path, title: another path, like: good, expect: {path: T05 T06, crm: [interaction_opened]}}

  - id: then
    title: another row in a step
    like: good
    steps: [{id: line1, say: "We miss calls. Maybe a demo", then: {fired: T12, S: {at_least: 0.9}}}]

  - id: allowed
    title: a provoked call that is allowed
    like: good
    steps: [{id: line1, say: "We miss calls. Maybe a demo"}, {id: tried, provoke: {scope: calendar.read}}]

  - id: guard
    title: a provoked call that another guard refuses
    like: good
    steps: [{id: tried, provoke: {scope: payment.link, guard: epoch_current}}]

  - id: nobody
    title: a decision that nobody was asked for
    like: good
    steps: [{id: yes, decide: {role: sales_manager, decision: approve}}]

  - id: unreached
    title: a kill at a point that is not reached
    like: good
    steps: [{id: line1, say: "We miss calls. Maybe a demo", kill_at: in_close}]

  - id: silent
    title: words over a line that is not being played
    like: good
    steps: [{id: line1, say: "We miss calls. Maybe a demo", over: {act: terms}}]

  - id: policy
    title: a policy that is refused
    like: good
    policy: {pricing.discount.agent_max_pct: 90}

  - id: nowhere
    title: a place of the policy that there is not
    like: good
    policy: {pricing.discounts.max: 5}

  - id: region
    title: autonomy for a region that is not known
    like: good
    contact: {name: Jo Berg, email: jo@example.com}
    channel: email
    opening: false
    autonomy: L3 close

  - id: slots
    title: a line that a start cannot fill
    like: good
    opening: false
    start: {step: BOOK.booked, said: [{act: booked}]}
"""
SAID = {
    "path": ["path: T05 T06 T07 T10 T11 instead of T05 T06", "crm: interaction_opened, disclosure_log, right_party"],
    "then": ["after line1: fired: T11 instead of T12", "after line1: S: "],
    "allowed": ["tried: could not be played: StepFailed: calendar.read would have been allowed"],
    "guard": ["payment.link was refused by scope_open instead of epoch_current"],
    "nobody": ["yes: could not be played: StepFailed: nobody asked sales_manager"],
    "unreached": ["after line1: in_close was not reached"],
    "silent": ["no line terms is being played (waiting: none)"],
    "policy": ["start: The policy policy is refused."],
    "nowhere": ["pricing.discounts.max: this key is not known"],
    "region": ["the region of main is not known. Give the contact a region or a US number."],
    "slots": ["booked has slots that a start cannot fill"],
}


@pytest.fixture(scope="module")
def failed(run_command: Runner, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("wrong") / "wrong.yaml"
    path.write_text(WRONG)
    return run_command([str(path), "--json"])


def test_a_run_with_failures_says_so_to_machines(failed: Run) -> None:
    document = json.loads(failed.text)
    assert (failed.code, document["passed"], document["failed"]) == (1, 1, len(SAID))
    assert failed.results["good"]["passed"]


@pytest.mark.parametrize("name", SAID)
def test_a_scenario_that_must_fail_fails_and_says_why(failed: Run, name: str) -> None:
    result: dict[str, Any] = failed.results[name]
    assert not result["passed"]
    for said in SAID[name]:
        assert any(said in failure for failure in result["failures"]), result["failures"]


def test_a_step_that_could_not_be_played_ends_the_scenario_with_its_grades(failed: Run) -> None:
    failures = failed.results["nobody"]["failures"]
    assert any(failure.startswith("path: T05 T06 T07 T10 instead of") for failure in failures), failures


def test_people_read_one_line_a_scenario_and_what_was_wrong_below_it(run_command: Runner, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    run = run_command([str(path), "--only", "good", "--only", "path"])
    assert run.code == 1
    assert "ok   good   books a demo" in run.text
    assert "FAIL path   another path" in run.text
    assert "       path: T05 T06 T07 T10 T11 instead of T05 T06" in run.text
    assert "1 of 2 scenarios passed in" in run.text and "failed: path" in run.text


@pytest.mark.parametrize(
    ("text", "only", "said"),
    [
        ("scenarios: [{id: A}]", [], "scenarios.0.steps: this key is missing"),
        ("scenarios: [{id: A", [], "this is no YAML"),
        (WRONG, ["gone"], "--only: there is no scenario gone"),
    ],
)
def test_what_cannot_be_used_ends_with_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, only: list[str], said: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert run_scenarios([path], only=only) == 2
    told = capsys.readouterr()
    assert (told.out == "" and said in told.err and str(path) in told.err) or only


def test_no_database_is_left_behind(failed: Run, postgres_dsn: str) -> None:
    assert failed.code == 1
    assert left_behind(postgres_dsn) == []
