"""Which process plays which step: a new one for every turn, one of its own for a kill."""

from typing import Any

from graph.scenarios.chapters import chapters, opening_replies
from graph.scenarios.format import Scenario
from graph.scenarios.steps import KINDS
from graph.scenarios.verbs import VERBS


def cut(steps: list[dict[str, Any]], **keys: Any) -> list[list[str | None]]:
    raw = {"id": "A", "title": "a", "steps": steps, "expect": {"path": "none", "crm": []}, **keys}
    return [[placed.step.kind for placed in chapter] for chapter in chapters(Scenario.model_validate(raw))]


SAY, LOOK, PROVOKE = {"say": "hello"}, {"after": 5}, {"provoke": {"scope": "call.dial"}}


def test_every_turn_begins_a_process() -> None:
    assert cut([SAY, SAY, {"line": "down"}]) == [["say"], ["say"], ["line"]]


def test_what_makes_no_turn_stays_where_it_is() -> None:
    assert cut([LOOK, PROVOKE, SAY, LOOK, PROVOKE, SAY]) == [[None, "provoke", "say", None, "provoke"], ["say"]]


def test_a_kill_has_a_process_of_its_own() -> None:
    assert cut([LOOK, {**SAY, "kill_at": "in_commit"}, LOOK]) == [[None], ["say"], [None]]
    assert cut([{"together": [SAY, SAY]}, LOOK]) == [["together"], [None]]


def test_on_kill_one_process_plays_until_a_kill() -> None:
    steps = [SAY, SAY, {**SAY, "kill_at": "in_commit"}, SAY, SAY]
    assert cut(steps, restart="on_kill") == [["say", "say"], ["say"], ["say", "say"]]


def test_the_opening_is_an_arrival() -> None:
    assert cut([SAY], opening=True) == [["arrive"], ["say"]]


def test_the_opening_answers_with_the_name_on_file() -> None:
    raw = {"id": "A", "title": "a", "steps": [], "expect": {"path": "none", "crm": []}}
    assert opening_replies(Scenario.model_validate(raw)) == {}
    opened = Scenario.model_validate({**raw, "opening": True, "contact": {"name": "Ben Ford"}})
    assert opening_replies(opened)["name"] == "This is Ben Ford"


def test_every_kind_of_step_can_be_done() -> None:
    assert set(VERBS) == set(KINDS)
