"""What the inspector of a session shows, as plain values: its way through the stages and its tables."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.audit_chain import Break
from graph.desk import SessionView
from ui import words

Json = dict[str, Any]


def ribbon(view: SessionView, upto: int | None) -> list[Json]:
    parts: list[Json] = []
    for part in view.ribbon(upto):
        where = words.step(part["step"])
        overlay = f", {words.OVERLAYS[part['overlay']]}" if part["overlay"] else ""
        text = " ".join(item for item in (words.span(part["seconds"]), f"({where}{overlay})" if where else "") if item)
        parts.append(
            {"name": words.stage(part["stage"]), "color": words.tint(part["stage"]), "text": text, "turn": part["turn"]}
        )
    return parts


def shown(value: Any, unit: Any = None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(
            f"{words.readable(str(key))} {shown(inner)}" for key, inner in value.items() if inner is not None
        )
    if isinstance(value, (list, tuple)):
        return ", ".join(shown(inner) for inner in value)
    text = words.short(str(value))
    return f"{text} {unit}" if unit else text


def facts(view: SessionView, upto: int | None) -> list[Json]:
    """By key: the value in force bold, what it replaced struck through, with who said it, when, and how sure we are."""
    by_key: dict[str, list[Json]] = {}
    for row in view.facts(upto):
        by_key.setdefault(row["key"], []).append(row)
    rows: list[Json] = []
    colors = {
        "confirmed": "green",
        "claimed": "gray",
        "contradicted": "red",
        "open": "orange",
        "met": "green",
        "refused": "red",
    }
    for key, history in by_key.items():
        current = next((row for row in history if row["in_force"]), None)
        old = [
            f"{shown(row['value'], row['unit'])} (until {_clock(row['retired_at'])})"
            for row in history
            if not row["in_force"]
        ]
        row = current or history[0]
        value: Json = {"t": shown(row["value"], row["unit"]) if current else "", "c": "strong", "old": old}
        if current and current["status"]:
            value["tags"] = [{"text": current["status"], "color": colors.get(current["status"], "gray")}]
        source: Json = {
            "t": f"{words.readable(row['speaker'])}, {float(row['confidence']):.2f}",
            "c": "muted",
            "s": _since(row),
        }
        rows.append({"cells": [{"t": key, "c": "mono"}, value, source], "turn": row["turn"]})
    return [
        {
            "columns": ["Fact", "Value", "Said by, how sure"],
            "rows": rows,
            "label": "Facts",
            "empty": "No facts on file yet.",
        }
    ]


def _since(row: Mapping[str, Any]) -> str:
    """How it came, and both times: since when it was so, and since when we knew, where the two differ."""
    channel = f"by {words.CHANNELS.get(row['channel'], row['channel'])}, " if row["channel"] else ""
    if row["valid_from"] == row["recorded_at"]:
        return f"{channel}since {_clock(row['recorded_at'])}"
    return f"{channel}so since {_clock(row['valid_from'])}, known since {_clock(row['recorded_at'])}"


def _clock(at: datetime | None) -> str:
    """A time for the browser to show in its own zone."""
    return f"⟦{at.isoformat()}⟧" if at else "now"


def tools(view: SessionView, upto: int | None) -> list[Json]:
    """What the agent might do at that turn, what was minted for it, and every use with its outcome."""
    stage = next(iter(view.ribbon(upto)[-1:]), {}).get("stage", "")
    chips = [{"text": view.limit_of(scope), "color": words.tint(stage)} for scope in view.scopes(upto)]
    authority: Json = {"title": "Authority at this turn", "chips": chips}
    if not chips:
        authority = {"title": "Authority at this turn", "note": "None: nothing may be done here."}
    uses = [
        {
            "cells": [
                _scope(row),
                {"t": row["outcome"], "c": "ok" if row["outcome"] == "done" else "bad", "s": _why(row)},
                {"t": words.stage(row["stage"]), "c": "muted"},
            ],
            "turn": row["turn"],
        }
        for row in view.calls(upto)
    ]  # fmt: skip
    minted = [
        {
            "cells": [
                {"t": row["scope"], "c": "mono", "s": _limits(row)},
                {"t": row["state"], "s": f"epoch {row['epoch']}, level {row['level'] or 'none'}"},
                {"t": f"until {_clock(row['expires_at'])}", "c": "muted"},
            ],
            "turn": row["turn"],
        }
        for row in view.capabilities(upto)
    ]  # fmt: skip
    return [
        authority,
        {"title": "Uses", "rows": uses, "label": "Uses of authority", "empty": "No use of authority yet."},
        {"title": "Capabilities", "rows": minted, "label": "Capabilities", "empty": "None was minted yet."},
    ]


def _scope(row: Mapping[str, Any]) -> Json:
    done = row["outcome"] == "done"
    return {"icon": _sign(done), "t": row["scope"], "c": "mono", "s": words.short(row["object"] or "")}


def _sign(held: bool) -> str:
    return "yes" if held else "no"


def _why(row: Mapping[str, Any]) -> str:
    return f"stopped by {row['reason']}" if row["outcome"] == "refused" else f"policy {row['policy_version']}"


def _limits(row: Mapping[str, Any]) -> str:
    parts = [f"{words.readable(key)} {value}" for key, value in (row["limits"] or {}).items()]
    if row["quote_hash"]:
        parts.append(f"quote {row['quote_hash'][:8]}")
    return ", ".join(parts)


def guards(view: SessionView, upto: int | None, most: int = 40) -> list[Json]:
    """Each row of the table that was asked, newest first, with the value that passed or stopped every guard."""
    found: list[Json] = []
    for group in view.guards(upto)[:most]:
        passed = group["fired"]
        rows = [
            {
                "cells": [
                    {"icon": _sign(check["held"]), "t": words.guard(check["guard"]), "c": "wrap", "s": check["guard"]},
                    {"t": check["value"], "c": "strong" if check["held"] else "bad"},
                ],
                "turn": group["turn"],
            }
            for check in group["checks"]
        ]  # fmt: skip
        tag = {"text": "fired" if passed else "held back", "color": "green" if passed else "red"}
        name = f"{group['transition']} {words.row_name(group['transition'])}"
        found.append({"title": name, "tags": [tag], "rows": rows})
    return found or [{"empty": "No guard has been asked yet."}]


def audit(rows: Sequence[Mapping[str, Any]], broken: Break | None, most: int = 120) -> list[Json]:
    """The chain and whether it holds."""
    if broken:
        verdict: Json = {"alert": f"The chain is broken at row {broken.seq}: {broken.why}."}
    else:
        verdict = {"note": f"The chain of {len(rows)} rows holds: every row follows from the one before it."}
    shown_rows = [
        {
            "cells": [
                {"t": str(row["seq"]), "c": "num"},
                {"t": words.readable(row["action"]), "c": "strong", "s": _payload(row)},
                {"t": row["actor"], "c": "muted", "s": f"{_clock(row['at'])}, policy {row['policy_version']}"},
                {"t": row["hash"][:10], "c": "mono"},
            ]
        }
        for row in list(rows)[::-1][:most]
    ]  # fmt: skip
    return [verdict, {"columns": ["", "What", "Who, when", "Hash"], "rows": shown_rows, "label": "Audit chain"}]


def _payload(row: Mapping[str, Any]) -> str:
    if row["opened"] is None:
        return "erased; its digest stays"
    text = shown({key: value for key, value in row["opened"]["payload"].items() if value not in (None, "", {}, [])})
    return text if len(text) <= 260 else f"{text[:257]}…"
