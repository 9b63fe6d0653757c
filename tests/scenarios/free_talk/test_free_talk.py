"""What people say off the script ends where a good human agent would have taken it."""

from pathlib import Path

import pytest

from graph.scenarios.reading import load_scenarios
from tests.scenarios.conftest import Run, Runner

HERE = Path(__file__).parent
TALKS = load_scenarios([HERE])
FEWEST = 60


@pytest.fixture(scope="module")
def talked(run_command: Runner) -> Run:
    """Each talk once, in one process."""
    return run_command([str(HERE), "--json"])


@pytest.mark.parametrize("name", [talk.id for talk in TALKS])
def test_talk(talked: Run, name: str) -> None:
    result = talked.results[name]
    assert result["passed"], "\n".join(result["failures"])


def test_there_are_enough_of_them_and_each_needs_one_process() -> None:
    assert len(TALKS) >= FEWEST
    assert {talk.restart for talk in TALKS} == {"on_kill"}


def test_each_talk_says_where_it_ends() -> None:
    """A path alone may be empty: something of what is left in the tables must be named as well."""
    named = [talk.id for talk in TALKS if not talk.expect.model_fields_set - {"path", "crm"}]
    assert named == []
