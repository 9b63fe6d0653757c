"""Every kind of expectation: it holds where the rows are as it says, and where they are not it says what is there."""

from typing import Any

import pytest

from graph.scenarios.expectations import FAMILIES, Expect, FinalExpect, StepExpect
from graph.scenarios.grade import CHECKS, graded
from graph.scenarios.laws import LAWS
from graph.scenarios.sight import Mark
from tests.unit.scenarios.rows import at, fact, quote, session, sight

# key: an expectation that holds, one that does not, and what is said then.
CASES: dict[str, tuple[Any, Any, str]] = {
    "step": ("CLOSE.compliance", "CLOSE.price", "step: CLOSE.compliance instead of CLOSE.price"),
    "overlay": ("none", "PARKED", "overlay: none instead of PARKED"),
    "remembered": (None, "BOOK.greet", "remembered: none instead of BOOK.greet"),
    "recording": ("on", "declined", "recording: on instead of declined"),
    "owner": ("agent", "human:mara", "owner: agent instead of human:mara"),
    "region": ("US-TX", "US-OH", "region: US-TX instead of US-OH"),
    "path": ("T05 T29", "T05 T28 T29", "path: T05 T29 instead of T05 T28 T29"),
    "crm": (
        ["interaction_opened", {"price_ack": {"amount": 2388}}],
        ["interaction_opened"],
        "crm: interaction_opened, price_ack instead of interaction_opened",
    ),
    "facts": (
        {"need": "confirmed", "budget": {"value": 3000}},
        {"need": "absent"},
        "facts.need: is there (confirmed, missed calls)",
    ),
    "fact_rows": ({"budget": [{"value": 3000}]}, {"budget": [{"value": 5000}]}, "fact_rows.budget[1]: no such row"),
    "facts_at": (
        [{"at": at(1).isoformat(), "facts": {"budget": "absent", "need": {"value": "missed calls"}}}],
        [{"at": at(1).isoformat(), "facts": {"budget": {"value": 3000}}}],
        ".budget: is not there",
    ),
    "refused": (
        [{"row": "T15", "guard": "need_captured"}, {"scope": "discount.apply", "guard": "scope_open", "times": 1}],
        [{"scope": "contract.send"}],
        "refused: contract.send: 0 instead of at least 1",
    ),
    "refused_scopes": (["discount.apply"], [], "refused_scopes: discount.apply instead of none"),
    "quotes": (
        [{"name": "Q1", "amount": 2388, "quantity": 12, "in_writing": False}],
        [{"name": "Q1", "amount": 2390}],
        "quotes[1].amount: 2388.00 instead of 2390",
    ),
    "bookings": (
        [{"starts": at(86400).isoformat(), "zone": "America/Chicago"}],
        [{"starts": at(90000).isoformat()}],
        "bookings: no booked at 2026-11-25T16:00:00+00:00 (there: 2026-11-25T15:00:00+00:00 booked)",
    ),
    "approvals": (
        [
            {
                "rules": ["A1"],
                "status": "approved",
                "discount_pct": 15,
                "edited": False,
                "decided_by": ["mara"],
                "quote": "Q2",
            }
        ],
        [{"rules": ["A2"]}],
        "approvals[1].rules: ['A1'] instead of ['A2']",
    ),
    "contracts": (
        [{"status": "sent", "quote": "Q1"}],
        [{"status": "void"}],
        "contracts[1].status: sent instead of void",
    ),
    "payments": ([{"status": "open", "amount": 2388}], [], "payments: 1 instead of 0"),
    "S": (0.81, {"at_most": 0.55}, "S: 0.810 instead of at most 0.55"),
    "confidence": ({"at_least": 0.8}, {"below": 0.9}, "confidence: 0.900 instead of below 0.9"),
    "open_scopes": (
        ["pricing.read"],
        ["contract.send"],
        "open_scopes: contract.send is not open (open: crm.note, pricing.read)",
    ),
    "closed_scopes": (["contract.send"], ["pricing.read"], "closed_scopes: pricing.read is open"),
    "audit": (
        [{"action": "use", "payload": {"scope": "quote.create"}}, {"action": "use_refused"}],
        [{"action": "use_refused"}, {"action": "use"}],
        "audit: no entry use, in this order",
    ),
    "timers": (
        [{"kind": "idle_park", "due": at(60).isoformat()}],
        [{"kind": "idle_park", "due": at(61).isoformat()}],
        "timers: no idle_park set due 2026-11-24T15:01:01+00:00 (there: 2026-11-24T15:01:00+00:00)",
    ),
    "counts": (
        {"acts.disclose_ai": 1, "uses.quote.create": 1, "effects": {"at_least": 1}, "messages.sms": {"at_most": 1}},
        {"readbacks.price_readback": 2},
        "counts.readbacks.price_readback: 1 instead of 2",
    ),
    "never": (
        {
            "rows": ["T39"],
            "effects": ["contract_link"],
            "uses": ["contract.send"],
            "acts": ["booked"],
            "words": ["guarantee"],
        },
        {"words": ["disclose"]},
        "never: the agent said 'disclose' (disclose_ai)",
    ),
    "fired": ("T29", "none", "fired: T29 instead of none"),
    "asks": ("none", "commit", "asks: none instead of commit"),
    "said": ([], ["booked"], "said: booked was not said (said: nothing)"),
    "not_said": (["booked"], None, ""),
    "epoch_rises": (True, False, "epoch_rises: it went from 2 to 3"),
    "dead": (None, ["quote.create"], "dead: the capability c2 for quote.create lives"),
}


def expect(**keys: Any) -> StepExpect:
    return StepExpect.model_validate(keys)


def test_every_key_of_the_format_has_a_check_and_a_case() -> None:
    keys = {*Expect.model_fields, *StepExpect.model_fields}
    assert set(CHECKS) == keys
    assert set(CASES) == keys


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if case[0] is not None])
def test_an_expectation_that_holds_says_nothing(key: str) -> None:
    assert graded(sight(), expect(**{key: CASES[key][0]})) == []


@pytest.mark.parametrize("key", [key for key, case in CASES.items() if case[1] is not None])
def test_an_expectation_that_does_not_hold_says_what_is_there(key: str) -> None:
    found = graded(sight(), expect(**{key: CASES[key][1]}))
    assert len(found) == 1
    assert CASES[key][2] in found[0]


def test_a_key_that_is_not_given_is_not_compared() -> None:
    assert graded(sight(), expect()) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("T05 T29 (approved)", "path: T29 was fired with reason None instead of approved"),
        ("T05 T29 WON", "path: T29 led to CLOSE.compliance instead of WON"),
        ("none", "path: T05 T29 instead of none"),
    ],
)
def test_reasons_and_places_of_a_path_are_compared_where_they_are_written(path: str, said: str) -> None:
    assert graded(sight(), expect(path=path)) == [said]


def test_rules_in_a_reason_may_stand_in_any_order() -> None:
    tables = session()
    tables["transitions"][1]["reason"] = "A3,A1"
    assert graded(sight(tables), expect(path="T05 T29 (A1, A3)")) == []


def test_a_field_of_a_record_is_named_with_both_values() -> None:
    wanted = ["interaction_opened", {"price_ack": {"amount": 2000, "channel": "sms"}}]
    found = graded(sight(), expect(crm=wanted))
    assert found == [
        "crm[2] price_ack.amount: 2388.00 instead of 2000",
        "crm[2] price_ack.channel: None instead of sms",
    ]


def test_a_row_that_fired_was_not_refused_by_a_guard_of_an_earlier_try() -> None:
    tables = session()
    tables["transitions"].append({**tables["transitions"][0], "transition": "T15"})
    assert graded(sight(tables), expect(refused=[{"row": "T15"}])) == ["refused: T15: 0 instead of at least 1"]


def test_a_booking_too_many_is_named() -> None:
    tables = session()
    tables["bookings"].append({**tables["bookings"][0], "starts": at(90000)})
    found = graded(sight(tables), expect(bookings=[{"starts": at(86400).isoformat()}]))
    assert found == ["bookings: 2 instead of 1, also 2026-11-25T16:00:00+00:00 booked"]


def test_a_cancelled_booking_counts_only_where_it_is_named() -> None:
    tables = session()
    tables["bookings"].append({**tables["bookings"][0], "starts": at(90000), "state": "cancelled"})
    booked = {"starts": at(86400).isoformat()}
    assert graded(sight(tables), expect(bookings=[booked])) == []
    assert (
        graded(sight(tables), expect(bookings=[booked, {"starts": at(90000).isoformat(), "state": "cancelled"}])) == []
    )
    assert (
        graded(sight(tables), expect(bookings=[booked, {"starts": at(91000).isoformat(), "state": "cancelled"}])) != []
    )


def test_a_missing_quote_version_is_counted_and_listed() -> None:
    tables = session()
    tables["quotes"].append(quote(2, "c" * 64, "open", amount="2029.80"))
    (found,) = graded(sight(tables), expect(quotes=[{"name": "Q1"}]))
    assert found.startswith("quotes: 2 instead of 1: name Q1, status open, amount 2388.00")


def test_what_the_start_wrote_is_in_no_path_and_in_no_tally() -> None:
    tables = session()
    for name in ("transitions", "speech", "crm_records", "tool_calls"):
        for row in tables[name]:
            if row["turn_id"] == "t1":
                row["turn_id"] = "start:main:0"
    assert graded(sight(tables), expect(path="T29", crm=["price_ack"], counts={"acts": 0})) == []


def test_dead_needs_something_that_could_have_died() -> None:
    assert graded(sight(), expect(dead=["contract.send"])) == [
        "dead: no capability for contract.send was minted before this step"
    ]
    tables = session()
    tables["capabilities"][1]["dead_at"] = at(9)
    assert graded(sight(tables), expect(dead=["quote.create"])) == []
    tables["capabilities"][1].update(dead_at=None, epoch=2)
    assert graded(sight(tables), expect(dead=["quote.create"])) == []


def test_what_a_step_said_is_judged_by_its_own_turns() -> None:
    from_the_start = sight(mark=Mark(0, 0))
    assert graded(from_the_start, expect(said=["disclose_ai"], asks="price_readback")) == []
    assert graded(from_the_start, expect(not_said=["disclose_ai"])) == ["not_said: disclose_ai was said"]


def test_a_fact_of_an_earlier_moment_is_the_row_that_stood_then() -> None:
    tables = session()
    tables["facts"] = [
        fact("budget", 5000, "superseded", retired_at=at(8), turn_id="t1"),
        fact("budget", 3000, at=at(8), turn_id="t2", turn=2),
    ]
    seen = sight(tables, done={"line1": at(4)})
    assert graded(seen, expect(facts_at=[{"step": "line1", "facts": {"budget": {"value": 5000}}}])) == []
    assert graded(seen, expect(fact_rows={"budget": ["superseded", {"value": 3000}]})) == []
    assert graded(seen, expect(fact_rows={"budget": [{"value": 3000}, "superseded"]})) != []
    assert graded(seen, expect(facts_at=[{"step": "gone", "facts": {}}])) == ["facts_at: the step gone was not played"]


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_everything_that_can_be_counted_is_counted(family: str) -> None:
    """A tally that is always zero could never fail."""
    wrong = graded(sight(), expect(counts={family: 99}))
    assert (wrong and not wrong[0].startswith(f"counts.{family}: 0 ")) or family in (
        "callbacks",
        "questions",
        "answers",
    )
    assert wrong[0].endswith("instead of 99")


def test_callbacks_and_questions_are_counted_too() -> None:
    tables = session()
    tables["outbox"].append({**tables["outbox"][0], "kind": "callback", "status": "queued"})
    tables["speech"].append(
        {**tables["speech"][1], "speech_id": "q", "asks": "need", "fact_key": "need", "readback": False}
    )
    assert (
        graded(sight(tables), expect(counts={"callbacks": 1, "questions.need": 1, "questions": 1, "answers.yes": 1}))
        == []
    )


def test_effects_are_counted_by_kind_and_by_status() -> None:
    tables = session()
    tables["outbox"].append({**tables["outbox"][0], "effect_id": "e2", "status": "cancelled"})
    wanted = {"effects.message": 2, "effects.message.cancelled": 1, "effects": 2}
    assert graded(sight(tables), expect(counts=wanted)) == []


def test_a_cancelled_effect_is_no_effect() -> None:
    tables = session()
    tables["outbox"][0]["status"] = "cancelled"
    assert graded(sight(tables), expect(never={"effects": ["message"]})) == []
    assert graded(sight(), expect(never={"effects": ["message.sms"]})) == [
        "never.effects: message.sms is there (1 times)"
    ]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("rows", "T29"),
        ("uses", "quote.create"),
        ("capabilities", "crm.stage"),
        ("acts", "disclose_ai"),
        ("crm", "price_ack"),
        ("facts", "need"),
        ("evidence", "price_ack"),
    ],
)
def test_what_must_never_be_there_is_named(key: str, name: str) -> None:
    assert graded(sight(), expect(never={key: [name]})) == [f"never.{key}: {name} is there (1 times)"]


def test_at_the_end_path_and_records_must_be_given() -> None:
    with pytest.raises(ValueError, match="path and crm must be given"):
        FinalExpect.model_validate({"step": "WON"})
    assert set(LAWS) == {"G2", "G3", "G4", "G5", "G6", "G7", "G8"}
