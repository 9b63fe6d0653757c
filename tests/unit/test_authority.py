"""Nothing is used that is not open, minted for this decision, alive and within limits; refusals are on the trail."""

from datetime import timedelta
from typing import Any

import pytest

from domain.authority import IMPLIED, REPLY, Permit, closed, may, mint, opened, use
from domain.policy import Policy
from domain.refusal import Refused
from domain.stages import Step
from domain.turn import Turn
from tests.builders import NOW, POLICY, a_policy, a_quote, a_turn, next_turn, of_kind

MONEY = {"contract.send": "L3", "payment.link": "L3", "quote.create": "L2", "discount.apply": "L2"}


def levels(**changes: str) -> Policy:
    return a_policy(autonomy__levels={**MONEY, **{k.replace("__", "."): v for k, v in changes.items()}})


ALONE = levels()


def committing(policy: Policy = ALONE, **changes: Any) -> Turn:
    """A session in which contract and payment link are open."""
    return a_turn(
        Step.COMMIT_REQUESTED,
        policy=policy,
        authority={"open": ["contract.send", "payment.link"]},
        deal={"quote": a_quote()},
        **changes,
    )


def later(turn: Turn, **changes: Any) -> Turn:
    """The next turn with something about it changed."""
    following = next_turn(turn, "t2")
    for name, value in changes.items():
        setattr(following, name, value)
    return following


# ---- open and closed
def test_a_row_opens_names_and_leaves_special_words_to_the_row() -> None:
    turn = a_turn(authority={"open": ["calendar.read"]})
    opened(turn, ("calendar.read", "discount.apply<=limit", "stage_scopes_reminted", "requested_use_once"))
    assert turn.authority["open"] == ["calendar.read", "discount.apply"]


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("quote.create", ["call.dial", "voicemail.leave"]),
        ("all_channel_scopes", ["quote.create"]),
        ("requested_use", ["call.dial", "quote.create", "voicemail.leave"]),
        ("all", []),
    ],
)
def test_closing_takes_the_scope_and_what_was_minted_for_it(word: str, left: list[str]) -> None:
    names = ["call.dial", "quote.create", "voicemail.leave"]
    turn = a_turn(authority={"open": names, "capabilities": {name: {} for name in names}})
    gone = closed(turn, (word,))
    assert turn.authority["open"] == left and sorted(turn.authority["capabilities"]) == left
    assert set(names) - set(left) <= set(gone)


@pytest.mark.parametrize("scope", sorted(POLICY.scopes))
@pytest.mark.parametrize("step", list(Step))
def test_a_scope_is_usable_only_where_policy_allows_it_and_where_it_is_open(scope: str, step: Step) -> None:
    opened_here, shut_here = a_turn(step, authority={"open": [scope]}), a_turn(step)
    confirmation = step is Step.DNC and scope == "messaging.optout_confirm"
    replies = scope == REPLY and step is Step.WON  # questions after a sale are answered
    allowed = confirmation or replies or (not step.terminal and POLICY.scope_allowed(scope, step))
    assert (may(opened_here, scope) is None) is allowed
    assert (may(shut_here, scope) is None) is (allowed and scope in IMPLIED)


@pytest.mark.parametrize(
    ("began", "ended", "answered"),
    [
        (Step.COMMITTED, Step.WON, True),
        (Step.PRICE, Step.LOST, True),
        (Step.WON, Step.WON, True),
        (Step.LOST, Step.LOST, False),
        (Step.DISCOVERY, Step.DNC, False),
        (Step.DISCOVERY, Step.ERASED, False),
    ],
)
def test_what_ends_a_session_is_answered_unless_it_forbids_it(began: Step, ended: Step, answered: bool) -> None:
    turn = a_turn(ended)
    turn.work["step_before"] = began.value
    assert (may(turn, REPLY) is None) is answered


def test_money_stays_out_of_reach_outside_of_its_steps_even_where_it_is_open() -> None:
    for step in set(Step) - {Step.COMMIT_REQUESTED, Step.COMMITTED}:
        assert isinstance(
            use(a_turn(step, policy=ALONE, authority={"open": ["payment.link"]}), "payment.link"), Refused
        )
    assert isinstance(use(committing(), "payment.capture"), Refused)


# ---- minting
def test_a_capability_is_bound_to_where_when_and_what_it_was_minted_for() -> None:
    turn = committing(place={"region": "US-TX"})
    permit = mint(turn, "payment.link", limits={"amount": "2388.00"}, quote_hash="q1", proposal_id="p1")
    assert of_kind(turn, "mint") == [
        {
            "kind": "mint", "capability_id": permit.capability_id, "scope": "payment.link", "stage": "CLOSE",
            "epoch": 3,
            "limits": {"amount": "2388.00"}, "quote_hash": "q1", "proposal_id": "p1", "level": "L3", "uses": 1,
            "expires_at": (NOW + timedelta(seconds=120)).isoformat(),
        }
    ]  # fmt: skip


def test_the_level_on_a_capability_is_that_of_the_value_at_stake() -> None:
    cells = [{"scope": "payment.link", "value_below": 2388, "level": "L3"}]
    policy = a_policy(autonomy__levels={**MONEY, "payment.link": "L2"}, autonomy__cells=cells)
    at_bound, below = committing(policy), committing(policy)
    below.deal["quote"]["contract_value"] = "2387.99"
    for turn, level in ((at_bound, "L2"), (below, "L3")):
        mint(turn, "payment.link")
        assert of_kind(turn, "mint")[0]["level"] == level


def test_two_capabilities_of_a_turn_have_two_names() -> None:
    turn = committing()
    assert mint(turn, "payment.link").capability_id != mint(turn, "payment.link").capability_id


def test_what_is_not_kept_is_not_found_by_a_later_use() -> None:
    turn = committing()
    kept_out = mint(turn, "payment.link", keep=False)
    permit = use(turn, "payment.link")
    assert isinstance(permit, Permit) and permit.capability_id != kept_out.capability_id


# ---- using
def test_a_use_takes_what_was_minted_before_and_spends_it() -> None:
    turn = committing()
    minted = mint(turn, "payment.link", quote_hash="q1")
    following = later(turn)
    first = use(following, "payment.link", "link-1", quote_hash="q1")
    assert isinstance(first, Permit) and first.capability_id == minted.capability_id
    second = use(following, "payment.link", "link-2", quote_hash="q1")
    assert isinstance(second, Permit) and second.capability_id != minted.capability_id, "single use"
    calls = of_kind(following, "call")
    assert [(c["outcome"], c["object"], c["ordinal"], c["quote_hash"]) for c in calls] == [
        ("done", "link-1", 0, "q1"),
        ("done", "link-2", 1, "q1"),
    ]
    trail = [e["payload"]["capability"] for e in of_kind(following, "audit") if e["action"] == "use"]
    assert trail == [first.capability_id, second.capability_id]


@pytest.mark.parametrize(
    ("changes", "bound"),
    [
        ({"epoch": 4}, {"quote_hash": "q1"}),
        ({"policy": levels().model_copy(update={"version": "2026-11-24.2"})}, {"quote_hash": "q1"}),
        ({"now": NOW + timedelta(seconds=120)}, {"quote_hash": "q1"}),
        ({}, {"quote_hash": "q2"}),
        ({}, {}),
    ],
    ids=["older epoch", "older policy", "run out", "another quote", "no quote"],
)
def test_a_capability_that_no_longer_fits_is_not_used_again(changes: dict[str, Any], bound: dict[str, Any]) -> None:
    turn = committing()
    minted = mint(turn, "contract.send", quote_hash="q1")
    same = use(later(turn), "contract.send", quote_hash="q1")
    assert isinstance(same, Permit) and same.capability_id == minted.capability_id
    again = committing()
    mint(again, "contract.send", quote_hash="q1")
    permit = use(later(again, **changes), "contract.send", **bound)
    assert isinstance(permit, Permit) and permit.capability_id != minted.capability_id


def test_a_use_with_many_uses_spends_one_at_a_time() -> None:
    turn = a_turn(Step.SLOTS_OFFERED, authority={"open": ["calendar.hold"]})
    names: list[str] = []
    for _ in range(POLICY.scopes["calendar.hold"].uses + 1):
        permit = use(turn, "calendar.hold")
        assert isinstance(permit, Permit)
        names.append(permit.capability_id)
    assert len(set(names[:-1])) == 1 and names[-1] != names[0]


# ---- refusing
def test_a_refused_use_is_a_call_on_the_trail_and_opens_nothing() -> None:
    turn = a_turn(Step.PRICE)
    refused = use(turn, "contract.send", "order-1")
    assert refused == Refused("scope_open", "contract.send is not open in CLOSE.price")
    assert of_kind(turn, "call") == [
        {
            "kind": "call", "scope": "contract.send", "ordinal": 0, "stage": "CLOSE", "outcome": "refused",
            "reason": "scope_open", "object": "order-1",
        }
    ]  # fmt: skip
    assert of_kind(turn, "mint") == [] and turn.work["denied"] == ["contract.send"]
    assert [e["action"] for e in of_kind(turn, "audit")] == ["use_refused"]


@pytest.mark.parametrize("level", ["L0", "L1"])
@pytest.mark.parametrize("scope", ["contract.send", "payment.link"])
def test_where_each_use_asks_none_is_made_without_a_person(scope: str, level: str) -> None:
    policy = levels(**{scope.replace(".", "__"): level})
    refused = use(committing(policy), scope)
    assert isinstance(refused, Refused) and refused.guard == "autonomy_level"
    assert isinstance(use(committing(policy), scope, proposal_id="p1"), Permit)
    assert isinstance(use(committing(levels(**{scope.replace(".", "__"): "L2"})), scope), Permit)


@pytest.mark.parametrize(("percent", "allowed"), [("10", True), ("10.01", False), ("35", False)])
def test_a_discount_above_the_agents_limit_needs_an_approval(percent: str, allowed: bool) -> None:
    def pricing() -> Turn:
        return a_turn(Step.PRICE, policy=ALONE, authority={"open": ["discount.apply"]}, deal={"quote": a_quote()})

    alone = use(pricing(), "discount.apply", limits={"max_pct": percent}, quote_hash="q2")
    assert isinstance(alone, Permit) is allowed
    if isinstance(alone, Refused):
        assert alone.guard == "discount_within_limit"
    approved = use(pricing(), "discount.apply", limits={"max_pct": percent}, quote_hash="q2", proposal_id="p1")
    assert isinstance(approved, Permit)


def test_the_one_confirmation_after_an_opt_out_may_leave() -> None:
    turn = a_turn(Step.DNC, authority={"open": ["messaging.optout_confirm", "messaging.sms"]})
    assert isinstance(use(turn, "messaging.optout_confirm"), Permit)
    assert isinstance(use(turn, "messaging.sms"), Refused)
    assert isinstance(use(a_turn(Step.DNC), "messaging.optout_confirm"), Refused)
