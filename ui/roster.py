"""The list of sessions, as plain values: what needs a person first, and the words for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ui import words
from ui.thread_items import HIDDEN

Json = dict[str, Any]
ALL = "All"
STAGE_FILTERS: Mapping[str, tuple[str, ...]] = {
    ALL: (),
    "Booking": ("ENTRY", "BOOK"),
    "Transfer": ("TRANSFER",),
    "Closing": ("CLOSE",),
    "Ended": ("WON", "LOST", "DNC", "INVALID", "ERASED"),
}
_ORDER = {stage: number for number, stage in enumerate(words.STAGES)}


def attention(row: Mapping[str, Any]) -> tuple[int, str, str]:
    """Rank, words and colour of what a person should look at; rank 9 is nothing."""
    waits = row["waiting"].value in ("on_line", "in_chat")
    if row["open_proposals"] and waits:
        return 0, "buyer waits for a decision", "red"
    if row["overlay"] == "HUMAN" and row["owner"] == "agent":
        return 1, "asks for a person", "red"
    if row["dead_events"]:
        return 2, "a turn failed", "red"
    if row["stuck"]:
        return 3, "nobody runs its turns", "red"
    if row["open_proposals"]:
        return 4, "decision open", "orange"
    if row["failed_effects"]:
        return 5, "not delivered", "orange"
    if row["overlay"] == "CALLBACK":
        return 6, "callback promised", "orange"
    return 9, "", "gray"


def rows(sessions: Sequence[Mapping[str, Any]], now: datetime, stage: str, text: str) -> list[Json]:
    """The list, filtered; the browser sorts it."""
    wanted, needle = STAGE_FILTERS.get(stage, ()), text.strip().lower()
    found: list[Json] = []
    for row in sessions:
        if wanted and row["stage"] not in wanted:
            continue
        if needle and needle not in f"{row['buyer']} {row['last_words'] or ''} {row['session_id']}".lower():
            continue
        rank, says, color = attention(row)
        overlay = f", {words.OVERLAYS[row['overlay']]}" if row["overlay"] else ""
        found.append(
            {
                "id": str(row["session_id"]),
                "rank": rank,
                "attention": says,
                "color": color,
                "buyer": row["buyer"],
                "tag": {"talk": "demo", "test": "test"}.get(row["label"], ""),
                "stage": words.stage(row["stage"]),
                "tint": words.tint(row["stage"]),
                "order": _ORDER.get(row["stage"], 9),
                "step": f"{words.step(row['step'])}{overlay}".strip(", "),
                "channel": words.CHANNELS.get(row["channel"] or "", row["channel"] or ""),
                "words": row["last_words"],
                "hidden": HIDDEN if row["last_at"] else "nothing yet",
                "score": float(row["score"]),
                "scores": [float(score) for score in row["scores"] or [row["score"]]],
                "at": row["changed_at"].timestamp(),
                "ago": f"{words.span((now - row['changed_at']).total_seconds())} ago",
            }
        )
    return sorted(found, key=lambda item: (item["rank"], -item["at"]))
