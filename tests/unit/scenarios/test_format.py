"""A scenario file that cannot be played says where, what and what to do; one that builds on another is written out."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from domain.errors import BadInput
from graph.probes import POINTS
from graph.scenarios.expectations import FAMILIES
from graph.scenarios.format import Scenario, ScenarioFile
from graph.scenarios.reading import ScenarioRefused, load_scenarios, parse_scenarios

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
GOOD = """\
scenarios:
  - id: A
    title: a scenario
    contact: {name: Dana, phone: "+1 512 555 0101"}
    steps:
      - {id: one, say: "hello"}
      - {id: two, after: 40 s}
    expect: {path: T05, crm: [interaction_opened]}
"""


def refusal(text: str) -> str:
    with pytest.raises(ScenarioRefused) as refused:
        parse_scenarios(text, "a.yaml")
    return str(refused.value)


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_good_file_is_read() -> None:
    (scenario,) = parse_scenarios(GOOD, "a.yaml")
    assert (scenario.id, [step.kind for step in scenario.steps]) == ("A", ["say", None])
    assert scenario.contact.phone == "+15125550101"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    title: a scenario\n", "", "scenarios.0.title: this key is missing. See title in docs/scenarios.md."),
        ("after: 40 s", "afer: 40 s", "line 7: scenarios.0.steps.1.afer: this key is not known. Did you mean after?"),
        ("after: 40 s", "after: soon", "line 7: scenarios.0.steps.1.after = soon: this is no duration such as 40 s"),
        ("after: 40 s", "at: soon", "line 7: scenarios.0.steps.1.at = soon: this is no moment such as"),
        ('say: "hello"', 'say: "hello", line: down', "it does several things: say, line"),
        ('say: "hello"', "note: x", "this key is not known"),
        ("{id: two, after: 40 s}", "{id: two}", "a step does something, waits (at, after) or looks (then)"),
        ("id: two, after: 40 s", "id: two, at: 2026-11-24T15:00:00Z, after: 40 s", "give either at or after"),
        ("id: two", "id: one", "two steps have the id one"),
        ('say: "hello"', "again: three", "there is no step three (known: one, two)"),
        ('say: "hello"', 'say: "hello", session: B', "there is no session B (known: main)"),
        ('say: "hello"', 'say: "hello", kill_at: in_bed', "'in_bed' is no point; use one of after_inbox"),
        ('say: "hello"', "fail: {effect: telegram}", "'telegram' is no kind of effect; use one of calendar_event"),
        ('say: "hello"', "over: {act: terms}, after: 1", "only words can begin over a line"),
        ('say: "hello"', "hears: [{act: sing, status: heard}], after: 1", "'sing' is no act of the agent"),
        (
            'say: "hello"',
            "together: [{say: a, after: 5}]",
            "together happen at once: no at, after, kill_at or together",
        ),
        ('say: "hello"', "autonomy: {scope: payment.link, level: L7}", "this value is not allowed. Use one of: L0, L1"),
        ("path: T05", "path: T99", "'T99' is no row T01 to T54"),
        ("path: T05, ", "", "path must be given: they are compared exactly"),
        ("crm: [interaction_opened]", "crm: [{a: 1}]", "a record is a name, or one name with a block of fields"),
        ("path: T05", "path: T05, counts: {smiles: 3}", "'smiles' cannot be counted; use one of acts, answers"),
        ("path: T05", "path: T05, never: {words: ['(']}", "'(' is no pattern"),
        ("path: T05", "path: T05, facts: {mood: good}", "'mood' is no fact of the ledger"),
        ("path: T05", "path: T05, refused: [{guard: x}]", "a refusal names either a row or a scope"),
        ("path: T05", "path: T05, S: high", "scenarios.0.expect.S = high: this must be a block of keys"),
        ("path: T05", "path: T05, sessions: {B: {path: none, crm: []}}", "there is no session B (known: main)"),
        ("+1 512 555 0101", "512", "is no phone number and no e-mail address"),
        (
            "    title: a scenario\n",
            "    title: a\n    autonomy: L2 close\n",
            "Did you mean L3 close?",
        ),
        ("    title: a scenario\n", "    title: a\n    title: b\n", "this key stands twice, first on line 3"),
        ("scenarios:\n", "scenarios: &x\n", "anchors and aliases are not allowed"),
        ("    title: a scenario\n", "    title: a\n    start: {step: CLOSE.moon}\n", "this value is not allowed"),
    ],
)
def test_a_fault_names_place_problem_and_remedy(old: str, new: str, said: str) -> None:
    refused = refusal(changed(old, new))
    assert said in refused, refused
    assert refused.startswith("The scenario file a.yaml is refused.\n- ")


def test_no_remedy_speaks_of_another_file() -> None:
    for text in ("", "scenarios: []", "nothing: 1", changed("    title: a scenario\n", "")):
        assert "policy" not in refusal(text)


def test_all_faults_are_told_at_once() -> None:
    refused = refusal(changed("id: two, after: 40 s", "id: two, after: soon").replace("path: T05", "path: T99"))
    assert refused.count("\n- ") == 2


VARIANT = (
    GOOD
    + """\
  - id: B
    title: a variant
    like: A
    steps:
      - {steps_of: A, until: one}
      - {id: more, say: "bye"}
      - {steps_of: A, since: two}
"""
)


def test_a_variant_takes_what_it_does_not_give() -> None:
    first, variant = parse_scenarios(VARIANT, "a.yaml")
    assert variant.title == "a variant"
    assert variant.contact == first.contact and variant.expect == first.expect
    assert [step.id for step in variant.steps] == ["one", "more", "two"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("like: A", "like: C", "line 11: scenarios.1.like: no scenario C stands above this one. Use one of: A."),
        ("steps_of: A, until: one", "steps_of: C", "no scenario C stands above this one"),
        ("until: one", "until: on", "A has no step on. Did you mean one?"),
        ("until: one", "upto: one", "this key is not known. Only since and until go with steps_of."),
        ("until: one", "until: two", "two steps have the id two"),
    ],
)
def test_a_variant_that_builds_on_nothing_says_so(old: str, new: str, said: str) -> None:
    assert said in refusal(VARIANT.replace(old, new, 1))


def test_a_fault_in_a_copied_part_has_the_line_it_was_copied_from() -> None:
    refused = refusal(VARIANT.replace('{id: one, say: "hello"}', "{id: one, say: 5}"))
    assert "line 6: scenarios.0.steps.0.say = 5" in refused
    assert "line 6: scenarios.1.steps.0.say = 5" in refused


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD)
    (tmp_path / "two.yaml").write_text(GOOD.replace("id: A", "id: B", 1))
    assert [s.id for s in load_scenarios([tmp_path])] == ["A", "B"]
    assert [s.id for s in load_scenarios([tmp_path / "two.yaml", tmp_path])] == ["B", "A"]
    with pytest.raises(BadInput, match="there is no scenario file at"):
        load_scenarios([tmp_path / "three.yaml"])
    (tmp_path / "three.yaml").write_text(GOOD)
    with pytest.raises(BadInput, match="both have a scenario A"):
        load_scenarios([tmp_path])
    (tmp_path / "three.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read"):
        load_scenarios([tmp_path / "three.yaml"])


def models(kind: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Every block of the format."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation, seen)
    for inner in get_args(kind):
        yield from models(inner, seen)


def documented(name: str) -> bool:
    return re.search(rf"(`|\b){re.escape(name)}(`|:|\b)", DOCUMENT) is not None


def test_every_key_stands_in_the_reference() -> None:
    missing = {
        f"{model.__name__}.{name}"
        for model in models(ScenarioFile, set())
        for name in model.model_fields
        if not documented(name)
    }
    assert missing == set()


def test_every_point_and_everything_that_can_be_counted_stand_in_the_reference() -> None:
    assert [name for name in (*POINTS, *FAMILIES) if not documented(name)] == []


def test_the_examples_of_the_reference_can_be_read() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    whole = [block for block in blocks if block.startswith("scenarios:")]
    steps = [block for block in blocks if block.lstrip().startswith("- {id: talks_over")]
    expects = [block for block in blocks if block.lstrip().startswith("expect:")]
    assert (len(whole), len(steps), len(expects)) == (1, 1, 1)
    parse_scenarios(whole[0], "docs")
    parse_scenarios(GOOD.replace('      - {id: one, say: "hello"}\n', steps[0]), "docs")
    text = GOOD.replace("    expect: {path: T05, crm: [interaction_opened]}\n", expects[0]).replace(
        "id: one", "id: line1"
    )
    (scenario,) = parse_scenarios(text, "docs")
    assert isinstance(scenario, Scenario)
