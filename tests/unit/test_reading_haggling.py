"""What two parties who bargain have settled on is read from their own words, never from numbers that count things."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.reading.haggling import closing_words, deal_reached, offers_in, standing_price

LISTED = Decimal(2400)
TALKS = (
    ([("seller", "It is 2,400 a year."), ("buyer", "Could you do $2,000?"), ("seller", "I can go to 2200")], "2200"),
    ([("buyer", "I would pay 1900"), ("seller", "I cannot go lower than 2,100")], "2100"),
    ([("buyer", "I will give you 2 k"), ("seller", "2.2k and we are done")], "2200"),
    ([("buyer", "2000?"), ("seller", "2200"), ("buyer", "let us meet in the middle")], "2100"),
    ([("buyer", "2000?"), ("seller", "I could take 10 percent off of that")], "1800"),
    ([("buyer", "I can only do 2000"), ("seller", "no, 2000 is too low for me")], "2000"),
    ([("buyer", "we have 1900 employees"), ("seller", "fine")], "2400"),
    ([("buyer", "I'll take it at the asking price")], "2400"),
    ([("buyer", "it was new in 2019")], "2400"),
    ([("buyer", "I'd pay 2100"), ("seller", "we paid 2300 for it ourselves")], "2100"),
    ([("buyer", "2000?"), ("seller", "I can take $200 off the list price")], "2200"),
    ([("buyer", "2000?"), ("seller", "You did take 200 off already, so yes")], "2000"),
    ([("seller", "$2,200 is what it costs. If you sign today I will agree to 2,100")], "2100"),
    ([("buyer", "2100?"), ("seller", "Fine. Otherwise I will sell it to my neighbour for $2,000")], "2100"),
    ([], "2400"),
)


@pytest.mark.parametrize(("talk", "price"), TALKS)
def test_the_price_that_stands(talk: list[tuple[str, str]], price: str) -> None:
    assert standing_price(talk, LISTED) == Decimal(price)


def test_a_number_in_letters_counts_things() -> None:
    assert standing_price([("buyer", "11?"), ("seller", "It has nine lights and a lamp")], Decimal(12)) == 11


def test_offers_keep_who_made_them() -> None:
    offers = offers_in([("buyer", "1900"), ("seller", "2200 at least")], LISTED)
    assert [(o.role, o.price, o.turn) for o in offers] == [("buyer", Decimal(1900), 0), ("seller", Decimal(2200), 1)]


AGREED = [("buyer", "How about $2,100?"), ("seller", "$2,100 works, you have a deal."), ("buyer", "Great, deal!")]
APART = [
    ("buyer", "Would you take 900?"),
    ("seller", "No, that is way too low. 2,300 or nothing."),
    ("buyer", "Sorry, I can not do that. Bye"),
]


def test_a_deal_and_none() -> None:
    assert deal_reached(AGREED, LISTED)
    assert not deal_reached(APART, LISTED)


@pytest.mark.parametrize("refusal", ["No deal, then.", "I can't do that.", "That won\u2019t work, I'll pass"])
def test_whoever_walks_away_ends_what_sounded_like_a_deal(refusal: str) -> None:
    assert not deal_reached([*AGREED, ("seller", refusal)], LISTED, {"deal": 1.0, "none": 0.0})


def test_a_refusal_with_another_price_still_bargains() -> None:
    assert deal_reached([*AGREED, ("buyer", "I can't do that, but 2,050 is fine")], LISTED, {"deal": 0.9, "none": 0.1})


@given(st.lists(st.tuples(st.sampled_from(("buyer", "seller")), st.text(max_size=80)), max_size=5))
def test_any_talk_is_read(talk: list[tuple[str, str]]) -> None:
    assert standing_price(talk, LISTED) > 0
    assert all(isinstance(part, str) for part in closing_words(talk, LISTED))
