"""Reads the word lists beside this file, each once and only when it is first needed."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "lexicon"


@cache
def table(name: str) -> dict[str, str]:
    """A list of `phrase = value` lines."""
    rows: dict[str, str] = {}
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        phrase, _, value = line.partition("//")[0].partition("=")
        if value.strip():
            rows[phrase.strip()] = value.strip()
    return rows
