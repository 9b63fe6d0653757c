"""Card numbers are found in speech and in writing, and telephone numbers are left alone."""

import pytest

from nodes.reading.cards import REDACTED, card_spans, redact

CARDS = (
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555.5555.5555.4444",
    "378282246310005",
    "6011 1111 1111 1117",
    "four one one one one one one one one one one one one one one one",
    "forty one eleven eleven eleven eleven eleven eleven eleven",
    "five five five five, five five five five, five five five five, four four four four",
    "double five double five double five double five double five double five double four double four",
    "four 242 four 242 four 242 four 242",
    "cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos cuatro dos",
)
NO_CARDS = (
    "4111111111111112",
    "call me at 512 555 0199",
    "+1 (512) 555-0199",
    "15125550199",
    "my number is five one two five five five oh one nine nine",
    "+49 30 901820 or +49 30 901821",
    "we have 12 people, 3 offices and 2,388.00 a month",
    "order 123456789012",
    "2026-11-24 10:00:00",
    "one two three",
    "",
)


@pytest.mark.parametrize("card", CARDS)
def test_a_card_is_cut_out_whole(card: str) -> None:
    words = f"sure, it is {card} thanks"
    spans = card_spans(words)
    assert [words[start:end] for start, end in spans] == [card]
    assert redact(words, spans) == f"sure, it is {REDACTED} thanks"


@pytest.mark.parametrize("words", NO_CARDS)
def test_what_is_no_card_stays(words: str) -> None:
    assert card_spans(words) == ()
    assert redact(words, ()) == words


def test_two_cards_are_cut_one_by_one() -> None:
    words = "4111 1111 1111 1111 or rather 5555 5555 5555 4444"
    assert redact(words, card_spans(words)) == f"{REDACTED} or rather {REDACTED}"
