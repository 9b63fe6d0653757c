"""Every scenario of the suite passes, and leaves the same trail when it is played again."""

from pathlib import Path

import pytest

from graph.scenarios.reading import load_scenarios
from tests.scenarios.conftest import HERE, MACHINERY, Run, left_behind

SCENARIOS = load_scenarios([HERE, MACHINERY])
REQUIRED = ("S01", "S02", "S03", "S10", "S12", "S13", "S22", "S27")  # the first sale, each with its variants


@pytest.mark.parametrize("name", [scenario.id for scenario in SCENARIOS])
def test_scenario(played: Run, name: str) -> None:
    result = played.results[name]
    assert result["repeats"] == 2
    assert result["passed"], "\n".join(result["failures"])


def test_no_database_is_left_behind(played: Run, postgres_dsn: str) -> None:
    assert played.code in (0, 1)
    assert left_behind(postgres_dsn) == []


def test_the_first_sale_is_there_with_its_variants() -> None:
    known = {scenario.id for scenario in SCENARIOS}
    variants = {"S01b", "S01c", "S02b", "S03b", "S10b", "S13b", "S13c", "S22b", "S22c", "S22d", "S27b"}
    assert {*REQUIRED, *variants} <= known


def test_what_waits_for_its_machinery_can_be_written_down_already() -> None:
    """With these the format holds every scenario of the acceptance list."""
    waiting = load_scenarios([HERE / "waiting"])
    known = {scenario.id for scenario in (*SCENARIOS, *waiting)}
    assert {f"S{number:02d}" for number in range(1, 29)} <= known


def test_no_scenario_grades_wording() -> None:
    """Patterns over what the agent said are for safety alone, so they are few."""
    patterns = [pattern for s in SCENARIOS for pattern in (*s.expect.never.words,)]
    assert len(patterns) <= len(SCENARIOS)


def test_the_files_are_where_the_reference_says() -> None:
    assert Path("docs/scenarios.md").read_text("utf-8").count("tests/scenarios") >= 1
