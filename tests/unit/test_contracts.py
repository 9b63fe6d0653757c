"""A contract says exactly what the quote says, and a buyer's name can add no clause to it."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue import load_catalogue
from domain.errors import BadInput
from domain.policy import load_policy
from domain.pricing import OrderScope, Quote, draft_quote
from tools.contracts import ContractForm, document_hash, token_hash
from tools.links import LinkTexts

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
CATALOGUE = load_catalogue((ROOT / "policy/catalogue.yaml").read_text(), "catalogue.yaml")
POLICY = load_policy((ROOT / "policy/default.yaml").read_text(), "default.yaml")
WORDING = ROOT / "policy/documents/order.en.txt"


def secret(kind: str, value: str) -> str:
    return document_hash(f"{kind} {value}")


FORM = ContractForm.load(WORDING, CATALOGUE, "http://127.0.0.1:8502/", secret)


def quote(discount: str = "0", **scope: Any) -> dict[str, Any]:
    order = OrderScope(**{"product": "team", "quantity": 12, **scope})
    drafted = draft_quote(POLICY, order, Decimal(discount), 1, NOW)
    assert isinstance(drafted, Quote)
    return drafted.to_json()


def test_it_names_parties_price_term_refund_and_restrictions() -> None:
    text = FORM.document(quote(), {"name": "Dana Reyes", "address": "+15125550101"}, NOW)
    company = CATALOGUE.company
    for part in (
        "Order Q1",
        f"Seller: {company.address}\n",
        "Buyer: Dana Reyes, +15125550101",
        "Team, quantity 12, priced per seat and month",
        "12 x 199.00 = 2,388.00 USD",
        "Total: 2,388.00 USD per month",
        "Term: month to month",
        "Committed: one month",
        "Least amount to be paid under this order: 2,388.00 USD",
        "Start: the day on which you accept",
        "27 November 2026, 15:00 UTC",
        company.refund_terms,
        company.restrictions,
        quote()["quote_hash"],
    ):
        assert part in text
    assert "$" not in text


def test_a_discount_and_a_year_are_written_out() -> None:
    text = FORM.document(quote("15", term="annual", start=date(2026, 12, 1)), {"name": "Dana"}, NOW)
    assert "Discount 15 %: -358.20 USD" in text
    assert "Total: 2,029.80 USD per month" in text
    assert "Committed: 12 months" in text
    assert "Least amount to be paid under this order: 24,357.60 USD" in text
    assert "Start: 1 December 2026" in text


def test_the_fingerprint_changes_with_every_figure_and_name() -> None:
    buyers = [{"name": "Dana"}, {"name": "Dane"}]
    quotes = [quote(), quote(quantity=14), quote("5")]
    assert len({document_hash(FORM.document(q, b, NOW)) for q in quotes for b in buyers}) == 6
    assert FORM.document(quote(), buyers[0], NOW) == FORM.document(quote(), buyers[0], NOW)


def test_no_contract_is_written_about_a_quote_that_was_altered() -> None:
    with pytest.raises(BadInput, match="does not fit its hash"):
        FORM.document({**quote(), "amount": "1.00"}, {"name": "Dana"}, NOW)


@given(name=st.text(max_size=300), company=st.text(max_size=300))
def test_a_buyers_text_stays_on_its_line(name: str, company: str) -> None:
    text = FORM.document(quote(), {"name": name, "company": company}, NOW)
    plain = FORM.document(quote(), {"name": "Dana"}, NOW)
    assert [line.partition(":")[0] for line in text.splitlines()] == [
        line.partition(":")[0] for line in plain.splitlines()
    ]
    assert "\x00" not in text


def test_an_unknown_buyer_is_named_by_the_acceptance() -> None:
    assert "Buyer: the person who accepts below" in FORM.document(quote(), {"name": None, "address": ""}, NOW)


def test_a_link_is_the_same_for_the_same_turn_and_unknown_to_the_database() -> None:
    token = FORM.token("turn-1", "contract")
    assert token == FORM.token("turn-1", "contract")
    assert len({token, FORM.token("turn-2", "contract"), FORM.token("turn-1", "payment")}) == 3
    assert FORM.contract(token) == f"http://127.0.0.1:8502/accept/{token}"
    assert FORM.payment(token) == f"http://127.0.0.1:8502/pay/{token}"
    assert re.fullmatch(r"[0-9a-f]{64}", token_hash(token))
    assert token_hash(token) != token


@pytest.mark.parametrize("change", [("$buyer", ""), ("$buyer", "$nobody"), ("$buyer", "$buyer $"), ("$term", "$ term")])
def test_a_wording_with_other_fields_is_refused_on_load(tmp_path: Path, change: tuple[str, str]) -> None:
    path = tmp_path / "order.en.txt"
    path.write_text(WORDING.read_text().replace(*change))
    with pytest.raises(BadInput):
        ContractForm.load(path, CATALOGUE, "http://127.0.0.1", secret)


def test_a_link_message_without_its_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "link_messages.en.yaml"
    path.write_text('contract: "$company: $link"\npayment: "$company: pay"\n')
    with pytest.raises(BadInput, match="payment"):
        LinkTexts.load(path, "Northwind")
