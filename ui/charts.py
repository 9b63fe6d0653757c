"""The intent chart: readiness turn by turn over the stages, with the gates' thresholds and what silence does to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import altair as alt

from ui import words

Json = Mapping[str, Any]
Rows = list[dict[str, Any]]
Tint = Mapping[str, str]
Fade = Callable[[Json, float], list[tuple[float, float]]]
GAP_S = 600.0  # from here on a silence has a stretch of its own on the axis
GAP_WIDTH = 2.6
STILL = 0.004  # a smaller change of the score is no movement
TINTS: Mapping[str, Tint] = {
    "light": {"blue": "#2B6BDB", "violet": "#7748D2", "green": "#0C8763", "gray": "#626C7D", "red": "#CB2A36",
              "ink": "#141A24", "muted": "#626C7D", "grid": "#E6EAF0", "paper": "#FFFFFF"},
    "dark": {"blue": "#70A4FF", "violet": "#B08EFF", "green": "#3ECB9C", "gray": "#97A3B6", "red": "#FF7D85",
             "ink": "#E7ECF4", "muted": "#97A3B6", "grid": "#222C3A", "paper": "#0D1219"},
}  # fmt: skip
# The gate that lies ahead of each stage, and the one that keeps it open.
AHEAD = {"ENTRY": "transfer", "BOOK": "transfer", "TRANSFER": "close", "CLOSE": "commit"}
BEHIND = {"TRANSFER": "transfer", "CLOSE": "close"}


def placed(points: Sequence[Json], fade: Fade) -> tuple[Rows, Rows, Rows]:
    """Turns, pieces of the line and silences, on an axis of turns in which a silence takes a fixed width."""
    turns: Rows = []
    pieces: Rows = []
    gaps: Rows = []
    x, before = 0.0, None
    for point in points:
        if before is not None:
            silence = (point["at"] - before["at"]).total_seconds()
            start = float(before["score"])
            if silence >= GAP_S:
                faded = fade(before, silence)
                pieces += [
                    {"x": x + GAP_WIDTH * s / silence, "y": y, "kind": "fade", "piece": f"f{x}"} for s, y in faded
                ]
                middle = x + GAP_WIDTH / 2
                gaps.append({"x": x, "x2": x + GAP_WIDTH, "mid": middle, "text": f"{words.span(silence)} of silence"})
                x, start = x + GAP_WIDTH, faded[-1][1]
            ends = ((x, start), (x + 1, point["score"]))
            pieces += [{"x": at, "y": y, "kind": "line", "piece": f"l{x}"} for at, y in ends]
            x += 1
        turns.append({"x": x, "y": point["score"], "turn": point["turn"], "stage": point["stage"],
                      "way": _way(point, before), "signals": _signals(point)})  # fmt: skip
        before = point
    return turns, pieces, gaps


def _way(point: Json, before: Json | None) -> str:
    change = point["score"] - before["score"] if before else 0.0
    return "up" if change > STILL else "down" if change < -STILL else "flat"


def _signals(point: Json) -> str:
    return ", ".join(f"{'+' if s['up'] else '−'} {words.readable(s['type'])}" for s in point["signals"]) or "none"


def bands(turns: Rows, end: float) -> Rows:
    """Where each stage begins and ends on the axis; the last one reaches its end."""
    found: Rows = []
    for row in turns:
        if found and found[-1]["stage"] == row["stage"]:
            found[-1]["x2"] = row["x"] + 0.5
            continue
        found.append({"stage": row["stage"], "x": found[-1]["x2"] if found else -0.5, "x2": row["x"] + 0.5,
                      "tint": words.tint(row["stage"])})  # fmt: skip
    found[-1]["x2"] = end
    for band in found:
        band["room"] = (band["x2"] - band["x"]) / (end + 0.5)
        band["label"] = words.stage(band["stage"]) if band["room"] > 0.075 else ""
    return found


def thresholds(stages: Rows, gates: Mapping[str, tuple[float, float]]) -> Rows:
    """In each stage: where the next gate opens, and below what the gate behind closes."""
    found: Rows = []
    for band in stages:
        for side, (kind, table, says) in enumerate(
            (("enter", AHEAD, "{} opens"), ("exit", BEHIND, "falls back below"))
        ):
            gate = table.get(band["stage"])
            if gate is None:
                continue
            level = gates[gate][side]
            text = f"{says.format(gate)} {level:.2f}" if band["room"] > 0.2 else f"{level:.2f}"
            shown = text if band["room"] > 0.07 else ""
            found.append({"x": band["x"], "x2": band["x2"], "y": level, "kind": kind, "text": shown})
    return found


def intent(
    points: Sequence[Json],
    gates: Mapping[str, tuple[float, float]],
    fade: Fade,
    *,
    theme: str,
    height: int = 240,
    selected: int | None = None,
) -> alt.LayerChart:
    """Everything in one picture. A click on a turn selects `turn`."""
    tint = TINTS.get(theme, TINTS["light"])
    turns, pieces, gaps = placed(points, fade)
    end = max(turns[-1]["x"] + 0.5, 3.5)
    stages = bands(turns, end)
    scale = alt.Scale(domain=[-0.5, end], nice=False)
    x, ends = alt.X("x:Q", scale=scale, axis=None), alt.X("x2:Q", scale=scale, axis=None)
    axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".2f", title=None, gridColor=tint["grid"], domain=False,
                    ticks=False, labelColor=tint["muted"], labelPadding=6)  # fmt: skip
    y = alt.Y("y:Q", scale=alt.Scale(domain=[-0.02, 1.14], nice=False, zero=False), axis=axis)
    layers = [*_bands(stages, x, tint, height), *_thresholds(thresholds(stages, gates), x, ends, y, tint)]
    layers += _gaps(gaps, x, alt.X("mid:Q", scale=scale, axis=None), tint, height) if gaps else []
    layers += _line(pieces, x, y, tint) if pieces else []
    layers += _turns(turns, x, y, tint, selected)
    chart = (
        alt.layer(*layers)
        .resolve_scale(color="independent", strokeDash="independent")
        .properties(height=height, padding={"left": 2, "right": 4, "top": 2, "bottom": 2})
        .configure_view(strokeWidth=0)
        .configure(font="Inter, 'Source Sans', sans-serif")
    )
    return cast(alt.LayerChart, chart)


def _chart(rows: Rows) -> alt.Chart:
    return alt.Chart(alt.Data(values=rows))


def _bands(stages: Rows, x: alt.X, tint: Tint, height: int) -> list[alt.Chart]:
    names = ["blue", "violet", "green", "gray", "red"]
    color = alt.Color("tint:N", scale=alt.Scale(domain=names, range=[tint[n] for n in names]), legend=None)
    base = _chart(stages)
    label = base.mark_text(align="left", baseline="top", dx=7, dy=8, fontWeight=600, fontSize=12)
    return [
        base.mark_rect(opacity=0.08).encode(x=x, x2="x2:Q", color=color, y=alt.value(0), y2=alt.value(height)),
        base.mark_rect().encode(x=x, x2="x2:Q", color=color, y=alt.value(0), y2=alt.value(3)),
        label.encode(x=x, y=alt.value(0), text="label:N", color=color),
    ]


def _thresholds(found: Rows, x: alt.X, ends: alt.X, y: alt.Y, tint: Tint) -> list[alt.Chart]:
    looks = (
        ("enter", [6, 4], tint["ink"], 0.5, tint["muted"], "bottom", -3),
        ("exit", [2, 3], tint["red"], 0.75, tint["red"], "top", 4),
    )
    layers: list[alt.Chart] = []
    for kind, dash, color, opacity, text_color, baseline, dy in looks:
        rows = [row for row in found if row["kind"] == kind]
        if rows:
            rule = _chart(rows).mark_rule(strokeDash=dash, strokeWidth=1.2, color=color, opacity=opacity)
            text = _chart(rows).mark_text(
                align="right", dx=-7, dy=dy, fontSize=10.5, baseline=cast(Any, baseline), color=text_color
            )
            layers += [rule.encode(x=x, x2="x2:Q", y=y), text.encode(x=ends, y=y, text="text:N")]
    return layers


def _gaps(gaps: Rows, x: alt.X, middle: alt.X, tint: Tint, height: int) -> list[alt.Chart]:
    veil = _chart(gaps).mark_rect(color=tint["paper"], opacity=0.62)
    text = _chart(gaps).mark_text(fontSize=10.5, color=tint["muted"], baseline="bottom")
    return [
        veil.encode(x=x, x2="x2:Q", y=alt.value(4), y2=alt.value(height)),
        text.encode(x=middle, y=alt.value(height - 5), text="text:N"),
    ]


def _line(pieces: Rows, x: alt.X, y: alt.Y, tint: Tint) -> list[alt.Chart]:
    dash = alt.StrokeDash("kind:N", scale=alt.Scale(domain=["line", "fade"], range=[[1, 0], [3, 4]]), legend=None)
    line = _chart(pieces).mark_line(strokeWidth=2.2, color=tint["ink"], strokeJoin="round", strokeCap="round")
    return [line.encode(x=x, y=y, detail="piece:N", strokeDash=dash)]


def _turns(turns: Rows, x: alt.X, y: alt.Y, tint: Tint, selected: int | None) -> list[alt.Chart]:
    sizes = {"up": 80, "down": 80, "flat": 28}
    sized = [{**row, "size": 170 if row["turn"] == selected else sizes[row["way"]]} for row in turns]
    pick = alt.selection_point(name="pick", fields=["turn"], on="click", empty=False)
    ways = alt.Scale(domain=["up", "down", "flat"], range=[tint["green"], tint["red"], tint["gray"]])
    dots = (
        _chart(sized)
        .mark_circle(opacity=1, stroke=tint["paper"], strokeWidth=1.5, cursor="pointer")
        .encode(
            x=x,
            y=y,
            size=alt.Size("size:Q", scale=None, legend=None),
            color=alt.Color("way:N", scale=ways, legend=None),
            tooltip=[
                alt.Tooltip("turn:Q"),
                alt.Tooltip("y:Q", title="readiness", format=".2f"),
                alt.Tooltip("signals:N"),
            ],
        )
        .add_params(pick)
    )
    here = [row for row in sized if row["turn"] == selected]
    rule = [_chart(here).mark_rule(color=tint["ink"], opacity=0.35).encode(x=x)] if here else []
    return [*rule, dots]
