"""Copies of the policy, the way through JSON, and what `policy check` prints."""

from decimal import Decimal
from pathlib import Path

import pytest

from domain.policy import PolicyRefused, load_policy
from domain.policy_copies import changed, read_copy
from domain.yaml_tree import as_json, read_yaml
from graph.policy_book import local_copy
from graph.policy_cli import check

TEXT = Path("policy/default.yaml").read_text("utf-8")


def test_json_keeps_every_digit_and_reads_back_as_the_same_policy() -> None:
    text = as_json(read_yaml(TEXT).value)
    assert '"list": 49.00' in text
    again, first = load_policy(text, "json"), load_policy(TEXT, "yaml")
    assert again == first
    assert again.content_hash == first.content_hash


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -7,
        Decimal("0.10"),
        "no",
        "",
        'a "b" \\ c',
        "ä\n\t☎",
        [],
        {},
        [{"a: b": [1, "1", Decimal("1.0")]}],
    ],
)
def test_any_value_survives_json(value: object) -> None:
    text = as_json({"x": value})
    assert repr(read_yaml(text).value["x"]) == repr(value)


def test_local_copy_lets_the_ai_close_and_asks_for_each_use() -> None:
    first, copy = load_policy(TEXT, "default"), local_copy(TEXT, "default.yaml")
    policy = copy.policy
    assert copy.label == "local"
    assert policy.version.startswith(f"{first.version}-local.") and policy.supersedes
    for scope in ("contract.send", "payment.link"):
        assert first.autonomy.level(scope, "US-TX", Decimal(1)) == "L0"
        assert policy.autonomy.level(scope, "US-TX", Decimal(1)) == "L1"
    assert policy.pricing == first.pricing and policy.scopes == first.scopes
    assert local_copy(TEXT, "default.yaml").policy.version == policy.version


def test_another_local_file_is_another_version(tmp_path: Path) -> None:
    other = tmp_path / "local.yaml"
    other.write_text("label: local\nset: {autonomy.levels.contract.send: L2}\n")
    assert local_copy(TEXT, "default.yaml", other).policy.version != local_copy(TEXT, "default.yaml").policy.version


def test_changed_names_what_it_supersedes() -> None:
    changes = {
        "pricing.discount.agent_max_pct": 5,
        "approvals.A1.when": "discount_pct > 5 and discount_pct <= 20",
        "emergency": True,
    }
    policy = load_policy(changed(TEXT, "default.yaml", "tight-1", changes), "tight-1")
    assert (policy.version, policy.supersedes, policy.emergency) == ("tight-1", "2026-11-24.1", True)
    assert policy.pricing.discount.agent_max_pct == 5


@pytest.mark.parametrize("changes", [{"approvals.A9.when": "vip"}, {"stages.close.enter.x": 1}])
def test_a_path_that_leads_nowhere_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(PolicyRefused, match="no such place"):
        changed(TEXT, "default.yaml", "x", changes)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("label: local", "set"),
        ("label: Local!\nset: {a: 1}", "label"),
        ("label: local\nset: {a: 1}\nsets: {}", "sets"),
        ("- x", "file"),
    ],
)
def test_bad_copy_file_is_refused(text: str, field: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        read_copy(text, "local.yaml")
    assert field in [problem.field for problem in caught.value.problems]


def test_check_praises_a_sound_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("policy/default.yaml") == 0
    assert "2026-11-24.1" in capsys.readouterr().out


def test_check_prints_every_problem_in_the_order_of_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        TEXT.replace("outbound: 25", "outbound: 5").replace(
            "operators_listen_if_declined: false", "operators_listen_if_declined: true"
        )
    )
    assert check(bad) == 1
    out = capsys.readouterr().out
    assert "2 problems" in out
    listen, ring = (
        out.index("operators_listen_if_declined (line "),
        out.index("telephony.ring_timeout_s.outbound (line "),
    )
    assert listen < ring
    assert out.count("value:") == out.count("remedy:") == out.count("problem:") == 2
    assert "value:   5" in out and "Write 15 or more." in out


def test_check_says_that_a_file_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path / "none.yaml") == 2
    assert "cannot be read" in capsys.readouterr().out
