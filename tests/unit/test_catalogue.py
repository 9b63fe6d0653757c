"""The catalogue that ships is sound, recommends by size, and bad files are refused naming the field."""

from pathlib import Path

import pytest

from domain.catalogue import CatalogueRefused, load_catalogue
from domain.policy import load_policy

TEXT = Path("policy/catalogue.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("seats", "product", "quantity"),
    [
        (None, "starter", 5),
        (1, "starter", 1),
        (5, "starter", 5),
        (6, "team", 6),
        (12, "team", 12),
        (99, "team", 99),
        (100, "enterprise", 100),
        (5000, "enterprise", 5000),
        (0, "starter", 1),
    ],
)
def test_recommendation(seats: int | None, product: str, quantity: int) -> None:
    assert load_catalogue(TEXT, "catalogue").recommend(seats) == (product, quantity)


def test_every_product_has_a_price_and_every_price_a_product() -> None:
    catalogue = load_catalogue(TEXT, "catalogue")
    prices = load_policy(Path("policy/default.yaml").read_text("utf-8"), "default").pricing.catalogue
    assert catalogue.against(prices) == []
    fields = [problem.field for problem in catalogue.against(["starter", "team", "mega"])]
    assert fields == ["products.enterprise", "products.mega"]
    team = catalogue.product("team")
    assert team is not None and team.name == "Team"
    assert catalogue.product("mega") is None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("seats_from: 6", "seats_from: 7", "products.1.seats_from"),
        ("seats_from: 6", "seats_from: 5", "products.1.seats_from"),
        ("seats_to: 99", "seats_to: 3", "products.1.seats_to"),
        ("seats_from: 100\n", "seats_from: 100\n    seats_to: 900\n", "products"),
        ("key: team", "key: starter", "products.1.key"),
        ("product: starter", "product: startre", "default_order.product"),
        ("term: monthly", "term: weekly", "default_order.term"),
        ('"+1 312 555 0180"', '"call us"', "company.phone"),
        ("agent_name: Nora", "agent: Nora", "company.agent"),
        ("name: Northwind Voice", "name: 5", "company.name"),
        ("purpose: We help", "purpose: <b>We help</b>", "company.purpose"),
        ("optout: You can", 'optout: "{name}, you can"\n  x: You can', "company.optout"),
    ],
)
def test_bad_file_is_refused(old: str, new: str, field: str) -> None:
    assert old in TEXT
    with pytest.raises(CatalogueRefused) as caught:
        load_catalogue(TEXT.replace(old, new), "edited")
    assert field in [problem.field for problem in caught.value.problems], str(caught.value)
    assert all(problem.problem and problem.remedy for problem in caught.value.problems)
