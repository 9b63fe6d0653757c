"""How a plan becomes words: order, phrasing, and what has to be remembered about every line."""

import hashlib
from collections.abc import Sequence
from typing import Any

from domain.acts import say, tells_details
from domain.authority import OPT_OUT_CONFIRMATION, REPLY, use
from domain.events import EventKind
from domain.ports import Ports
from domain.refusal import Refused
from domain.stages import Channel, Step
from domain.state import part
from domain.turn import Turn
from nodes.speaking.unsticking import unstick


def put_in_words(turn: Turn, ports: Ports) -> list[dict[str, Any]]:
    """Finish the turn: word the plan, note what is awaited, leave the rows. Returns the new messages of the window."""
    turn.plan = _ordered(turn.plan)
    unstick(turn)
    _word(turn, ports)
    _watch(turn)
    _record(turn)
    return _messages(turn)


def _ordered(plan: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Disclosures first; one question at most, at the end; nothing twice."""
    seen: set[str] = set()
    first: list[dict[str, Any]] = []
    middle: list[dict[str, Any]] = []
    questions: list[dict[str, Any]] = []
    for line in plan:
        if line["act"] in seen:
            continue
        seen.add(line["act"])
        if "ai" in line["disclosure_keys"]:
            first.append(line)
        elif line["asks"]:
            questions.append(line)
        else:
            middle.append(line)
    return [*first, *middle, *questions[-1:]]


def _word(turn: Turn, ports: Ports) -> None:
    """The canonical line of every act, worded anew when the same act comes again."""
    recent: list[str] = turn.talk["recent"]
    _say_differently(turn, ports, recent)
    for number, line in enumerate(turn.plan):
        act = line["act"]
        variant = turn.count(f"line:{act}") - 1
        words = ports.lines.render(act, line["slots"], variant)
        for shift in range(1, ports.lines.phrasings(act)):
            if _digest(words) not in recent:
                break
            words = ports.lines.render(act, line["slots"], variant + shift)
        line.update(
            speech_id=f"{turn.event.turn_id}:s{number}",
            words=words,
            channel=turn.channel.value,
            said_before=_digest(words) in recent,
        )
    turn.talk["recent"] = [*recent, *(_digest(line["words"]) for line in turn.plan)][-8:]


def _say_differently(turn: Turn, ports: Ports, recent: Sequence[str]) -> None:
    """A line that has one wording only gets a word before it when it was said a moment ago."""
    if turn.work.get("repeated"):
        return
    single = [line for line in turn.plan if ports.lines.phrasings(line["act"]) == 1 and not line["uninterruptible"]]
    if any(_digest(ports.lines.render(line["act"], line["slots"], 0)) in recent for line in single):
        say(turn, "as_said")
        turn.plan.insert(turn.plan.index(single[0]), turn.plan.pop())


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:10]


def _watch(turn: Turn) -> None:
    """Remember which speech rows later guards will ask about, which one was asked, and what a stranger was told."""
    if turn.step is Step.IDENTIFY and any(tells_details(line["act"]) for line in turn.plan):
        turn.talk["details_told"] = True
    watch: dict[str, str] = turn.talk["watch"]
    awaits: list[str] = []
    for line in turn.plan:
        keys = line["disclosure_keys"]
        if "ai" in keys:
            turn.talk["disclosed"][turn.channel.value] = {"speech_id": line["speech_id"], "heard": False}
            watch[f"disclosure:{turn.channel.value}"] = line["speech_id"]
            awaits.append(line["speech_id"])
        if "price" in keys:
            turn.deal["price_said"] = {"speech_id": line["speech_id"], "quote_hash": line["quote_hash"]}
            watch["price"] = line["speech_id"]
            _issued(turn)
        if "refund" in keys:
            turn.deal["terms_said"] = {"speech_id": line["speech_id"], "quote_hash": line["quote_hash"]}
            watch["terms"] = line["speech_id"]
            awaits.append(line["speech_id"])
        if line["asks"]:
            turn.talk["asked"] = {
                "speech_id": line["speech_id"],
                "key": line["asks"],
                "words": line["words"],
                "quote_hash": line["quote_hash"],
                "at": turn.now.isoformat(),
            }
    if turn.plan:
        turn.talk["last_plan"] = [line for line in turn.plan if line["act"] not in ("repeat_intro", "as_said")][-3:]
    terms = part(turn.deal, "terms_said")
    kept = [entry["speech_id"] for entry in turn.talk["disclosed"].values() if not entry.get("heard")]
    if terms.get("speech_id"):
        kept.append(terms["speech_id"])
    turn.place["awaits"] = sorted({*awaits, *kept}) if not turn.step.terminal else []
    if turn.step.terminal:
        turn.talk["asked"] = None


def _issued(turn: Turn) -> None:
    """A price that is shown in text is issued in writing, also where it was made on the phone."""
    quote = turn.deal.get("quote")
    if quote and turn.channel.text and not quote.get("issued_in_writing"):
        quote["issued_in_writing"] = True
        turn.want("quote_issued", quote_hash=quote["quote_hash"])


def _record(turn: Turn) -> None:
    """The rows that every turn leaves: what was said to us, what we say, how it was decided."""
    reading: dict[str, Any] = part(turn.work, "reading")
    for number, line in enumerate(turn.plan):
        turn.want(
            "speech",
            ordinal=number,
            **{
                k: line[k]
                for k in (
                    "speech_id",
                    "act",
                    "slots",
                    "words",
                    "asks",
                    "fact_key",
                    "readback",
                    "disclosure_keys",
                    "quote_hash",
                    "uninterruptible",
                    "channel",
                )
            },
        )
    if turn.plan and turn.channel in (Channel.SMS, Channel.EMAIL):
        _send(turn)
    turn.want(
        "turn",
        words=turn.words or None,
        speaker=turn.event.data.get("speaker", "buyer") if turn.event.kind is EventKind.WORDS else None,
        reading={
            k: v
            for k, v in reading.items()
            if v not in (None, [], (), False, "", 0) and k not in ("confidence", "language")
        },
        noted=turn.work.get("noted", []),
        scopes=turn.authority["open"],
        sums=turn.intent["sums"],
        refused=turn.work["refused"],
    )


def _send(turn: Turn) -> None:
    """On a text channel that we do not hold open, the answer leaves as one message, under authority as all."""
    opt_out = bool(turn.work.get("optout"))
    permit = use(turn, OPT_OUT_CONFIRMATION if opt_out else REPLY)
    if isinstance(permit, Refused):
        return
    body = "\n".join(line["words"] for line in turn.plan)
    to = part(turn.place, "identity").get("value", "")
    turn.want(
        "outbox",
        outbox="message",
        object=None,
        capability_id=permit.capability_id,
        channel=turn.channel.value,
        opt_out=opt_out,
        payload={
            "to": to,
            "channel": turn.channel.value,
            "body": body,
            "speech_ids": [line["speech_id"] for line in turn.plan],
        },
    )


def _messages(turn: Turn) -> list[dict[str, Any]]:
    """The window that chat clients of the graph read."""
    out: list[dict[str, Any]] = []
    if turn.event.kind is EventKind.WORDS:
        out.append({"role": "user", "content": turn.words[:500]})
    if turn.plan:
        out.append({"role": "assistant", "content": " ".join(line["words"] for line in turn.plan)[:1000]})
    return out
