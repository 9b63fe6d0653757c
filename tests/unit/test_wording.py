"""What a turn remembers of its lines: a stranger who was told the buyer's matters is no mere gatekeeper."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.acts import say
from domain.guards.families import GUARDS
from domain.ports import Ports
from domain.stages import Step
from nodes.speaking.lines import load_lines
from nodes.speaking.wording import put_in_words
from tests.builders import NOW, ROOT, a_turn

WHEN = {"at": NOW.isoformat(), "zone": "America/New_York", "now": NOW.isoformat()}


@pytest.fixture(scope="module")
def ports() -> Ports:
    return cast(
        Ports, SimpleNamespace(lines=load_lines((ROOT / "policy/lines/en.yaml").read_text("utf-8"), "en.yaml", {}))
    )


@pytest.mark.parametrize(
    ("step", "act", "slots", "holds"),
    [
        (Step.IDENTIFY, "confirm_name", {"name": "Dana"}, True),
        (Step.IDENTIFY, "slot_readback", {"when": WHEN, "contact": "+1 512 555 0101"}, False),
        (Step.DISCOVERY, "slot_readback", {"when": WHEN, "contact": "+1 512 555 0101"}, True),
    ],
)
def test_details_told_before_the_right_party_is_there_are_remembered(
    ports: Ports, step: Step, act: str, slots: dict[str, Any], holds: bool
) -> None:
    turn = a_turn(step)
    say(turn, act, **slots)
    put_in_words(turn, ports)
    assert GUARDS["no_details_disclosed"](turn).held is holds
