"""`python -m bench.speech`: the words that the local recogniser misses, how sure it was, and what it all costs."""

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench.hearing import SENTENCES, Samples, babble, noisy, recording, score, spoken, telephone
from graph.settings import load_settings
from livekit import local_models
from livekit.recogniser import RATE, Heard

LOW = 0.65  # the bound of nodes/hearing.py, below which words are asked for again


def conditions(noises: list[Samples]) -> dict[str, Callable[[int, Samples], Samples]]:
    def noise(number: int) -> Samples:
        return noises[number % len(noises)]

    return {
        "clean": lambda _, x: x,
        "telephone": lambda _, x: telephone(x),
        "noise 15 dB": lambda n, x: noisy(x, noise(n), 15),
        "telephone, noise 15 dB": lambda n, x: telephone(noisy(x, noise(n), 15)),
        "telephone, noise 5 dB": lambda n, x: telephone(noisy(x, noise(n), 5)),
    }


def row(hear: Callable[[Samples], Heard], said: list[tuple[str, Samples]]) -> dict[str, Any]:
    took: list[float] = []

    def timed(sound: Samples) -> Heard:
        at = time.perf_counter()
        heard = hear(sound)
        took.append(time.perf_counter() - at)
        return heard

    each = [score(timed, [one]) for one in said]
    right = [s.heard[0].confidence for s in each if s.exact]
    wrong = [s.heard[0].confidence for s in each if not s.exact]
    return {
        "sentences": len(said),
        "exact": len(right),
        "words": sum(s.words for s in each),
        "word_error_rate": sum(s.wrong for s in each) / max(1, sum(s.words for s in each)),
        "p50_ms": 1e3 * statistics.median(took),
        "p95_ms": 1e3 * statistics.quantiles(took, n=20)[-1] if len(took) > 1 else 1e3 * took[0],
        "of_real_time": sum(took) / (sum(len(sound) for _, sound in said) / RATE),
        "confidence_right": statistics.mean(right) if right else None,
        "confidence_wrong": statistics.mean(wrong) if wrong else None,
        "wrong_and_believed": sum(c >= LOW for c in wrong),
        "right_and_asked_again": sum(c < LOW for c in right),
    }


def recordings(folder: Path, words: dict[str, str]) -> Iterator[tuple[str, Samples]]:
    """WAV files with their words; a file whose words are not given is named by them."""
    for path in sorted(folder.glob("*.wav")):
        yield words.get(path.stem, re.sub(r"[_-]+", " ", path.stem)), recording(path)


def voice_costs(voice: Any) -> dict[str, Any]:
    """What a sentence costs to say, and how long its sound is."""
    took, lasted = list[float](), list[float]()
    for text in SENTENCES:
        at = time.perf_counter()
        sound = voice(text, 1.0, 1)
        took.append(time.perf_counter() - at)
        lasted.append(len(sound) / voice.sample_rate)
    return {"p50_ms": 1e3 * statistics.median(took), "of_real_time": sum(took) / sum(lasted)}


def measure(speech: Path | None, noise: Path | None, words: Path | None) -> dict[str, Any]:
    ear, voice = local_models.recogniser(load_settings(None).speech_dir).model, local_models.voice().model
    noises = [recording(path) for path in sorted(noise.glob("*.wav"))] if noise else [babble(10 * RATE)]
    said = [(text, spoken(voice, text, seed)) for seed, text in enumerate(SENTENCES)]
    ear.hear(said[0][1].astype(np.float32))
    known = json.loads(words.read_text("utf-8")) if words else {}
    sets = {"local voice": said} | ({"recordings": list(recordings(speech, known))} if speech else {})
    report: dict[str, Any] = {"hearing": {}, "speaking": voice_costs(voice)}
    for name, sounds in sets.items():
        for condition, change in conditions(noises).items():
            changed = [(text, change(number, sound)) for number, (text, sound) in enumerate(sounds)]
            report["hearing"][f"{name}, {condition}"] = row(ear.hear, changed)
    return report


def table(report: dict[str, Any]) -> str:
    head = ("who speaks", "WER", "exact", "p50 ms", "p95 ms", "of real time", "sure when right", "when wrong",
            "wrong, believed", "right, asked again")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, r in report["hearing"].items():
        sure = (f"{c:.2f}" if c is not None else "-" for c in (r["confidence_right"], r["confidence_wrong"]))
        cells = (name, f"{100 * r['word_error_rate']:.1f} %", f"{r['exact']}/{r['sentences']}", f"{r['p50_ms']:.0f}",
                 f"{r['p95_ms']:.0f}", f"{r['of_real_time']:.3f}", *sure, r["wrong_and_believed"],
                 r["right_and_asked_again"])  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    said = report["speaking"]
    return "\n".join(
        [*lines, "", f"A sentence is said in {said['p50_ms']:.0f} ms, {said['of_real_time']:.3f} of real time."]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.speech", description=__doc__)
    parser.add_argument("--speech", type=Path, help="a folder of recorded WAV files")
    parser.add_argument("--words", type=Path, help="a JSON file with what is said in them, by file name without .wav")
    parser.add_argument("--noise", type=Path, help="a folder of recorded noises; without it noise is made")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    arguments = parser.parse_args()
    report = measure(arguments.speech, arguments.noise, arguments.words)
    sys.stdout.write(table(report) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1), "utf-8")


if __name__ == "__main__":
    main()
