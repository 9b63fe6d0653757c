"""How each task of the language packs is counted, so that our figures mean what the packs' own scorer means."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bench.packs import Row

Figures = dict[str, float]
Said = Callable[[Row], Any]
COMMIT = ("confirm", "offer_intent", "notify_failure")
SILENT = (None, "out_of_scope", "in_scope_other", "none")
KEEP_TALKING = {"backchannel": True, "floor": False, "question": False, "deny": False}
VALENCE = {"commit": "pos", "amount": "pos", "refuse": "neg", "objection": "neg"}
SHARES = (0.25, 0.5, 0.75, 1.0)
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
NEAR = 0.01  # how far an agreed price may be off


def share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def f1(truth: Sequence[Any], said: Sequence[Any], label: Any) -> float:
    hit = sum(t == s == label for t, s in zip(truth, said, strict=True))
    marked = sum(t == label for t in truth) + sum(s == label for s in said)
    return 2 * hit / marked if marked else 0.0


def macro_f1(truth: Sequence[Any], said: Sequence[Any]) -> float:
    labels = set(truth)
    return sum(f1(truth, said, label) for label in labels) / len(labels)


def auc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a true one scores above a false one; equal scores count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and scores[order[end + 1]] == scores[order[at]]:
            end += 1
        for k in range(at, end + 1):
            ranks[order[k]] = (at + end) / 2 + 1
        at = end + 1
    ones = sum(truth)
    above = sum(rank for rank, true in zip(ranks, truth, strict=True) if true)
    return (above - ones * (ones + 1) / 2) / max(1, ones * (len(truth) - ones))


def affirm_deny(rows: Sequence[Row], said: Said) -> Figures:
    truth, seen = [r["label"] for r in rows], [said(r) for r in rows]
    bound = [(t, s) for r, t, s in zip(rows, truth, seen, strict=True) if r["asked"] in COMMIT]
    return {
        "acc": share([t == s for t, s in zip(truth, seen, strict=True)]),
        "commit false": share([s == "affirm" for t, s in bound if t != "affirm"]),
        "commit missed": share([s != "affirm" for t, s in bound if t == "affirm"]),
    }


def consent(rows: Sequence[Row], said: Said) -> Figures:
    clear = [(r["label"] == "consent", said(r) == "affirm") for r in rows if r["label"] != "unclear"]
    return {"false": share([s for t, s in clear if not t]), "missed": share([not s for t, s in clear if t])}


def times(rows: Sequence[Row], said: Said) -> Figures:
    seen = [(row, _as_annotated(said(row), row)) for row in rows]
    right = [(row["source"], value in row["expected"]) for row, value in seen]
    figures = {"all": share([ok for _, ok in right])}
    figures["wrong"] = share([value is not None and value not in row["expected"] for row, value in seen])
    for source in sorted({source for source, _ in right}):
        figures[source] = share([ok for s, ok in right if s == source])
    return figures


def _as_annotated(value: str | None, row: Row) -> str | None:
    """Only what the source annotated counts; a bare clock time where a moment was annotated is its next occurrence."""
    if value is None:
        return None
    day, _, clock = value.rpartition("T")
    if row["kind"] == "date":
        return day or value
    if row["kind"] == "time":
        return clock
    if not day and len(clock) == 5:
        now = datetime.fromisoformat(row["reference"])
        return f"{now.date() + timedelta(days=clock <= now.strftime('%H:%M'))}T{clock}"
    return value


def ranges(rows: Sequence[Row], said: Said) -> Figures:
    right = [(row["source"], (value := said(row)) is not None and list(value) in row["expected"]) for row in rows]
    sources = sorted({source for source, _ in right})
    return {"all": share([ok for _, ok in right])} | {s: share([ok for n, ok in right if n == s]) for s in sources}


def acts(rows: Sequence[Row], said: Said) -> Figures:
    truth, seen = [r["act"] for r in rows], [said(r) for r in rows]
    return {"acc": share([t == s for t, s in zip(truth, seen, strict=True)]), "macro-F1": macro_f1(truth, seen)}


def special(rows: Sequence[Row], said: Said) -> Figures:
    """Recall and precision on the labelled rows, false alarms on the ordinary turns of the other pack."""
    labelled = [(r["label"], said(r)) for r in rows if "label" in r and r["label"] != "escalation_implicit"]
    probe = [(r["exempt"], said(r)) for r in rows if "exempt" in r]
    figures: Figures = {}
    for name in ("ask_human", "are_you_a_bot", "repeat"):
        figures[f"{name} recall"] = share([s == name for t, s in labelled if t == name])
        figures[f"{name} precision"] = share([t == name for t, s in labelled if s == name])
    for name in ("ask_human", "do_not_call"):
        figures[f"{name} false alarms"] = share([s == name and name not in exempt for exempt, s in probe])
    figures["any false alarm"] = share([s not in SILENT and s not in exempt for exempt, s in probe])
    return figures


def backchannel(rows: Sequence[Row], said: Said) -> Figures:
    seen = [(KEEP_TALKING[r["label"]], bool(said(r))) for r in rows if r["label"] in KEEP_TALKING]
    return {
        "macro-F1": macro_f1([t for t, _ in seen], [s for _, s in seen]),
        "talked over": share([s for t, s in seen if not t]),
        "stopped for": share([not s for t, s in seen if t]),
    }


def prospect(rows: Sequence[Row], said: Said) -> Figures:
    truth, seen = [VALENCE.get(r["label"], "neu") for r in rows], [said(r) for r in rows]
    return {"macro-F1": macro_f1(truth, seen)} | {f"F1 {v}": f1(truth, seen, v) for v in ("pos", "neg", "neu")}


def intent_score(rows: Sequence[Row], said: Said) -> Figures:
    paid, scores = [bool(r["committed"]) for r in rows], [said(r) for r in rows]
    return {f"AUC at {part:.0%}": auc(paid, [s[k] for s in scores]) for k, part in enumerate(SHARES)}


def bargain(rows: Sequence[Row], said: Said) -> Figures:
    seen = [(r["outcome"], *said(r)) for r in rows]
    priced = [(row, price) for row, (o, _, price) in zip(rows, seen, strict=True) if o["deal"] and o["price"]]
    right = [p is not None and _near(p, row["outcome"]["price"]) for row, p in priced]
    spoken = [_price_is_named(row) for row, _ in priced]
    return {
        "deal": share([o["deal"] == deal for o, deal, _ in seen]),
        "price": share(right),
        "price is named": share(spoken),
        "price where named": share([ok for ok, named in zip(right, spoken, strict=True) if named]),
    }


def _near(price: float, agreed: float) -> bool:
    return abs(price - agreed) <= NEAR * agreed


def _price_is_named(row: Row) -> bool:
    """Whether the agreed price stands on the list or in some message at all; where not, no reader can find it."""
    texts = [e["text"] for e in row["events"] if e["action"] == "message"]
    named = [float(n.replace(",", "")) for text in texts for n in _FIGURE.findall(text)] + [row["list_price"]]
    return any(_near(n * scale, row["outcome"]["price"]) for n in named for scale in (1, 1000))


def booking(rows: Sequence[Row], said: Said) -> Figures:
    seen = [(_booked(r), said(r)) for r in rows]
    days = [day == said_day for (day, _), (said_day, _) in seen]
    clocks = [clock is None or clock == said_clock for (_, clock), (_, said_clock) in seen]
    return {"joint": share([a and b for a, b in zip(days, clocks, strict=True)]), "date": share(days),
            "time": share(clocks)}  # fmt: skip


def attempt(row: Row) -> Row | None:
    return next((a for a in row["booking_attempts"] if a["success"]), None)


def _booked(row: Row) -> tuple[str | None, str | None]:
    values: dict[str, str] = (attempt(row) or {})["parameters"]
    day = next((v for k, v in values.items() if k in ("appointment_date", "visit_date", "date")), None)
    return day, next((v for k, v in values.items() if k in ("appointment_time", "time")), None)
