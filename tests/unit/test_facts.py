"""Which facts a guard may rely on: those in force, not contradicted, and not due for refresh."""

from datetime import timedelta

import pytest

from domain.facts import FACT_TYPES, Stake, confirmed, counts, kind_of
from tests.builders import NOW, a_fact, ago


@pytest.mark.parametrize(
    ("key", "days"), [("budget", 30), ("timeline", 30), ("authority", 90), ("need", 10_000), ("contact.name", 10_000)]
)
def test_a_fact_counts_until_it_is_due_for_refresh(key: str, days: int) -> None:
    fact = a_fact(key, "x", at=ago(days=days))[key]
    assert confirmed(fact, NOW)
    if days < 10_000:
        assert not counts(fact, NOW + timedelta(seconds=1))
        assert fact["status"] == "confirmed", "it keeps its status"


@pytest.mark.parametrize("name", ["contradicted", "superseded", "withdrawn"])
def test_what_is_out_of_force_does_not_count(name: str) -> None:
    assert not counts(a_fact("budget", 1, name)["budget"], NOW)
    assert not counts(None, NOW) and not confirmed(None, NOW)
    assert counts(a_fact("budget", 1, "claimed")["budget"], NOW) and not confirmed(
        a_fact("budget", 1, "claimed")["budget"], NOW
    )


def test_what_binds_is_of_high_stake() -> None:
    high = {name for name, kind in FACT_TYPES.items() if kind.stake is Stake.HIGH}
    assert high == {"authority", "scope", "price_ack", "commitment", "appointment"}
    assert FACT_TYPES["consent"].stake is Stake.LEGAL and kind_of("objection.price").name == "objection"
