"""The laws that hold in every scenario: a clean session breaks none, and each way to break one is found."""

from collections.abc import Callable
from typing import Any

import pytest

from graph.scenarios.laws import broken_laws, luhn
from graph.scenarios.sight import Sight
from tests.unit.scenarios.rows import (
    SESSION,
    Row,
    at,
    call,
    capability,
    chain,
    fact,
    line,
    move,
    record,
    session,
    sight,
)

Tables = dict[str, list[Row]]
CARD = "4111 1111 1111 1111"


def broken(tables: Tables, **moments: Any) -> list[str]:
    return broken_laws({"main": sight(tables, **moments)}, tables)


def test_a_clean_session_breaks_no_law() -> None:
    assert broken(session()) == []


def _second_session(t: Tables) -> None:
    t["sessions"].append({**t["sessions"][0], "session_id": "33333333"})


def _stray_thread(t: Tables) -> None:
    t["threads"].append({"session_id": "33333333", "inside": {}})


def _no_thread(t: Tables) -> None:
    t["threads"].clear()


def _use_off_the_chain(t: Tables) -> None:
    t["tool_calls"].append(call("k4", "crm.stage", "c3"))
    t["capabilities"].append(capability("c3", "crm.stage", uses_left=0))


def _refusal_off_the_chain(t: Tables) -> None:
    t["tool_calls"].append(call("k4", "payment.link", None, outcome="refused", reason="scope_open"))


def _chain_altered(t: Tables) -> None:
    t["audit"][1]["inside"]["payload"] = {"scope": "contract.send"}


def _chain_cut(t: Tables) -> None:
    del t["audit"][0]


def _no_capability(t: Tables) -> None:
    t["tool_calls"][1]["capability_id"] = "gone"


def _other_scope(t: Tables) -> None:
    t["capabilities"][1]["scope"] = "pricing.read"


def _other_policy(t: Tables) -> None:
    t["capabilities"][1]["policy_version"] = "v0"


def _drift(t: Tables) -> None:
    t["tool_calls"][1]["capability_stage"] = "BOOK"


def _not_used_up(t: Tables) -> None:
    t["capabilities"][0]["uses_left"] = 1


def _no_guard_named(t: Tables) -> None:
    t["tool_calls"][2]["reason"] = None


def _no_policy_version(t: Tables) -> None:
    t["tool_calls"][2]["policy_version"] = ""


def _asked_again(t: Tables) -> None:
    t["speech"].append(line("t2:s0", "t2", 2, "ask_need", asks="need", fact_key="need", queued_at=at(9)))


def _substance_first(t: Tables) -> None:
    t["speech"][0]["disclosure_keys"] = []


def _other_channel_without(t: Tables) -> None:
    t["speech"].append(line("t2:s0", "t2", 2, "terms", channel="sms"))


def _recorded_unasked(t: Tables) -> None:
    t["consents"].clear()


def _card_in_the_inbox(t: Tables) -> None:
    t["inbox"][1]["inside"]["text"] = f"it is {CARD}, thanks"


def _card_in_the_audit(t: Tables) -> None:
    t["audit"] = chain(
        *((r["turn_id"], r["action"], r["inside"]["payload"]) for r in t["audit"]), ("t2", "note", {"a": [CARD]})
    )


def _record_lost(t: Tables) -> None:
    del t["crm_deliveries"][1]


def _record_twice(t: Tables) -> None:
    t["crm_deliveries"].append(record(2, "price_ack", "t2"))


def _records_swapped(t: Tables) -> None:
    t["crm_deliveries"].reverse()


def _answer_to_nothing(t: Tables) -> None:
    t["answers"][0]["speech_id"] = "elsewhere"


def _answer_too_early(t: Tables) -> None:
    t["answers"][0]["began_at"] = at(3)


def _line_cut_short(t: Tables) -> None:
    t["speech"][1]["status"] = "partly"


def _no_answer(t: Tables) -> None:
    t["answers"].clear()


def _answer_was_no(t: Tables) -> None:
    t["answers"][0]["answer"] = "no"


def _five_rows(t: Tables) -> None:
    t["transitions"] += [move("t1", 1, f"T0{n}", "BOOK.greet", "BOOK.greet") for n in range(6, 10)]


BREACHES: list[tuple[Callable[[Tables], None], str]] = [
    (_second_session, "G1: a session 33333333 was opened that the scenario does not name"),
    (_stray_thread, "G1: a thread 33333333 belongs to no session"),
    (_no_thread, "G1: the session main has turns and no thread"),
    (_use_off_the_chain, "G2: 2 uses of crm.stage in t2, 1 in the audit chain"),
    (_refusal_off_the_chain, "G2: 1 uses of payment.link in t2, 0 in the audit chain"),
    (_chain_altered, "G2: audit row 2: its payload was changed"),
    (_chain_cut, "G2: audit row 2: row 1 is missing"),
    (_no_capability, "G2: quote.create was used without a capability of this session"),
    (_other_scope, "G2: quote.create was used with a capability for pricing.read"),
    (_other_policy, "G2: quote.create was used under v1 with a capability of v0"),
    (_drift, "G2: authority drift: quote.create names stage BOOK, its capability CLOSE"),
    (_not_used_up, "G2: crm.stage: 1 uses on the trail, 0 taken from c1"),
    (_no_guard_named, "G2: a refused use of discount.apply without the guard's name"),
    (_no_policy_version, "G2: a use of discount.apply without key or policy version"),
    (_asked_again, "G3: ask_need asked for need, confirmed in t1"),
    (_substance_first, "G4: on voice the first line was disclose_ai in turn 1, not the AI disclosure"),
    (_other_channel_without, "G4: on sms the first line was terms in turn 2, not the AI disclosure"),
    (_recorded_unasked, "G5: recording is on, and no consent to it is stored"),
    (_card_in_the_inbox, "G5: inbox holds a card number ending in 1111"),
    (_card_in_the_audit, "G5: audit holds a card number ending in 1111"),
    (_record_lost, "G6: 2 records were written, 1 arrived; missing or out of order: price_ack"),
    (_record_twice, "G6: 2 records were written, 3 arrived"),
    (_records_swapped, "G6: 2 records were written, 2 arrived; missing or out of order: only the order"),
    (_answer_to_nothing, "G7: the answer of t2 names a line that is not of this session"),
    (_answer_too_early, "G7: the answer of t2 began 2026-11-24T15:00:03+00:00, before price_readback had ended"),
    (_line_cut_short, "G7: the answer of t2 names price_readback, which was partly"),
    (_no_answer, "G7: T29 fired in t2 without a yes to price_readback"),
    (_answer_was_no, "G7: T29 fired in t2 without a yes to price_readback"),
    (_five_rows, "G8: 5 transitions fired in t1"),
]


@pytest.mark.parametrize(("breach", "said"), BREACHES, ids=[breach.__name__.strip("_") for breach, _ in BREACHES])
def test_a_breach_is_found_and_named(breach: Callable[[Tables], None], said: str) -> None:
    tables = session()
    breach(tables)
    assert any(found.startswith(said) for found in broken(tables)), broken(tables)


def test_a_second_call_needs_a_disclosure_of_its_own() -> None:
    tables = session()
    tables["speech"].append(line("t2:s0", "t2", 2, "welcome_back"))
    assert broken(tables) == []
    assert broken(tables, calls={SESSION: (0, 1)}) == [
        "G4: on voice the first line was welcome_back in turn 2, not the AI disclosure"
    ]


def test_an_opt_out_may_be_confirmed_without_an_introduction() -> None:
    tables = session()
    tables["speech"].append(line("t2:s0", "t2", 2, "optout_text", channel="sms"))
    assert broken(tables) == []


def test_what_has_to_be_refreshed_may_be_asked_again() -> None:
    tables = session()
    old = at(-40 * 86400)
    tables["facts"] = [fact("budget", 3000, at=old, turn_id="t0")]
    tables["speech"].append(line("t2:s0", "t2", 2, "ask_budget", asks="budget", fact_key="budget", queued_at=at(9)))
    assert broken(tables) == []
    tables["facts"] = [fact("budget", 3000, at=at(-86400), turn_id="t0")]
    assert broken(tables) == ["G3: ask_budget asked for budget, confirmed in t0"]


def test_uses_may_be_listed_in_the_entry_of_their_turn() -> None:
    tables = session()
    tables["audit"] = chain(
        ("t2", "turn", {"uses": [{"scope": "quote.create"}, {"scope": "crm.stage"}]}),
        ("t2", "use_refused", {"scope": "discount.apply"}),
    )
    assert broken(tables) == []


def test_an_unchanged_order_scope_needs_no_second_yes() -> None:
    tables = session()
    tables["transitions"].append(move("t2", 2, "T28", "CLOSE.scope", "CLOSE.price"))
    assert broken(tables) == ["G7: T28 fired in t2 without a yes to scope_readback"]
    tables["guard_results"].append(
        {**tables["guard_results"][0], "turn_id": "t2", "transition": "T28", "held": True, "value": "confirmed earlier"}
    )
    assert broken(tables) == []


def test_other_peoples_hours_are_no_session_of_the_scenario() -> None:
    tables = session()
    tables["sessions"].append({**tables["sessions"][0], "session_id": "33333333", "label": "scenario hours"})
    assert broken(tables) == []


def test_breaches_of_several_sessions_name_the_session() -> None:
    tables = session()
    tables["consents"].clear()
    seen = sight(tables)
    other = Sight("B", SESSION, tables, seen.moments, seen.mark)
    assert "G5 B: recording is on, and no consent to it is stored" in broken_laws({"A": seen, "B": other}, tables)


@pytest.mark.parametrize("text", ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"])
def test_card_numbers_are_known(text: str) -> None:
    assert luhn(text)


@pytest.mark.parametrize("text", ["4111111111111112", "0000000000000000", "1234", "+15125550101"])
def test_other_numbers_are_no_card(text: str) -> None:
    assert not luhn(text)
