"""A commitment sends contract and payment link under a capability each, or nothing; a retry sends the link alone."""

from typing import Any, cast

import pytest

from domain.policy import Policy
from domain.ports import Ports
from domain.stages import Step
from domain.turn import Turn
from nodes.commitment import commitment
from tests.builders import a_fact, a_policy, a_quote, a_turn, an_answer, an_event, of_kind

LEVELS = {"contract.send": "L3", "payment.link": "L3", "quote.create": "L2", "discount.apply": "L2"}
ALONE = a_policy(autonomy__levels=LEVELS)


class Papers:
    """Links that name what they are for."""

    def contract(self, token: str) -> str:
        return f"http://127.0.0.1/c/{token}"

    def payment(self, token: str) -> str:
        return f"http://127.0.0.1/p/{token}"

    def token(self, turn_id: str, kind: str) -> str:
        return f"{turn_id}-{kind}"

    def document(self, quote: dict[str, Any], buyer: dict[str, Any], now: Any) -> str:
        return f"{buyer['name']} orders {quote['scope']['quantity']}"


class Given:
    links = Papers()


def says_yes(policy: Policy = ALONE, opens: tuple[str, ...] = ("contract.send", "payment.link"), **deal: Any) -> Turn:
    quote = a_quote()
    turn = a_turn(
        Step.COMMIT_REQUESTED,
        policy=policy,
        event=an_event(text="yes, go ahead"),
        facts={**a_fact("authority", True), **a_fact("contact.name", "Sam")},
        deal={"quote": quote, "scope": {**quote["scope"], "hash": quote["scope_hash"]}, **deal},
        authority={"open": list(opens)},
        work=an_answer("commit", quote_hash=quote["quote_hash"]),
    )
    commitment(turn, cast(Ports, Given()), True)
    return turn


def kinds(turn: Turn, *names: str) -> list[str]:
    return [e["kind"] for e in turn.effects if e["kind"] in names]


def test_a_plain_yes_sends_both_under_a_capability_each() -> None:
    turn = says_yes()
    assert turn.step is Step.COMMITTED and turn.fired == ["T31"]
    done = {c["scope"]: c["capability_id"] for c in of_kind(turn, "call") if c["scope"] in LEVELS}
    assert set(done) == {"contract.send", "payment.link"}
    sent = {e["outbox"]: e["capability_id"] for e in of_kind(turn, "outbox")}
    assert sent == {"contract_link": done["contract.send"], "payment_link": done["payment.link"]}
    assert of_kind(turn, "contract")[0]["document"] == "Sam orders 12"
    assert of_kind(turn, "payment")[0]["amount"] == "2388.00"
    assert turn.deal["order"]["attempt"] == 1 and turn.deal["order"]["open"]
    assert turn.facts["commitment"]["status"] == "confirmed"
    assert turn.authority["open"] == []


def test_a_later_attempt_sends_a_link_and_no_second_contract() -> None:
    before = {
        "quote_hash": a_quote()["quote_hash"],
        "attempt": 1,
        "open": False,
        "contract_link": "http://127.0.0.1/c/1",
    }
    turn = says_yes(opens=("payment.link",), order=before)
    assert turn.fired == ["T31"]
    assert [e["outbox"] for e in of_kind(turn, "outbox")] == ["payment_link"] and of_kind(turn, "contract") == []
    assert turn.deal["order"]["contract_link"] == "http://127.0.0.1/c/1" and turn.deal["order"]["attempt"] == 2
    assert [c["scope"] for c in of_kind(turn, "call") if c["outcome"] == "refused"] == []


@pytest.mark.parametrize("opens", [(), ("contract.send",), ("payment.link",)])
def test_nothing_is_sent_where_a_use_is_closed(opens: tuple[str, ...]) -> None:
    turn = says_yes(opens=opens)
    assert turn.step is Step.COMMIT_REQUESTED and turn.fired == []
    assert kinds(turn, "contract", "payment", "outbox", "quote_status", "fact") == []
    assert [c["reason"] for c in of_kind(turn, "call")] == ["scope_open"]
    assert [line["act"] for line in turn.plan] == ["missing_for_commit"]


def test_at_level_one_a_yes_without_an_approval_asks_for_it_and_sends_nothing() -> None:
    turn = says_yes(a_policy(autonomy__levels={**LEVELS, "payment.link": "L1"}))
    assert turn.fired == ["T41"] and kinds(turn, "contract", "payment", "outbox") == []
    assert of_kind(turn, "proposal")[0]["uses"] == ["contract.send", "payment.link"]
    assert {c["scope"] for c in of_kind(turn, "call") if c["outcome"] == "refused"} == {"contract.send", "payment.link"}
