"""The reader against utterances written for it: each case names the question, the words and what they mean."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.reading import Reading, ReadingContext, TimeMention
from nodes.reading.read import LocalLanguage
from nodes.reading.topics import TopicIndex
from nodes.speaking.knowledge import LocalKnowledge

CASES = Path(__file__).parent / "reading"
ROOT = Path(__file__).parents[2]
CONTEXT_KEYS = frozenset({"say", "asked", "asked_words", "step", "table", "text", "name", "offered"})
HARMLESS = frozenset({"thanks", "small_talk", "backchannel"})  # need not be listed in a case
FEWEST_OWN = 250


@pytest.fixture(scope="module")
def language() -> LocalLanguage:
    return LocalLanguage(TopicIndex(LocalKnowledge(ROOT / "policy" / "knowledge.yaml").phrasings()))


def cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{path.stem}-{number}-{case['say'][:40]}")
        for path in sorted(CASES.glob("*.yaml"))
        for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), 1)
    ]


def context_of(case: dict[str, Any]) -> ReadingContext:
    return ReadingContext(
        asked=case.get("asked"),
        asked_words=case.get("asked_words", ""),
        text_channel=case.get("text", False),
        today=date(2026, 11, 24),
        clock=time(10, 0),
        zone="America/New_York",
        offered_times=tuple(case.get("offered", ())),
        name_on_file=case.get("name"),
        products=("starter", "team", "enterprise"),
        amount_on_table=Decimal(case["table"]) if "table" in case else None,
        step=case.get("step", "BOOK.discovery"),
    )


def shown_time(mention: TimeMention) -> str:
    """A mention as the cases write it: kind, days, clock, and a ? where am or pm is a guess."""
    days = [str(day) for day in (mention.day_from, mention.day_to) if day is not None]
    clocks = [f"{clock:%H:%M}" for clock in (mention.clock_from, mention.clock_to) if clock is not None]
    span = "..".join(dict.fromkeys(days))
    parts = [mention.kind.value, span, "-".join(clocks) + ("" if mention.meridiem_known else "?")]
    return " ".join(part for part in parts if part)


def shown(reading: Reading) -> dict[str, Any]:
    """A reading in the form of the cases."""
    request = reading.request
    return {
        "answer": reading.answer.value,
        "conditional": reading.conditional,
        "also_asks": reading.also_asks,
        "affirmative": reading.affirmative,
        "specials": sorted(s.value for s in reading.specials),
        "wishes": sorted(w.value for w in reading.wishes),
        "questions": sorted(q.value for q in reading.questions),
        "topic": reading.topic,
        "times": [shown_time(m) for m in reading.times],
        "zone": reading.zone,
        "money": [f"{m.amount} {m.per}" if m.per else str(m.amount) for m in reading.money],
        "quantity": reading.quantity,
        "product": reading.product,
        "term": reading.term,
        "request": f"{request.value} {request.unit}".lower() if request else None,
        "facts": {f.key or f.type: f"~{f.value}" if f.hedged else f.value for f in reading.facts},
        "objections": sorted(reading.objections),
        "objection_resolved": reading.objection_resolved,
        "lost_reason": reading.lost_reason,
        "language": reading.language,
    }


def expected(case: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    wanted = {key: value for key, value in case.items() if key not in CONTEXT_KEYS}
    for key in ("specials", "wishes", "questions", "objections"):
        if key in wanted:
            wanted[key] = sorted(wanted[key])
    wanted.setdefault("specials", [])
    if not HARMLESS & set(wanted["specials"]):
        seen["specials"] = [s for s in seen["specials"] if s not in HARMLESS]
    return wanted


@pytest.mark.parametrize("case", cases())
def test_reads(case: dict[str, Any], language: LocalLanguage) -> None:
    reading = language.read(case["say"], context_of(case))
    seen = shown(reading)
    wanted = expected(case, seen)
    assert {key: seen[key] for key in wanted} == wanted


@pytest.mark.parametrize("case", cases())
def test_every_quote_stands_in_the_words(case: dict[str, Any], language: LocalLanguage) -> None:
    reading = language.read(case["say"], context_of(case))
    quotes = [m.quote for m in (*reading.times, *reading.money, *reading.facts)]
    quotes += [reading.request.quote] if reading.request else []
    assert [quote for quote in quotes if not quote or quote not in case["say"]] == []


def test_there_are_enough_cases() -> None:
    files = {path.stem: len(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in CASES.glob("*.yaml")}
    assert sum(count for name, count in files.items() if name != "scenarios") >= FEWEST_OWN
