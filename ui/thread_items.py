"""Turns the thread of a session into lines a component can show, in plain words, for the inspector and for the chat."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ui import words

Json = dict[str, Any]
HIDDEN = "not kept: the recording of this call was declined"
STILL = 0.004  # a smaller change of the score is no movement
_WORD = re.compile(r"\w+")
QUIET_EVENTS = frozenset({"heard", "delivered"})


def signal_text(signal: Mapping[str, Any]) -> str:
    name = words.readable(signal["type"])
    if signal["change"] != "added":
        name = f"{name} {signal['change']}"
    return f"{'+' if signal['up'] else '−'} {name}"


def place(step: str, overlay: str | None) -> str:
    """Where a row leads, as people say it."""
    stage, where = words.stage(step.partition(".")[0]), words.step(step)
    text = f"{stage}, {where}" if where else stage
    return f"{text} ({words.OVERLAYS[overlay]})" if overlay else text


def inspected(entries: Iterable[Mapping[str, Any]], buyer: str) -> list[Json]:
    """Every entry of the thread for the inspector, in order."""
    found: list[Json] = []
    for entry in entries:
        item = _DRAW[entry["kind"]](entry, buyer)
        if item is None:
            continue
        stage = entry.get("stage")
        if stage:
            item |= {"stage": stage, "stageName": words.stage(stage), "color": words.tint(stage)}
        found.append({"kind": entry["kind"], "turn": entry.get("turn"), "at": entry.get("at"), **item})
    return found


def _buyer(entry: Mapping[str, Any], buyer: str) -> Json:
    pending = entry.get("pending")
    speaker = entry.get("speaker", "buyer")
    item: Json = {
        "who": buyer if speaker == "buyer" else words.readable(speaker).capitalize(),
        "text": HIDDEN if entry["hidden"] else entry["text"] or "(nothing readable)",
        "hidden": entry["hidden"],
    }
    if pending:
        waits = pending == "waiting"
        item["tag"] = {"text": "waits for a turn" if waits else "failed", "color": "orange" if waits else "red"}
        return item
    return item | _scored(entry)


def _scored(entry: Mapping[str, Any]) -> Json:
    delta: float | None = entry["delta"]
    moved = delta is not None and abs(delta) > STILL
    return {
        "signals": [{"text": signal_text(s), "up": s["up"]} for s in entry["signals"]],
        "score": f"{entry['score']:.2f}",
        "up": delta > 0 if delta is not None and moved else None,
    }


def _event(entry: Mapping[str, Any], _buyer_name: str) -> Json | None:
    if entry["event"] in QUIET_EVENTS:
        return None
    return {"text": words.EVENTS.get(entry["event"], words.readable(entry["event"])), **_scored(entry)}


def _move(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    same = entry["before"] == entry["after"] and entry["overlay"] == entry["overlay_before"]
    tag = {"text": entry["transition"], "color": words.tint(entry["after"].partition(".")[0])}
    text = words.row_name(entry["transition"])
    where = text if same else f"{text}: {place(entry['after'], entry['overlay'])}"
    return {"text": where, "tag": tag, "sub": entry["gate"]}


def _refusal(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    tag = {"text": entry["transition"], "color": "gray"}
    text = f"Not yet: {words.row_name(entry['transition']).lower()}"
    return {"text": text, "tag": tag, "sub": f"{words.guard(entry['guard'])} ({entry['value']})"}


def _call(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    refused = entry["outcome"] == "refused"
    target = f" {words.short(entry['object'])}" if entry["object"] else ""
    item: Json = {"text": f"{entry['scope']}{target}", "tag": {"text": "refused" if refused else "done", "color": "red" if refused else "green"}}  # noqa: E501  # fmt: skip
    if refused:
        item["sub"] = f"stopped by {entry['reason']}"
    return item


def _agent(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    text = HIDDEN if entry["hidden"] else words.short(entry["text"] or "")
    item: Json = {"who": "Agent", "text": text, "hidden": entry["hidden"]}
    if entry["status"] in words.SPEECH:
        color = "gray" if entry["status"] == "queued" else "orange"
        item["tag"] = {"text": words.SPEECH[entry["status"]], "color": color}
    if entry["status"] == "partly" and entry["heard"]:
        item["sub"] = f"heard: {entry['heard']}"
    return item


def _message(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    who = f"By {words.CHANNELS.get(entry['channel'], entry['channel'])}"
    return {"who": who, "text": words.short(entry["text"] or "")}


def _gap(entry: Mapping[str, Any], _buyer_name: str) -> Json:
    return {"text": f"{words.span(entry['seconds'])} of silence"}


_DRAW = {
    "buyer": _buyer,
    "event": _event,
    "move": _move,
    "refusal": _refusal,
    "call": _call,
    "agent": _agent,
    "message": _message,
    "gap": _gap,
}


def chatted(entries: Sequence[Mapping[str, Any]]) -> list[Json]:
    """The thread as the buyer's chat: their words, the agent's, and small notes on what the guards decided."""
    found: list[Json] = []
    for number, entry in enumerate(entries):
        item = _chat_item(entry)
        if item:
            key = entry.get("speech_id") or entry.get("turn_id") or f"{entry.get('turn')}:{entry['kind']}:{number}"
            found.append({"id": str(key), **item})
    return found


def _chat_item(entry: Mapping[str, Any]) -> Json | None:
    kind = entry["kind"]
    if kind == "buyer":
        notes = {"waiting": "sent", "failed": "could not be answered; a person will look at it"}
        return {"kind": "buyer", "text": entry["text"] or "", "note": notes.get(entry.get("pending", ""), "")}
    if kind == "agent":
        return {
            "kind": "agent",
            "text": entry["text"] or "",
            "label": _by_other_channel(entry["channel"]),
            **(_heard(entry) if entry["channel"] == "voice" else {}),
        }
    if kind == "message":
        return {"kind": "message", "text": entry["text"], "label": _by_other_channel(entry["channel"]) or "Message"}
    if kind == "gap":
        return {"kind": "gap", "text": f"{words.span(entry['seconds'])} later"}
    if kind == "move" and (entry["before"] != entry["after"] or entry["overlay"] != entry["overlay_before"]):
        stage = entry["after"].partition(".")[0]
        if stage == entry["before"].partition(".")[0] and not entry["overlay"] and not entry["overlay_before"]:
            return None  # a step inside a stage is no news to somebody who talks
        text = place(entry["after"], entry["overlay"])
        why = f"{text}: guard passed, {entry['gate']}" if entry["gate"] else text
        return {"kind": "move", "text": why, "tag": {"text": entry["transition"], "color": words.tint(stage)}}
    if kind == "move" and entry["transition"] in ("T41", "T42"):
        text = "A person is asked to approve" if entry["transition"] == "T41" else "The request to a person is settled"
        return {"kind": "move", "text": text, "tag": {"text": entry["transition"], "color": "orange"}}
    if kind == "call" and entry["outcome"] == "refused":
        text = f"{entry['scope']} {entry['object'] or ''} stopped by {entry['reason']}"
        return {"kind": "refusal", "text": text, "tag": {"text": "refused", "color": "red"}}
    return None


def _heard(entry: Mapping[str, Any]) -> Json:
    """Of a spoken line: where the buyer stopped hearing it, and how that is said."""
    text, status = entry["text"] or "", entry["status"]
    if status not in words.SPEECH:
        return {}
    heard = len(_WORD.findall(entry["heard"] or "")) if status == "partly" else 0
    ends = [match.end() for match in _WORD.finditer(text)]
    at = 0 if not heard else len(text) if heard >= len(ends) else ends[heard - 1]
    return {"text": text[:at], "rest": text[at:], "rested": status, "note": words.SPEECH[status]}


def _by_other_channel(channel: str | None) -> str:
    return "" if channel in (None, "chat") else f"By {words.CHANNELS.get(channel, channel)}"
