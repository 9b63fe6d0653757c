"""Turns a buyer's audio into words and says how sure it is, on one CPU core, without a network and without LiveKit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from livekit.vocabulary import BEGIN, END, Vocabulary

RATE = 16000
SHORTEST = 0.1  # seconds; less than that holds no word
LONGEST = 20.0  # seconds that are heard at once; longer speech is cut where it is quietest
TOKENS_PER_SECOND = 6.5  # nobody speaks faster: a hypothesis that is longer has lost its way
# A short word can be answered with "nothing" at 0.5 to 0.7; noise without words is answered with it at 0.9 and more.
SURE_OF_NOTHING = 0.85
FIRST_BONUS, NEXT_BONUS = 1.5, 4.0  # for the first token of a hot word, and for the next one while it is under way
MOST_HOT_WORDS = 20  # more of them, and words appear that nobody said
_SILENCE = np.zeros(int(0.3 * RATE), np.float32)  # without silence at its end a clip may be heard twice over
_HEADS, _HEAD_SIZE = 8, 52

Samples = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Heard:
    """`confidence` is the geometric mean of the tokens' probabilities, `weakest` the lowest of them.

    What counts is the words: whether a "yes" ends with a full stop, a comma or nothing makes it no less sure.
    """

    text: str
    confidence: float
    weakest: float
    complete: bool = True  # False: it ran into its length limit, which is a loop as a rule
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HotWords:
    """Phrases that are likely in this call, in tokens."""

    phrases: tuple[tuple[int, ...], ...] = ()

    def favour(self, said: list[int], logits: np.ndarray[Any, Any]) -> None:
        """Each token is favoured once, however many phrases want it."""
        bonus: dict[int, float] = {}
        for phrase in self.phrases:
            bonus[phrase[0]] = max(bonus.get(phrase[0], 0.0), FIRST_BONUS)
            for length in range(1, len(phrase)):
                if said[-length:] == list(phrase[:length]):
                    bonus[phrase[length]] = NEXT_BONUS
        for token, extra in bonus.items():
            logits[token] += extra


NO_HOT_WORDS = HotWords()


@dataclass(slots=True)
class _Hypothesis:
    """Tokens so far, the decoder's memory behind them, and at each step the closest rival with its margin."""

    tokens: list[int]
    memory: dict[str, Any]
    log_probabilities: list[float] = field(default_factory=list[float])
    rivals: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list[tuple[float, int, dict[str, Any]]])
    complete: bool = False


class Recogniser:
    """One model in memory. It keeps nothing between calls, but it must not be used by two threads at once."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # a waiting thread takes no core
        self._encoder = _open(folder / "encoder.onnx", options)
        self._decoder = _open(folder / "decoder.onnx", options)
        self._vocabulary = Vocabulary.read(folder / "tokens.bin")
        self._alike = {token: np.array(group) for token, group in self._vocabulary.alike().items()}
        self._memory = [given.name for given in self._decoder.get_inputs() if given.name.startswith("past")]

    def hot_words(self, phrases: Sequence[str]) -> HotWords:
        wanted = [phrase for phrase in dict.fromkeys(" ".join(p.split()) for p in phrases) if phrase]
        return HotWords(tuple(tuple(self._vocabulary.tokens(phrase)) for phrase in wanted[:MOST_HOT_WORDS]))

    def hear(self, samples: Samples, hot: HotWords = NO_HOT_WORDS, alternatives: int = 0, below: float = 1.0) -> Heard:
        """The words in 16 kHz samples between -1 and 1. Alternatives cost time, and are sought `below` a confidence."""
        parts = [self._hear(part, hot, alternatives, below) for part in pieces(samples)]
        if len(parts) == 1:
            return parts[0]
        spoken = [part for part in parts if part.text] or parts[:1]
        return Heard(
            " ".join(part.text for part in spoken),
            min(part.confidence for part in spoken),
            min(part.weakest for part in spoken),
            all(part.complete for part in spoken),
        )

    def _hear(self, samples: Samples, hot: HotWords, alternatives: int, below: float) -> Heard:
        if len(samples) < SHORTEST * RATE:
            return Heard("", 1.0, 1.0)
        samples = np.concatenate([samples.astype(np.float32, copy=False), _SILENCE])
        sound: Any = self._encoder.run(None, {"input_values": samples[None]})[0]
        most = int(np.ceil(len(samples) / RATE * TOKENS_PER_SECOND))
        nothing = {name: np.zeros((1, _HEADS, 0, _HEAD_SIZE), np.float32) for name in self._memory}
        best = self._decode(_Hypothesis([], nothing), sound, most, hot)
        text, logs = self._text(best), best.log_probabilities
        confidence = float(np.exp(np.mean(logs)))
        wanted = alternatives if confidence <= below else 0
        others = [self._text(other) for other in self._rivals(best, wanted, sound, most, hot)]
        return Heard(
            text,
            confidence,
            float(np.exp(np.min(logs))),
            best.complete,
            tuple(other for other in dict.fromkeys(others) if other != text),
        )

    def _text(self, hypothesis: _Hypothesis) -> str:
        text = self._vocabulary.text(hypothesis.tokens)
        return text if hypothesis.complete else without_loop(text)

    def _rivals(
        self, best: _Hypothesis, number: int, sound: np.ndarray[Any, Any], most: int, hot: HotWords
    ) -> list[_Hypothesis]:
        """What else it may have been: the ways not taken where the choice was closest."""
        closest = sorted(range(len(best.rivals)), key=lambda step: best.rivals[step][0])[:number]
        found: list[_Hypothesis] = []
        for step in closest:
            _, token, memory = best.rivals[step]
            if token != END:
                found.append(self._decode(_Hypothesis([*best.tokens[:step], token], memory), sound, most, hot))
        return found

    def _decode(self, path: _Hypothesis, sound: np.ndarray[Any, Any], most: int, hot: HotWords) -> _Hypothesis:
        """Go on from where the hypothesis stands, always to the likeliest token, until it ends or is too long."""
        while len(path.tokens) < most:
            logits = self._step(path, sound)
            hot.favour(path.tokens, logits)
            total = np.logaddexp.reduce(logits)
            second, first = (int(token) for token in _two_best(logits))
            if first == END and not path.tokens and np.exp(logits[END] - total) < SURE_OF_NOTHING:
                first, second = second, END
            same = self._alike.get(first)
            path.log_probabilities.append(
                float((logits[first] if same is None else np.logaddexp.reduce(logits[same])) - total)
            )
            if first == END:
                path.complete = True
                break
            path.rivals.append((float(logits[first] - logits[second]), second, path.memory))
            path.tokens.append(first)
        return path

    def _step(self, path: _Hypothesis, sound: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The logits of the next token; the hypothesis remembers what was computed for it."""
        before, first = path.memory, path.memory[self._memory[0]].shape[2] == 0
        given = {
            "input_ids": np.array([[path.tokens[-1] if path.tokens else BEGIN]]),
            "encoder_hidden_states": sound,
            "use_cache_branch": np.array([not first]),
            **before,
        }
        answer: Any = self._decoder.run(None, given)
        logits, *after = answer
        # What was remembered of the sound is computed at the first step only; later the model returns it empty.
        path.memory = {
            name: value if first or ".decoder." in name else before[name]
            for name, value in zip(self._memory, after, strict=True)
        }
        return logits[0, -1].astype(np.float64)


def _open(path: Path, options: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _two_best(logits: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    best = np.argpartition(logits, -2)[-2:]
    return best[np.argsort(logits[best])]


def pieces(samples: Samples) -> list[Samples]:
    """Speech that is too long for the model, cut at the quietest tenth of a second before the limit."""
    found: list[Samples] = []
    tenth = RATE // 10
    while len(samples) > LONGEST * RATE:
        window = samples[int((LONGEST - 5) * RATE) : int(LONGEST * RATE)]
        loudness = (window[: len(window) // tenth * tenth].reshape(-1, tenth) ** 2).mean(axis=1)
        cut = int((LONGEST - 5) * RATE) + int(loudness.argmin()) * tenth + tenth // 2
        found.append(samples[:cut])
        samples = samples[cut:]
    return [*found, samples]


def without_loop(text: str) -> str:
    """Cut a tail that repeats what stands right before it. For hypotheses that never reached their end."""
    words = text.split()
    bare = [word.strip(".,?!").lower() for word in words]
    for period in range(1, len(words) // 2 + 2):
        run = 0
        while run + period < len(words) and bare[-1 - run] == bare[-1 - run - period]:
            run += 1
        if run >= 2:
            return " ".join(words[: len(words) - run])
    return text
