"""Rows of a small played session, written by hand: somebody calls, says a need, is quoted a price and agrees to it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.audit_chain import digest_of, hash_of
from graph.scenarios.sight import Mark, Moments, Sight

Row = dict[str, Any]
SESSION, CONTACT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
NOON = datetime(2026, 11, 24, 15, tzinfo=UTC)
Q1 = "a" * 64


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def row(**fields: Any) -> Row:
    return {"session_id": SESSION, "inside": {}, **fields}


def session() -> dict[str, list[Row]]:
    """Two turns: T05 with the disclosure, then T29 with its guards, fact, record, effect and audit."""
    return {
        "sessions": [head()],
        "contacts": [{"contact_id": CONTACT, "inside": {}}],
        "turns": [turn(1, "t1"), turn(2, "t2", inside={"scopes": ["crm.note", "pricing.read"], "words": "fine"})],
        "speech": [
            line("t1:s0", "t1", 1, "disclose_ai", disclosure_keys=["ai", "company"], heard_at=at(2)),
            line(
                "t1:s1", "t1", 1, "price_readback", asks="price_readback", readback=True, quote_hash=Q1, heard_at=at(4)
            ),
        ],
        "answers": [row(turn_id="t2", speech_id="t1:s1", answer="yes", began_at=at(8))],
        "facts": [
            fact("need", "missed calls", turn_id="t1", turn=1),
            fact("budget", 3000, turn_id="t2", turn=2, at=at(8)),
        ],
        "evidence": [row(turn_id="t2", ordinal=0, type="price_ack", confidence=1.0, at=at(8), change="added", turn=2)],
        "transitions": [
            move("t1", 1, "T05", "ENTRY.new", "BOOK.greet"),
            move("t2", 2, "T29", "CLOSE.price", "CLOSE.compliance"),
        ],
        "guard_results": [
            guard("t1", 1, "T15", "need_captured", held=False),
            guard("t2", 2, "T29", "price_heard", held=True),
        ],
        "capabilities": [
            capability("c1", "crm.stage", uses_left=0),
            capability("c2", "quote.create", uses_left=4, turn=1),
        ],
        "tool_calls": [
            call("k1", "crm.stage", "c1"),
            call("k2", "quote.create", "c2"),
            call("k3", "discount.apply", None, outcome="refused", reason="scope_open"),
        ],
        "bookings": [
            row(
                booking_id="b1", turn_id="t2", starts=at(86400), ends=at(88200), zone="America/Chicago", state="booked"
            ),
        ],
        "quotes": [quote()],
        "proposals": [proposal()],
        "approvals": [approval()],
        "contracts": [row(contract_id="k", turn_id=None, quote_hash=Q1, status="sent", sent_at=at(8))],
        "payments": [row(payment_id="p", turn_id=None, quote_hash=Q1, status="open", amount="2388.00", attempt=1)],
        "outbox": [row(effect_id="e1", turn_id="t2", kind="message", channel="sms", status="delivered")],
        "crm_records": [record(1, "interaction_opened", "t1"), record(2, "price_ack", "t2", {"amount": "2388.00"})],
        "crm_deliveries": [record(1, "interaction_opened", "t1"), record(2, "price_ack", "t2", {"amount": "2388.00"})],
        "calendar_events": [row(event_id="v1", booking_id="b1", state="confirmed")],
        "messages": [row(message_id="m1", channel="sms", inside={"body": "hello"})],
        "consents": [{"contact_id": CONTACT, "session_id": None, "kind": "recording", "status": "given", "inside": {}}],
        "timers": [row(timer_id="x", kind="idle_park", due_at=at(60), status="set")],
        "audit": chain(
            ("t1", "transition", {"row": "T05"}),
            ("t2", "use", {"scope": "quote.create"}),
            ("t2", "use", {"scope": "crm.stage"}),
            ("t2", "use_refused", {"scope": "discount.apply"}),
        ),
        "inbox": [
            row(turn_id="t1", kind="arrived", inside={}),
            row(turn_id="t2", kind="words", inside={"text": "fine"}),
        ],
        "policies": [policy()],
        "threads": [{"session_id": SESSION, "inside": {}}],
    }


def head(**changes: Any) -> Row:
    return row(
        contact_id=CONTACT,
        stage="CLOSE",
        step="CLOSE.compliance",
        overlay=None,
        remembered=None,
        recording="on",
        epoch=3,
        owner="agent",
        region="US-TX",
        score=0.81,
        confidence=0.9,
        turns=2,
        label="",
        **changes,
    )


def turn(number: int, turn_id: str, kind: str = "words", channel: str = "voice", inside: Row | None = None) -> Row:
    return row(turn=number, turn_id=turn_id, kind=kind, channel=channel, at=at(8 * number), inside=inside or {})


def line(speech_id: str, turn_id: str, number: int, act: str, **fields: Any) -> Row:
    usual = {
        "asks": None,
        "fact_key": None,
        "readback": False,
        "disclosure_keys": [],
        "quote_hash": None,
        "channel": "voice",
        "status": "heard",
        "queued_at": at(0),
        "heard_at": None,
        "inside": {"words": act.replace("_", " ")},
        "ordinal": 0,
    }
    return row(**{**usual, "speech_id": speech_id, "turn_id": turn_id, "turn": number, "act": act, **fields})


def fact(key: str, value: Any, status: str = "confirmed", *, at: datetime = NOON, **fields: Any) -> Row:
    usual = {
        "contact_id": CONTACT,
        "type": key.partition(".")[0],
        "speaker": "buyer",
        "retired_at": None,
        "confidence": 1.0,
    }
    inside = {"value": value, "unit": None}
    return row(
        **{
            **usual,
            "key": key,
            "status": status,
            "recorded_at": at,
            "turn": 1,
            "turn_id": "t1",
            "inside": inside,
            **fields,
        }
    )


def move(turn_id: str, number: int, transition: str, before: str, after: str, **fields: Any) -> Row:
    usual = {"reason": None, "overlay_before": None, "overlay_after": None, "epoch": number}
    return row(
        turn_id=turn_id, turn=number, transition=transition, step_before=before, step_after=after, **{**usual, **fields}
    )


def guard(turn_id: str, number: int, transition: str, name: str, *, held: bool, value: str = "") -> Row:
    return row(turn_id=turn_id, turn=number, transition=transition, guard=name, held=held, value=value)


def capability(name: str, scope: str, *, uses_left: int, turn: int = 2, **fields: Any) -> Row:
    usual = {
        "stage": "CLOSE",
        "epoch": 3,
        "policy_version": "v1",
        "dead_at": None,
        "proposal_id": None,
        "turn_id": f"t{turn}",
    }
    return row(capability_id=name, scope=scope, uses_left=uses_left, turn=turn, **{**usual, **fields})


def call(key: str, scope: str, capability_id: str | None, **fields: Any) -> Row:
    usual = {
        "turn_id": "t2",
        "turn": 2,
        "stage": "CLOSE",
        "capability_stage": "CLOSE" if capability_id else None,
        "policy_version": "v1",
        "outcome": "done",
        "reason": None,
        "object": None,
    }
    return row(call_key=key, scope=scope, capability_id=capability_id, **{**usual, **fields})


def quote(version: int = 1, quote_hash: str = Q1, status: str = "open", **changes: Any) -> Row:
    body = {
        "amount": "2388.00",
        "list_total": "2388.00",
        "discount_pct": "0",
        "contract_value": "2388.00",
        "currency": "USD",
        "recurrence": "month",
        "scope": {"product": "team", "quantity": 12, "term": "monthly", "start": None},
    }
    return row(
        version=version,
        quote_hash=quote_hash,
        status=status,
        body={**body, **changes},
        issued_in_writing_at=None,
        valid_until=at(72 * 3600),
        turn_id="t1",
    )


def proposal(**changes: Any) -> Row:
    draft = {"discount_pct": "15", "amount": "2029.80", "version": 2}
    usual = {
        "proposal_id": "p1",
        "rules": ["A1"],
        "uses": ["discount.apply"],
        "status": "approved",
        "quote_hash": "b" * 64,
        "fallback": "deny",
        "body": {"draft": draft},
        "turn_id": "t2",
    }
    return row(**{**usual, **changes})


def approval(**changes: Any) -> Row:
    usual = {
        "approval_id": "p1:sales_manager",
        "proposal_id": "p1",
        "role": "sales_manager",
        "decided_by": "mara",
        "edit": None,
    }
    return {"inside": {}, **usual, **changes}


def record(seq: int, name: str, turn_id: str, fields: Row | None = None) -> Row:
    return row(seq=seq, name=name, record_key=f"{turn_id}:{name}", turn_id=turn_id, inside=fields or {})


def policy() -> Row:
    scopes = {"crm.stage": {"uses": 1}, "quote.create": {"uses": 5}, "discount.apply": {"uses": 1}}
    return {"version": "v1", "content": {"scopes": scopes}, "inside": {}}


def chain(*entries: tuple[str, str, Row]) -> list[Row]:
    """An audit chain that holds."""
    rows: list[Row] = []
    previous = ""
    for seq, (turn_id, action, payload) in enumerate(entries, 1):
        digest = digest_of("salt", payload)
        link = hash_of(previous, seq, at(seq), "agent", action, digest)
        rows.append(
            row(
                seq=seq,
                at=at(seq),
                turn_id=turn_id,
                actor="agent",
                action=action,
                policy_version="v1",
                digest=digest,
                previous=previous,
                hash=link,
                inside={"salt": "salt", "payload": payload},
            )
        )
        previous = link
    return rows


def sight(tables: dict[str, list[Row]] | None = None, mark: Mark | None = None, **moments: Any) -> Sight:
    known = Moments(at(100), moments.get("done", {}), moments.get("calls", {}))
    return Sight("main", SESSION, tables or session(), known, mark or Mark(1, 2))
