"""Every tool says what it does, how it is repeated safely and what takes it back."""

import re
from pathlib import Path

import pytest

from domain.transitions import TABLE
from tools.declare import BY_OUTBOX, TOOLS, EffectKind, Tool

ROOT = Path(__file__).parents[2]


def outbox_kinds() -> set[str]:
    """The kinds that the database accepts."""
    table = (ROOT / "memory/migrations/0001_sessions.sql").read_text().split("create table outbox (")[1]
    allowed = re.search(r"kind text not null check \(kind in \(([^)]*)\)\)", table)
    assert allowed
    return set(re.findall(r"'(\w+)'", allowed[1]))


def test_each_kind_of_the_outbox_has_one_tool_and_no_tool_a_kind_of_its_own() -> None:
    assert outbox_kinds() == set(BY_OUTBOX)
    assert len([tool for tool in TOOLS.values() if tool.outbox]) == len(BY_OUTBOX)


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_a_declaration_is_complete(tool: Tool) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", tool.scope)
    assert tool.key
    assert 0 < tool.timeout_s <= 30
    assert tool.tries >= 1
    assert bool(tool.compensation) == (tool.effect is EffectKind.REVERSIBLE)
    if tool.outbox:
        assert tool.effect is not EffectKind.READ


def test_a_compensation_is_one_that_the_transition_table_knows() -> None:
    known = {name for row in TABLE for name in (*row.undo, *row.compensates)}
    assert {name for tool in TOOLS.values() for name in tool.compensation} <= known


def test_only_the_crm_is_in_order_because_order_makes_one_effect_wait_for_another() -> None:
    assert [tool.outbox for tool in TOOLS.values() if tool.in_order] == ["crm_record"]
