"""The tasks of the language packs: what each is asked, how it is counted, and what it is to reach."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import language, language_acts, language_times, pack_figures
from bench.pack_figures import SHARES, Figures, Said, attempt
from bench.packs import Row, pack


@dataclass(frozen=True, slots=True)
class Goal:
    figure: str
    bound: float
    most: bool = False  # the bound is the most that may be, not the least

    def met(self, value: float) -> bool:
        return value <= self.bound if self.most else value >= self.bound


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    rows: Callable[[Path], Sequence[Row]]
    said: Said
    count: Callable[[Sequence[Row], Said], Figures]
    goals: tuple[Goal, ...]

    def crossed(self, folder: Path) -> Said | None:
        """Answers from models that have not seen the row, where a model is trained; None where rules answer."""
        trained = {**language_acts.CROSSED, **language_times.CROSSED}.get(self.name)
        return None if trained is None else trained(folder)


def _pack(name: str) -> Callable[[Path], Sequence[Row]]:
    return lambda folder: pack(folder, name)


def _booked(folder: Path) -> Sequence[Row]:
    return [row for row in pack(folder, "booking_dialogues") if attempt(row)]


def _special(folder: Path) -> Sequence[Row]:
    return (*pack(folder, "special_intents"), *pack(folder, "fp_probe"))


def _heard(row: Row) -> tuple[str, str]:
    return row["user"], row["system"]


def _now(row: Row) -> datetime:
    return datetime.fromisoformat(row["reference"])


def _until_consent(row: Row) -> list[dict[str, str]]:
    """The turns up to the consent; the agent's read-backs are blanked, because they hold the answer."""
    consent = (attempt(row) or {})["consent_turn"]
    return [
        {"who": turn["who"], "text": "" if _reads_back(turn) else turn["text"]} for turn in row["turns"][: consent + 1]
    ]


def _reads_back(turn: Row) -> bool:
    return turn["who"] == "system" and any(act[0] == "CONFIRM" for act in turn["acts"])


def _scores(row: Row) -> list[float]:
    turns = [{"who": turn["who"], "text": turn["text"]} for turn in row["turns"]]
    return [language.intent_score(turns[: max(1, int(len(turns) * part))]) for part in SHARES]


def _bargained(row: Row) -> tuple[bool, float | None]:
    talk: list[dict[str, str]] = [
        {"role": e["role"], "text": e["text"]} for e in row["events"] if e["action"] == "message"
    ]
    return language.bargain(talk, row["list_price"])


def _goals(**bounds: float) -> tuple[Goal, ...]:
    """`name=least`; `name_max=most`. Spaces stand as underscores."""
    return tuple(
        Goal(name.removesuffix("_max").replace("__", "-").replace("_", " "), bound, name.endswith("_max"))
        for name, bound in bounds.items()
    )


def _special_goals() -> tuple[Goal, ...]:
    least = {"ask_human": (0.95, 0.90), "are_you_a_bot": (0.93, 0.95), "repeat": (0.93, 0.95)}
    goals = [g for n, (r, p) in least.items() for g in (Goal(f"{n} recall", r), Goal(f"{n} precision", p))]
    alarms = [Goal("ask_human false alarms", 0.001, most=True), Goal("do_not_call false alarms", 0.0, most=True)]
    whole = [Goal("median ms", 1.0, most=True), Goal("p95 ms", 3.0, most=True)]  # here every call is a whole reading
    return (*goals, *alarms, *whole)


def _task(name: str, rows: Callable[[Path], Sequence[Row]], said: Callable[[Row], Any], *goals: Goal) -> Task:
    return Task(name, rows, said, getattr(pack_figures, "times" if name == "datetime" else name), goals)


TASKS = (
    _task(
        "datetime",
        _pack("datetime"),
        lambda row: language.datetime(row["utterance"], _now(row), row.get("system", "")),
        Goal("all", 0.96),
        Goal("wrong", 0.02, most=True),
        Goal("median ms", 0.5, most=True),
    ),
    _task(
        "ranges", _pack("datetime_ranges"), lambda row: language.ranges(row["utterance"], _now(row)), Goal("all", 0.75)
    ),
    _task("booking", _booked, lambda row: language.booking(_until_consent(row), _now(row)), Goal("joint", 0.95)),
    _task("bargain", _pack("bargaining"), _bargained, Goal("price", 0.95), Goal("deal", 0.86)),
    _task(
        "affirm_deny",
        _pack("affirm_deny"),
        lambda row: language.affirm_deny(*_heard(row)),
        *_goals(acc=0.93, commit_false_max=0.005, commit_missed_max=0.10),
    ),
    _task(
        "consent",
        _pack("star_consent"),
        lambda row: language.consent(*_heard(row)),
        *_goals(false_max=0.08, missed_max=0.10),
    ),
    _task("acts", _pack("dialogue_acts"), lambda row: language.acts(*_heard(row)), Goal("macro-F1", 0.86)),
    _task("special", _special, lambda row: language.special(row["user"]), *_special_goals()),
    _task(
        "backchannel",
        _pack("spoken_turns"),
        lambda row: language.backchannel(row["user"], row["previous"]),
        Goal("macro-F1", 0.85),
        Goal("talked over", 0.05, most=True),
    ),
    _task("prospect", _pack("prospect_acts"), lambda row: language.prospect(*_heard(row)), Goal("macro-F1", 0.66)),
    _task("intent_score", _pack("persuasion"), _scores, Goal("AUC at 100%", 0.68), Goal("AUC at 50%", 0.58)),
)
