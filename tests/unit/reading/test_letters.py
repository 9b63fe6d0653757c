"""What is spelled letter by letter puts right what a recogniser made of a name or an address."""

import pytest

from domain.reading import ReadingContext, Special
from nodes.reading.letters import joined, put_right, spelled
from nodes.reading.read import read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("d-a-n-a", ["dana"]),
        ("d, a, n, a.", ["dana"]),
        ("d a n a", ["dana"]),
        ("d. a. n. a.", ["dana"]),
        ("d as in delta, a, double n, a", ["danna"]),
        ("first d a n a and then w-h-i-t-e", ["dana", "white"]),
        ("we have a plan", []),
        ("i am at 3 p m", []),
        ("it's a b test", []),
        ("call 1-8-0-0", []),
        ("", []),
        ("a " * 5000, []),
    ],
)
def test_runs_of_letters_are_words(text: str, words: list[str]) -> None:
    found = [run.word for run in spelled(text)]
    assert found == words or (len(text) > 200 and all(set(word) == {"a"} for word in found))


def test_only_the_word_that_is_meant_is_replaced() -> None:
    assert put_right("Donna Whitfield", spelled("d-a-n-a")) == "Dana Whitfield"
    assert put_right("Karen Whitfeld", spelled("w-h-i-t-f-i-e-l-d")) == "Karen Whitfield"
    assert put_right("Tolkien", spelled("j. r. r.")) == "Tolkien"
    assert put_right("", spelled("d-a-n-a")) == ""


@pytest.mark.parametrize(
    ("said", "asked", "on_file", "name"),
    [
        ("My name is Donna. D-a-n-a", "name", None, "Dana"),
        ("No, my name is Donna. D-a-n-a", "need", "Donna Whitfield", "Dana Whitfield"),
        ("No, my name is Dana. D, A, N, A.", "name_confirm", "Donna Whitfield", "Dana Whitfield"),
        ("D-A-N-A", "need", "Donna Whitfield", "Dana Whitfield"),
        ("No. D. A. N. A.", "name", None, "Dana"),
        ("This is Coren, K-A-R-E-N, from Acme", None, None, "Karen"),
        ("that's a, b and c teams", "name", None, None),
        ("I I I I think", "name", None, None),
        ("My name is Sam", "name", None, "Sam"),
    ],
)
def test_a_spelled_name_is_believed(said: str, asked: str | None, on_file: str | None, name: str | None) -> None:
    heard = read(said, ReadingContext(asked=asked, name_on_file=on_file))
    assert next((fact.value for fact in heard.facts if fact.key == "contact.name"), None) == name
    assert not [fact for fact in heard.facts if fact.type == "need"]
    assert Special.WRONG_PERSON not in heard.specials


def test_who_spells_another_name_is_another_person() -> None:
    heard = read("No, this is Robert. R-O-B-E-R-T", ReadingContext(asked="name_confirm", name_on_file="Dana Whitfield"))
    assert Special.WRONG_PERSON in heard.specials


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("my email is d a n a at example dot com", "dana@example.com"),
        ("dana dot w h i t e at acme dot co dot uk", "dana.white@acme.co.uk"),
        ("it's info at a c m e dot com", "info@acme.com"),
        ("info at acme dot com", "info@acme.com"),
    ],
)
def test_a_spelled_address_is_joined(said: str, address: str) -> None:
    heard = read(said, ReadingContext(asked="email"))
    assert [fact.value for fact in heard.facts if fact.key == "contact.email"] == [address]
    assert joined("nothing to join") == "nothing to join"
