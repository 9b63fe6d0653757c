"""What a turn remembers of its lines: a stranger who was told the buyer's matters is no mere gatekeeper."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain.acts import say
from domain.events import Event, EventKind
from domain.guards.families import GUARDS
from domain.ports import Ports
from domain.stages import Channel, Step
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


def put(ports: Ports, talk: dict[str, Any], act: str, *before: str, **slots: Any) -> list[str]:
    """The acts of a turn in which the buyer's words led to this line, others before it."""
    turn = a_turn(Step.DISCOVERY, event=words("I'd say so, in a way"), talk=talk)
    for each in before:
        say(turn, each)
    say(turn, act, **slots)
    put_in_words(turn, ports)
    talk.update(turn.talk)
    return [line["act"] for line in turn.plan]


def words(text: str) -> Event:
    return Event("turn", EventKind.WORDS, NOW, Channel.CHAT, {"text": text})


def test_a_read_back_that_gets_no_answer_asks_for_a_plain_one_and_then_shows_another_way(ports: Ports) -> None:
    talk: dict[str, Any] = {}
    acts = [put(ports, talk, "confirm_name", name="Dana")[0] for _ in range(7)]
    plain = ["confirm_name"] * 2 + ["plain_answer", "confirm_name", "way_out", "confirm_name", "way_out"]
    assert acts == plain


def test_an_open_question_is_not_asked_to_be_answered_by_yes_or_no(ports: Ports) -> None:
    talk: dict[str, Any] = {}
    assert [put(ports, talk, "ask_need")[0] for _ in range(5)] == ["ask_need"] * 4 + ["way_out"]


def test_a_question_behind_an_answer_is_no_question_without_one(ports: Ports) -> None:
    talk: dict[str, Any] = {}
    for _ in range(6):
        assert put(ports, talk, "confirm_name", "hold_on_ok", name="Dana")[0] == "hold_on_ok"


def test_another_question_begins_anew(ports: Ports) -> None:
    talk: dict[str, Any] = {}
    for act in ("confirm_name", "confirm_name", "ask_need", "confirm_name", "confirm_name"):
        assert "plain_answer" not in put(ports, talk, act, **({"name": "Dana"} if act == "confirm_name" else {}))
