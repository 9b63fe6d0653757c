"""What a job finds when it comes to deliver: opt-out, kill switch, dead objects, hours; and what leaves anyway."""

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from memory import outbox
from memory.local_world import messages_of
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, open_world


async def sent(world: World, session_id: str) -> list[dict[str, Any]]:
    async with world.pool.connection() as connection:
        return await messages_of(connection, world.sealer, session_id)


async def events(world: World, session_id: str) -> list[dict[str, Any]]:
    rows = await world.rows(
        "select turn_id, kind, channel, sealed from inbox where session_id = %s order by seq", session_id
    )
    return [{**row, "data": world.sealer.open(row["sealed"])} for row in rows]


async def test_a_booking_that_was_cancelled_meanwhile_is_not_mirrored(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        meeting = await world.booking(session_id, state="cancelled")
        effect_id = await world.effect(session_id, "calendar_event", meeting)
        assert (await world.deliverer().deliver(effect_id)).status == "cancelled"
        assert (await world.outbox(effect_id))["reason"] == "object_live"


async def test_after_an_opt_out_only_its_confirmation_and_the_records_leave(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        contact = str(uuid4())
        await world.insert("contacts", contact_id=contact, opened_at=NOW, dnc_at=NOW)
        session_id, other = await world.session(contact=contact), await world.session(contact=contact)
        late = [await world.message(session_id), await world.message(other)]
        confirmation = await world.message(session_id, "You will not hear from us again.", transition="T39")
        record = await world.record(session_id, 1, "dnc")
        await world.deliverer().drain(order=random.Random(3))
        assert [(await world.outbox(effect_id))["reason"] for effect_id in late] == ["not_dnc", "not_dnc"]
        assert (await world.outbox(confirmation))["status"] == "delivered"
        assert (await world.outbox(record))["status"] == "delivered"
        assert [m["body"] for m in await sent(world, session_id)] == ["You will not hear from us again."]
        assert await sent(world, other) == []


async def test_the_confirmation_is_known_by_the_turn_that_recorded_the_opt_out(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        contact = str(uuid4())
        await world.insert("contacts", contact_id=contact, opened_at=NOW, dnc_at=NOW)
        session_id = await world.session(contact=contact)
        payload = {"to": "+15125550118", "channel": "sms", "body": "Done."}
        steps = {"step_before": "BOOK.discovery", "step_after": "DNC"}
        await world.insert("transitions", session_id=session_id, turn_id="stop", ordinal=0, transition="T39",
                           trigger="revocation", epoch=1, at=NOW, **steps)  # fmt: skip
        confirmation = await world.effect(session_id, "message", payload, turn_id="stop")
        other = await world.effect(session_id, "message", payload, turn_id="later")
        world.clock.advance(timedelta(minutes=4))
        assert (await world.deliverer().deliver(confirmation)).status == "delivered"
        assert (await world.deliverer().deliver(other)).status == "cancelled"


async def test_the_kill_switch_holds_and_lets_go(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id, record = await world.message(session_id), await world.record(session_id, 1)
        async with world.pool.connection() as connection:
            await outbox.stop(connection, "message", "kim", "wrong text", NOW)
        await world.deliverer().drain()
        assert (await world.outbox(effect_id))["status"] == "queued"
        assert (await world.outbox(effect_id))["attempts"] == 0
        assert (await world.outbox(record))["status"] == "delivered"
        async with world.pool.connection() as connection:
            assert await outbox.resume(connection, "message")
        await world.deliverer().drain()
        assert (await world.outbox(effect_id))["status"] == "delivered"


async def test_an_emergency_of_the_policy_pauses_links(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        contract, _ = await world.order(session_id)
        effect_id = await world.effect(session_id, "contract_link", contract)
        for version, emergency in (("1", True), ("2", False)):
            content = Jsonb({"emergency": emergency})
            await world.insert("policies", version=version, content_hash=version, content=content, effective_at=NOW)
            await world.insert("policy_activations", version=version, activated_at=NOW, activated_by="kim")
            settled = await world.deliverer().deliver(effect_id)
            assert settled.status == ("waits" if emergency else "delivered")


async def test_links_are_texted_to_a_caller_and_not_repeated_in_writing(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        for channel, texts in (("voice", 2), ("sms", 0)):
            session_id = await world.session(channel, phone=f"+1512555010{texts}")
            contract, payment = await world.order(session_id, channel)
            await world.effect(session_id, "contract_link", contract)
            await world.effect(session_id, "payment_link", payment)
            assert await world.deliverer().drain(session_id) == 2
            messages = await sent(world, session_id)
            assert len(messages) == texts
            if texts:
                bodies = " ".join(message["body"] for message in messages)
                assert f"http://127.0.0.1:8502/accept/c-{channel}" in bodies
                assert f"http://127.0.0.1:8502/pay/p-{channel}" in bodies
                assert {message["to"] for message in messages} == {"+15125550102"}


@pytest.mark.parametrize(("table", "status"), [("contracts", "void"), ("payments", "expired")])
async def test_a_link_that_died_meanwhile_is_not_handed_out(
    fresh_dsn: str, sealer: Sealer, table: str, status: str
) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session("voice", phone="+15125550101")
        contract, payment = await world.order(session_id)
        kind, payload = ("contract_link", contract) if table == "contracts" else ("payment_link", payment)
        effect_id = await world.effect(session_id, kind, payload)
        await world.run(f"update {table} set status = %s", status)
        assert (await world.deliverer().deliver(effect_id)).status == "cancelled"
        assert await sent(world, session_id) == []


async def test_a_promised_call_becomes_due_at_its_time_and_in_its_window(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session("voice")
        at, opens = NOW + timedelta(hours=2), NOW + timedelta(hours=3)
        payload = {"number": "+15125550108", "at": at.isoformat(), "reason": "requested_human"}
        effect_id = await world.effect(session_id, "callback", payload)
        deliverer = world.deliverer(window=lambda number, now: opens if now < opens else None)
        early = await deliverer.deliver(effect_id)
        assert (early.status, early.again_in) == ("waits", 7200)
        world.clock.set(at)
        assert (await deliverer.deliver(effect_id)).again_in == 3600
        assert await events(world, session_id) == []
        world.clock.set(opens)
        assert (await deliverer.deliver(effect_id)).status == "delivered"
        (due,) = await events(world, session_id)
        assert (due["kind"], due["channel"], due["data"]) == (
            "dial",
            "voice",
            {"due": True, "reason": "requested_human"},
        )


async def test_an_unknown_effect_is_nothing_to_deliver(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        assert (await world.deliverer().deliver("no:such:effect:00")).status == "gone"
