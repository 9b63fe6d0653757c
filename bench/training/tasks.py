"""What each head of the learned weights is trained on: rows of the language packs, their labels and their groups."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from nodes.reading.haggling import closing_words

SPECIALS = ("none", "ask_human", "are_you_a_bot", "repeat", "who_are_you", "what_can_i_ask")
ANSWERS = ("affirm", "deny", "neither")
ACTS = (
    "affirm", "ask_human", "cancel_or_change", "deny", "goodbye", "inform_time", "other", "request_alternatives",
    "request_info", "thanks",
)  # fmt: skip
SHARE_ALIKE = "sgd"  # rows of this source may be used only in a file under their own terms
NEVER = frozenset({"rasademo", "swda"})
PARTS = (0.25, 0.5, 0.75, 1.0)  # of a dialogue, whose buyer's words tell how it will end
OWN = Path(__file__).parents[2] / "tests" / "unit" / "reading"
OPT_OUTS = ("opt_out_any_channel", "opt_out_wordings")
NEAR = 3  # times that a near miss counts
_PROSPECT = {"commit": "pos", "amount": "pos", "refuse": "neg", "objection": "neg"}


@dataclass(frozen=True, slots=True)
class Example:
    user: str
    system: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class Head:
    """One question about an utterance: its classes, how firmly weights are held down, and its examples."""

    name: str
    file: str
    classes: tuple[str, ...]
    ridge: float
    balance: float
    examples: Callable[[Path], list[Example]]
    lift: tuple[float, ...] = ()  # how much dearer a miss of each class is than the rows' own shares say


def rows(packs: Path, pack: str) -> Iterator[dict[str, Any]]:
    path = next((packs / "dev").glob(f"{pack}.jsonl*"))
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in text.decode().splitlines():
        row = json.loads(line)
        if row["source"] not in NEVER:
            yield row


def _example(row: dict[str, Any], label: str) -> Example:
    return Example(row["user"], row.get("system") or "", label, row["split_group"])


def answers(packs: Path) -> list[Example]:
    return [_example(row, row["label"]) for row in rows(packs, "affirm_deny")]


def acts(packs: Path) -> list[Example]:
    return [_example(row, row["act"]) for row in rows(packs, "dialogue_acts")]


def consents(packs: Path) -> list[Example]:
    return [_example(row, row["label"]) for row in rows(packs, "star_consent") if row["label"] != "unclear"]


def specials(packs: Path) -> list[Example]:
    own = [r for r in rows(packs, "special_intents") if r["label"] != "escalation_implicit"]
    named = [_example(r, r["label"] if r["label"] in SPECIALS else "none") for r in own]
    ordinary = [r for r in rows(packs, "fp_probe") if r["source"] != SHARE_ALIKE and not r["exempt"]]
    return named + [_example(row, "none") for row in ordinary]


def prospects(packs: Path) -> list[Example]:
    return [_example(row, _PROSPECT.get(row["label"], "neu")) for row in rows(packs, "prospect_acts")]


def payments(packs: Path) -> list[Example]:
    found: list[Example] = []
    for row in rows(packs, "persuasion"):
        for part in PARTS:
            turns = row["turns"][: max(1, int(len(row["turns"]) * part))]
            said = " ".join(turn["text"] for turn in turns if turn["who"] == "prospect")
            found.append(Example(said, "", "paid" if row["committed"] else "unpaid", row["id"]))
    return found


def deals(packs: Path) -> list[Example]:
    found: list[Example] = []
    for row in rows(packs, "bargaining"):
        talk = [(e["role"], e["text"]) for e in row["events"] if e["action"] == "message"]
        words, before = closing_words(talk, Decimal(str(row["list_price"])))
        found.append(Example(words, before, "deal" if row["outcome"]["deal"] else "none", row["id"]))
    return found


def revocations(packs: Path) -> list[Example]:
    """Our own wordings against our own near misses and ordinary turns. The frozen list trains nothing."""
    found = [Example(words, "", "opt_out", words) for name in OPT_OUTS for words in _own(name)]
    found += [Example(words, "", "other", words) for words in _own("opt_out_near_misses") for _ in range(NEAR)]
    return found + [Example(e.user, "", "other", e.group) for e in specials(packs)]


def _own(name: str) -> list[str]:
    lines = (OWN / f"{name}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


HEADS = (
    Head("answer", "answers_sgd", ANSWERS, 1.0, 0.0, answers),
    Head("act", "answers_sgd", ACTS, 1.0, 0.3, acts),
    Head("consent", "free", ("consent", "no_consent"), 1.0, 0.0, consents),
    Head("special", "free", SPECIALS, 0.3, 0.3, specials),
    Head("opt_out", "free", ("opt_out", "other"), 0.3, 0.3, revocations),
    Head("prospect", "free", ("neg", "neu", "pos"), 10.0, 1.0, prospects, (2.0, 1.0, 2.0)),
    Head("deal", "bargain", ("deal", "none"), 3.0, 0.0, deals),
    Head("payment", "free", ("paid", "unpaid"), 30.0, 0.0, payments),
)
