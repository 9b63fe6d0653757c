"""A session can start at every step, and goes on from there like one that was really played."""

import pytest

from domain.stages import Step
from tests.scenarios.conftest import Run, Runner

STEPS = [step for step in Step if not step.terminal and step is not Step.NEW]
ORDER = "order: {product: team, quantity: 12}, quotes: [{acknowledged: %s}], "


def scenario(step: Step) -> str:
    """The buyer says something that means nothing, comes back after a broken call, and says it again."""
    order = ""
    if step.value.startswith("CLOSE.") and step is not Step.SCOPE:
        order = ORDER % ("false" if step is Step.PRICE else "true")
    if step is Step.BOOKED:
        order = 'appointment: {starts: "2026-11-25 14:00 America/New_York", zone: America/New_York}, '
    start = f"step: {step.value}, {order}facts: {{need: missed calls, authority: true}}"
    return f"""\
  - id: {step.value}
    title: starts at {step.value}
    autonomy: L3 close
    contact: {{name: Ben Ford, phone: "+1 512 555 0122"}}
    start: {{{start}}}
    steps:
      - {{id: line1, say: "Hm, well"}}
      - {{line: down}}
      - {{after: 90 s}}
      - {{arrive: voice}}
      - {{id: line2, say: "Hm, well"}}
    expect: {{path: none, crm: []}}
"""


@pytest.fixture(scope="module")
def started(run_command: Runner, tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("starts") / "starts.yaml"
    path.write_text("scenarios:\n" + "".join(scenario(step) for step in STEPS))
    return run_command([str(path), "--json"])


@pytest.mark.parametrize("step", STEPS)
def test_a_start_is_played_on_and_breaks_no_law(started: Run, step: Step) -> None:
    """Which rows fire is other scenarios' question: here nothing may fail, and every law must hold."""
    failures = started.results[step.value]["failures"]
    broken = [each for each in failures if "could not be played" in each or each[:1] == "G" or each.startswith("start")]
    assert broken == []
