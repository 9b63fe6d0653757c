"""Carriers and chat clients are answered, and what cannot be used is refused in plain words."""

from collections.abc import AsyncIterator

import pytest

from domain.contact import Identity
from domain.stages import Channel
from memory.sealing import Sealer
from tests.integration.api_rig import CHAT, Api, api
from tests.integration.effect_rows import NOW


async def test_a_text_is_handed_to_the_chain_under_the_carriers_id(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        sent = {"id": "SM-1", "from": "+1 (512) 555-0101", "body": "Hi <b>you</b>", "media": 0}
        answer = await it.http.post("/channels/sms", json=sent)
        assert (answer.status_code, answer.json()) == (200, {"turn": "sms:SM-1", "status": "answered"})
        assert it.chain.arrived == [(Channel.SMS, Identity("phone", "+15125550101"), "sms:SM-1", "Hi <b>you</b>", None)]
        assert "Hello." not in answer.text  # the answer leaves as a text of its own


async def test_a_chat_gets_its_answer_and_says_what_was_seen(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        opened = await it.http.post("/channels/chat", json={"chat": CHAT, "id": "1"})
        assert opened.json()["messages"] == [
            {"id": f"chat:{CHAT}:1:s0", "from": "agent", "text": "Hello.", "status": "queued"}
        ]
        seen = opened.json()["messages"][0]["id"]
        await it.http.post("/channels/chat", json={"chat": CHAT, "id": "2", "text": "Hi", "seen": seen})
        buyer = Identity("chat", f"chat:{CHAT}")
        assert it.chain.arrived == [
            (Channel.CHAT, buyer, f"chat:{CHAT}:1", None, None),
            (Channel.CHAT, buyer, f"chat:{CHAT}:2", "Hi", {"seen_through": seen}),
        ]


async def conversation(it: Api) -> str:
    """Three turns of one chat client's session, the second of them by text."""
    sealer, session_id = it.world.sealer, await it.world.session("chat")
    (owner,) = await it.world.rows("select contact_id from sessions")
    address = f"chat:{CHAT}"
    await it.world.insert(
        "identities",
        identity_hash=sealer.digest("chat", address),
        contact_id=owner["contact_id"],
        kind="chat",
        sealed=sealer.seal({"value": address}),
        added_at=NOW,
    )
    for turn, channel in ((1, "chat"), (2, "sms"), (3, "chat")):
        shared = {"session_id": session_id, "turn_id": f"t{turn}", "channel": channel}
        outcome = {
            "step_before": "a",
            "step_after": "b",
            "score": 0,
            "confidence": 0,
            "epoch": 0,
            "policy_version": "1",
        }
        sealed = sealer.seal({"words": f"words {turn}"})
        await it.world.insert("turns", **shared, **outcome, turn=turn, kind="words", at=NOW, sealed=sealed)
        for ordinal in (0, 1):
            line = {"speech_id": f"t{turn}:s{ordinal}", "ordinal": ordinal, "act": "greet", "queued_at": NOW}
            sealed = sealer.seal({"words": f"line {turn}.{ordinal}"})
            await it.world.insert("speech", **shared, **line, sealed=sealed)
    return session_id


async def test_the_conversation_can_be_fetched_and_acknowledged(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        session_id = await conversation(it)
        answer = (await it.http.get(f"/channels/chat/{CHAT}/messages")).json()
        assert [(m["from"], m["text"]) for m in answer["messages"]] == [
            ("buyer", "words 1"), ("agent", "line 1.0"), ("agent", "line 1.1"),
            ("buyer", "words 3"), ("agent", "line 3.0"), ("agent", "line 3.1"),
        ]  # fmt: skip
        assert answer["next"] == 3
        later = (await it.http.get(f"/channels/chat/{CHAT}/messages", params={"after": "1"})).json()
        assert [m["text"] for m in later["messages"]] == ["words 3", "line 3.0", "line 3.1"]
        assert (await it.http.get(f"/channels/chat/{CHAT}/messages?after=3")).json() == {"messages": [], "next": 3}
        acknowledged = await it.http.post(f"/channels/chat/{CHAT}/seen", json={"ids": ["t3:s0", "t3:s1"]})
        assert acknowledged.status_code == 204
        ((to, event),) = it.chain.submitted
        assert (to, event.kind, event.data) == (session_id, "delivered", {"speech_ids": ["t3:s0", "t3:s1"]})


async def test_a_stranger_reads_nobodys_conversation(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        assert (await it.http.get("/channels/chat/zzzzzzzzzzzzzzzzzzzz/messages")).json() == {"messages": [], "next": 0}
        answer = await it.http.post("/channels/chat/zzzzzzzzzzzzzzzzzzzz/seen", json={"ids": ["x"]})
        assert (answer.status_code, answer.json()["field"]) == (422, "chat")


UNUSABLE = [
    ("/channels/sms", {"from": "+15125550101", "body": "x"}, "id"),
    ("/channels/sms", {"id": "1", "from": "somebody", "body": "x"}, "identity"),
    ("/channels/sms", {"id": "1", "from": "a@b.example", "body": "x"}, "from"),
    ("/channels/sms", {"id": "1'; drop", "from": "+15125550101", "body": "x"}, "id"),
    ("/channels/sms", {"id": "1", "from": "+15125550101", "body": "x" * 20_001}, "body"),
    ("/channels/sms", {"id": "1", "from": "+15125550101", "body": 7}, "body"),
    ("/channels/sms", ["no", "object"], "body"),
    ("/channels/chat", {"chat": "short", "id": "1", "text": "x"}, "chat"),
    ("/channels/chat", {"chat": CHAT, "id": "1", "text": "x", "verified": True}, "verified"),
    (f"/channels/chat/{CHAT}/seen", {"ids": []}, "ids"),
    (f"/channels/chat/{CHAT}/seen", {"ids": ["x"] * 101}, "ids"),
]
JSON = {"content-type": "application/json"}
TEXT = b'{"id":"1","from":"+15125550101","body":"x"}'
UNREADABLE = [
    (b"{", JSON, 422),
    (b'{"id":"1","from":"+15125550101","body":"\\ud800"}', JSON, 422),
    (b"\xff\xfe", JSON, 422),
    (TEXT, {"content-type": "text/plain"}, 415),
    (TEXT, {}, 415),
    (b" " * 70_000, JSON, 413),
]


async def test_what_cannot_be_used_is_refused_with_field_problem_and_remedy(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        for path, content, field in UNUSABLE:
            answer = await it.http.post(path, json=content)
            assert (answer.status_code, set(answer.json())) == (422, {"field", "problem", "remedy"}), content
            assert answer.json()["field"] == field
        assert it.chain.arrived == []


async def test_bodies_of_the_wrong_kind_or_size_are_refused(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        for content, headers, status in UNREADABLE:
            answer = await it.http.post("/channels/sms", content=content, headers=headers)
            assert (answer.status_code, set(answer.json())) == (status, {"field", "problem", "remedy"}), content[:60]
        assert it.chain.arrived == []


async def test_a_body_that_is_longer_than_it_says_is_cut_off(fresh_dsn: str, sealer: Sealer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    async with api(fresh_dsn, sealer) as it:
        answer = await it.http.post("/channels/sms", content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413


async def test_a_fault_of_ours_tells_nothing_about_anybody(fresh_dsn: str, sealer: Sealer) -> None:
    async with api(fresh_dsn, sealer) as it:
        it.chain.fault = RuntimeError("Dana, +15125550101")
        answer = await it.http.post("/channels/sms", json={"id": "1", "from": "+15125550101", "body": "x"})
        assert answer.status_code == 500
        assert "Dana" not in answer.text
        assert answer.json()["remedy"]
        assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_turn_that_takes_long_is_stored_all_the_same(
    fresh_dsn: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.api_channels._PATIENCE_S", 0.05)
    async with api(fresh_dsn, sealer) as it:
        it.chain.slow = 5
        answer = await it.http.post("/channels/chat", json={"chat": CHAT, "id": "1", "text": "x"})
        assert (answer.status_code, answer.json()["messages"]) == (202, [])
