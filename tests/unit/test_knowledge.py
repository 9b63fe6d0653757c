"""The knowledge file is sound, its phrasings find their articles, and other words find none."""

import re
from pathlib import Path

import pytest

from domain.errors import BadInput
from nodes.reading.topics import TopicIndex
from nodes.speaking.knowledge import LocalKnowledge

FILE = Path(__file__).parents[2] / "policy" / "knowledge.yaml"
KNOWLEDGE = LocalKnowledge(FILE)
INDEX = TopicIndex(KNOWLEDGE.phrasings())
NOT_ASKED = (
    "what time is it",
    "can you call me tomorrow",
    "what is your name",
    "how much is it",
    "are you a robot",
    "is that your best price",
    "what is the capital of France",
    "can we do this Monday",
    "do you like football",
    "yes",
    "who is this",
    "is it raining",
    "how are you today",
    "",
    "?",
)


@pytest.mark.parametrize(("topic", "words"), [(t, p) for t, texts in KNOWLEDGE.phrasings().items() for p in texts])
def test_a_declared_phrasing_finds_its_article(topic: str, words: str) -> None:
    assert INDEX.match(words) == topic


@pytest.mark.parametrize(
    ("words", "topic"),
    [
        ("Wait, does it do invoices?", "invoices"),
        ("um can we keep our number please", "keep_number"),
        ("do you guys have a trial?", "trial"),
        ("would it work with our google calendar", "calendar"),
        ("does your bot understand spanish", "languages"),
        ("is it HIPAA compliant?", "health_data"),
        ("what if it says something wrong", "accuracy"),
        ("can it take emergency calls", "emergencies"),
        ("can I cancel whenever I want", "cancellation"),
    ],
)
def test_other_ways_to_ask_find_it_too(words: str, topic: str) -> None:
    assert INDEX.match(words) == topic


@pytest.mark.parametrize("words", NOT_ASKED)
def test_it_abstains_where_nothing_fits(words: str) -> None:
    assert INDEX.match(words) is None


def test_an_ambiguous_question_is_left_open() -> None:
    index = TopicIndex({"red": ["what about paint"] * 4, "blue": ["what about paint"] * 4})
    assert index.match("what about paint") is None


def test_answers_are_short_and_name_no_figure() -> None:
    assert len(KNOWLEDGE.phrasings()) >= 25
    for topic in KNOWLEDGE.phrasings():
        article = KNOWLEDGE.article(topic)
        assert article is not None
        sentences = [s for s in re.split(r"[.!?](?:\s|$)", article.answer) if s]
        assert 1 <= len(sentences) <= 3, topic
        assert not re.search(r"[$€£%]|\d", article.answer), topic


def test_an_unknown_topic_has_no_article() -> None:
    assert KNOWLEDGE.article("no_such_topic") is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("language: en\narticles:\n  - {id: a, phrasings: [one way], answer: Long enough.}", "phrasings"),
        ("language: en\narticles:\n  - {id: a, price: 5}", "knowledge.yaml"),
        ("language: [", "knowledge.yaml"),
    ],
)
def test_a_bad_file_is_refused_with_the_field(tmp_path: Path, text: str, names: str) -> None:
    path = tmp_path / "knowledge.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=names):
        LocalKnowledge(path)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    row = "  - {id: same, phrasings: [way one, way two, way three, way four], answer: Long enough.}\n"
    path = tmp_path / "knowledge.yaml"
    path.write_text("language: en\narticles:\n" + row * 2, encoding="utf-8")
    with pytest.raises(BadInput, match="same"):
        LocalKnowledge(path)
