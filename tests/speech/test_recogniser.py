"""The local recogniser hears well enough to sell, says when it did not, and refuses weights that are not its own."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bench.hearing import SENTENCES, Samples, babble, noisy, score, spoken, telephone
from domain.errors import BadInput
from livekit.local_models import OneAtATime
from livekit.prepared import FILES, RECORD, SOURCES, checked, fingerprint, wheel_folder
from livekit.recogniser import MOST_HOT_WORDS, RATE, HotWords, Recogniser, pieces, without_loop
from livekit.vocabulary import END
from nodes.hearing import LOW_CONFIDENCE
from tests.speech.conftest import SPEECH

Said = list[tuple[str, Samples]]
NAMES = ["Rajesh Patel", "Northgate Logistics", "Karen Whitfield"]
NAMED = ["Hello, this is Karen Whitfield from Northgate Logistics.", "My name is Rajesh Patel."]


@pytest.fixture(scope="module")
def said(mouth: OneAtATime) -> Said:
    return [(text, spoken(mouth.model, text, seed)) for seed, text in enumerate(SENTENCES)]


def changed(said: Said, change: Callable[[Samples], Samples]) -> Said:
    return [(text, change(sound)) for text, sound in said]


@pytest.mark.parametrize(
    ("condition", "worst"),
    [
        ("telephone", 0.04),
        pytest.param("clean", 0.03, marks=pytest.mark.soak),
        pytest.param("noise 15 dB", 0.05, marks=pytest.mark.soak),
        pytest.param("telephone, 15 dB", 0.08, marks=pytest.mark.soak),
    ],
)
def test_word_error_rate(ear: OneAtATime, said: Said, condition: str, worst: float) -> None:
    noise = babble(10 * RATE)
    change = {
        "clean": lambda x: x,
        "telephone": telephone,
        "noise 15 dB": lambda x: noisy(x, noise, 15),
        "telephone, 15 dB": lambda x: telephone(noisy(x, noise, 15)),
    }[condition]
    result = score(ear.model.hear, changed(said, change))
    missed = [(t, h.text) for (t, _), h in zip(said, result.heard, strict=True)]
    assert result.rate <= worst, f"{result.rate:.3f} of {result.words} words: {missed}"


@pytest.mark.soak
def test_an_error_is_less_sure_than_what_was_right(ear: OneAtATime, said: Said) -> None:
    noise = babble(10 * RATE)
    loud = changed(said, lambda x: telephone(noisy(x, noise, 5)))
    right, wrong = list[float](), list[float]()
    for text, sound in loud:
        result = score(ear.model.hear, [(text, sound)])
        (right if result.exact else wrong).append(result.heard[0].confidence)
    assert len(right) >= 5 and len(wrong) >= 5
    assert np.mean(right) - np.mean(wrong) >= 0.1


@pytest.mark.parametrize("loudness", [0.0, 0.003, 0.1])
def test_nothing_is_heard_where_nothing_is_said(ear: OneAtATime, loudness: float) -> None:
    noise = (babble(2 * RATE) * loudness).astype(np.float32)
    assert ear.model.hear(noise).text == ""
    assert ear.model.hear(noise[:100]).text == ""


@pytest.mark.parametrize("word", ["Yes.", "No.", "Hello.", "Thank you."])
def test_a_short_word_is_not_lost_on_the_telephone(ear: OneAtATime, mouth: OneAtATime, word: str) -> None:
    heard = [ear.model.hear(telephone(spoken(mouth.model, word, seed)).astype(np.float32)).text for seed in range(5)]
    assert all(heard), heard


SHORT = ("Yes.", "Okay.", "Fine.", "Sure.", "That's fine.", "Go ahead.", "No.")


def test_a_short_answer_is_believed(ear: OneAtATime, mouth: OneAtATime) -> None:
    """It was asked for again where only its full stop was doubtful: "Okay" at 0.22, "Yes" at 0.46."""
    heard = [score(ear.model.hear, [(t, spoken(mouth.model, t, seed))]) for seed in range(3) for t in SHORT]
    right = [result.heard[0] for result in heard if result.exact]
    assert len(right) >= len(heard) - 1
    assert [(h.text, round(h.confidence, 2)) for h in right if h.confidence < LOW_CONFIDENCE] == []


def test_tokens_are_alike_where_only_capitals_or_marks_differ(ear: OneAtATime) -> None:
    vocabulary = ear.model._vocabulary
    alike = vocabulary.alike()
    (yes,), (low,), (no,) = (vocabulary.tokens(word) for word in ("Yes", "yes", "no"))
    assert low in alike[yes] and no not in alike[yes]
    stop, comma, letter = (vocabulary.number[mark] for mark in (b".", b",", b"a"))
    assert {stop, comma} < set(alike[END]) and letter not in alike[END]


@pytest.mark.soak
def test_hot_words_mend_names_and_are_not_heard_elsewhere(ear: OneAtATime, mouth: OneAtATime, said: Said) -> None:
    hear = partial(ear.model.hear, hot=ear.model.hot_words(NAMES))
    names = [(text, telephone(spoken(mouth.model, text, seed))) for seed in range(4) for text in NAMED]
    assert score(hear, names).wrong < score(ear.model.hear, names).wrong
    others = changed(said, telephone)
    with_words, without = score(hear, others), score(ear.model.hear, others)
    assert with_words.rate <= without.rate + 0.01
    parts = {part.lower() for name in NAMES for part in name.split()}
    assert not [h.text for h in with_words.heard if parts & set(h.text.lower().replace(".", "").split())]


def test_hot_words_may_hold_anything(ear: OneAtATime) -> None:
    odd = ["", "   ", "Ünïcode 😀", "a\nb", "x" * 300, *(f"word {n}" for n in range(40))]
    assert len(ear.model.hot_words(odd).phrases) == MOST_HOT_WORDS


def test_a_token_is_favoured_once_however_many_phrases_want_it() -> None:
    logits = np.zeros(10)
    HotWords(((3, 4), (3, 5), (3, 4, 6))).favour([3, 4], logits)
    assert (logits[3], logits[4], logits[6]) == (1.5, 0.0, 4.0)


def test_alternatives_are_sought_only_where_they_are_asked_for(ear: OneAtATime, mouth: OneAtATime) -> None:
    sound = spoken(mouth.model, "Could we do next Tuesday at half past ten?").astype(np.float32)
    assert ear.model.hear(sound).alternatives == ()
    assert ear.model.hear(sound, alternatives=2, below=0.1).alternatives == ()
    found = ear.model.hear(sound, alternatives=2).alternatives
    assert found and ear.model.hear(sound).text not in found


def test_a_long_speech_is_cut_where_it_is_quiet(ear: OneAtATime, mouth: OneAtATime) -> None:
    text = " ".join(SENTENCES[:14])
    sound = np.concatenate([spoken(mouth.model, sentence, 1) for sentence in SENTENCES[:14]])
    assert len(sound) > 35 * RATE and sum(map(len, pieces(sound))) == len(sound)
    assert score(ear.model.hear, [(text, sound)]).rate <= 0.06


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Thank you very much. thank you very", "Thank you very much."),
        ("no no no no no", "no"),
        ("We need twelve seats", "We need twelve seats"),
        ("", ""),
    ],
)
def test_a_loop_is_cut(text: str, mended: str) -> None:
    assert without_loop(text) == mended


# ---- the weights
def test_what_was_prepared_is_accepted(ear: OneAtATime) -> None:
    assert checked(SPEECH) == SPEECH


@pytest.fixture
def copy(ear: OneAtATime, tmp_path: Path) -> Path:
    """Links to the prepared files, which a test may replace."""
    folder = tmp_path / "speech"
    folder.mkdir()
    for name in (*FILES, RECORD):
        (folder / name).symlink_to(SPEECH / name)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused_with_its_name_and_the_remedy(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing or was changed.*make setup"):
        checked(copy)
    raw = bytearray((SPEECH / name).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / name).write_bytes(raw)
    with pytest.raises(BadInput, match=f"{name} is missing or was changed.*make setup"):
        checked(copy)


def test_without_weights_the_recogniser_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no prepared weights.*make setup"):
        Recogniser(checked(tmp_path))


def test_weights_of_another_origin_are_refused(copy: Path) -> None:
    record = json.loads((SPEECH / RECORD).read_text())
    (copy / RECORD).unlink()
    (copy / RECORD).write_text(json.dumps({**record, "sources": {**SOURCES, "tokenizer.bin": "0" * 64}}))
    with pytest.raises(BadInput, match="other weights"):
        checked(copy)


def test_the_wheel_holds_what_is_pinned() -> None:
    folder = wheel_folder()
    assert {name: fingerprint(folder / name) for name in SOURCES} == SOURCES
