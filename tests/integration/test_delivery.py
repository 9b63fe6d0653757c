"""A committed effect leaves once, in order where order matters, and not at all where the world has moved on."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from graph import delivery as delivery_module
from memory import outbox
from memory.local_world import crm_of, events_of, messages_of
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, local_tools, open_world
from tools.declare import BY_OUTBOX, Deliver, Delivery, Receipt, ToolFailed, ToolRefused

Toolbox = Callable[[Any], Mapping[str, Deliver]]


class Failing:
    """The local tools, of which some fail a number of times before they work."""

    def __init__(self, sealer: Sealer, kind: str, faults: list[Exception]) -> None:
        self._tools, self._kind, self._faults = local_tools(sealer), kind, faults

    def __call__(self, connection: Any) -> Mapping[str, Deliver]:
        tools = dict(self._tools(connection))
        works = tools[self._kind]

        async def fails_first(delivery: Delivery) -> Receipt:
            receipt = await works(delivery)  # the effect was done: a fault must take it back
            if self._faults:
                raise self._faults.pop(0)
            return receipt

        return {**tools, self._kind: fails_first}


async def sent(world: World, session_id: str) -> list[dict[str, Any]]:
    async with world.pool.connection() as connection:
        return await messages_of(connection, world.sealer, session_id)


async def events(world: World, session_id: str) -> list[dict[str, Any]]:
    rows = await world.rows(
        "select turn_id, kind, channel, sealed from inbox where session_id = %s order by seq", session_id
    )
    return [{**row, "data": world.sealer.open(row["sealed"])} for row in rows]


async def test_a_text_leaves_once_and_its_receipt_becomes_an_event(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id = await world.message(session_id, "Your meeting is booked.")
        delivered = await asyncio.gather(*(world.deliverer().deliver(effect_id) for _ in range(10)))
        assert sorted(each.status for each in delivered) == ["delivered"] + ["gone"] * 9
        (message,) = await sent(world, session_id)
        assert (message["message_id"], message["to"], message["body"]) == (
            effect_id,
            "+15125550118",
            "Your meeting is booked.",
        )
        (receipt,) = await events(world, session_id)
        assert receipt["turn_id"] == f"receipt:{effect_id}"
        assert (receipt["kind"], receipt["channel"]) == ("delivered", "sms")
        assert receipt["data"] == {"speech_ids": message["speech_ids"]}
        assert (await world.outbox(effect_id))["status"] == "delivered"


@pytest.mark.parametrize(("awaited", "status"), [(True, "new"), (False, "done")])
async def test_a_text_that_arrived_was_heard_and_wakes_the_session_that_waits_for_it(
    fresh_dsn: str, sealer: Sealer, awaited: bool, status: str
) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id = await world.message(session_id)
        speech_id = f"{effect_id.split(':')[1]}:0"
        await world.insert("speech", speech_id=speech_id, session_id=session_id, turn_id="t", ordinal=0, act="greet",
                           channel="sms", queued_at=NOW, sealed=b"x")  # fmt: skip
        if awaited:
            await world.run("update sessions set awaits = %s", [speech_id])
        await world.deliverer().deliver(effect_id)
        assert await world.rows("select status, heard_at from speech") == [{"status": "heard", "heard_at": NOW}]
        assert await world.rows("select status from inbox") == [{"status": status}]


async def test_a_report_that_a_killed_process_owed_is_made_up_for(fresh_dsn: str, sealer: Sealer) -> None:
    """The text has left, and its process died before the carrier's report was stored."""
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id = await world.message(session_id)
        await world.deliverer().deliver(effect_id)
        for owed in (world.deliverer().report_arrivals(), world.deliverer().deliver(effect_id)):
            await world.run("update messages set status = 'sent'")
            await world.run("delete from inbox")
            await owed
            assert [event["turn_id"] for event in await events(world, session_id)] == [f"receipt:{effect_id}"]
        assert len(await sent(world, session_id)) == 1


async def test_chat_and_email_have_no_receipt_of_the_carrier(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        for channel in ("chat", "email"):
            await world.deliverer().deliver(await world.message(session_id, channel=channel))
        assert len(await sent(world, session_id)) == 2
        assert await events(world, session_id) == []


async def test_a_fault_takes_the_effect_back_and_the_next_try_does_it(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id = await world.message(session_id)
        faults = [ToolFailed("The carrier is busy."), KeyError("+15125550118")]
        deliverer = world.deliverer(Failing(sealer, "message", faults))
        first = await deliverer.deliver(effect_id)
        assert first.status == "missed"
        assert first.again_in
        assert await sent(world, session_id) == []
        assert (await world.outbox(effect_id))["reason"] == "The carrier is busy."
        second = await deliverer.deliver(effect_id)
        assert second.again_in
        assert second.again_in > first.again_in
        assert (await world.outbox(effect_id))["reason"] == "KeyError"  # what it says may be a buyer's number
        assert (await deliverer.deliver(effect_id)).status == "delivered"
        assert len(await sent(world, session_id)) == 1
        assert (await world.outbox(effect_id))["attempts"] == 3


@pytest.mark.parametrize(
    ("faults", "attempts"),
    [([ToolFailed("down")] * 20, BY_OUTBOX["message"].tries), ([ToolRefused("no such number")], 1)],
    ids=["tried too often", "refused for good"],
)
async def test_what_fails_for_good_is_put_before_a_person(
    fresh_dsn: str, sealer: Sealer, faults: list[Exception], attempts: int
) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect_id = await world.message(session_id)
        deliverer = world.deliverer(Failing(sealer, "message", list(faults)))
        for number in range(attempts):
            assert (await world.outbox(effect_id))["status"] == "queued"
            settled = await deliverer.deliver(effect_id)
            assert settled.status == ("failed" if number == attempts - 1 else "missed")
        row = await world.outbox(effect_id)
        assert (row["status"], row["attempts"], row["done_at"]) == ("failed", attempts, NOW)
        (timer,) = await world.rows("select kind, due_at, status, ref from timers")
        assert timer == {"kind": "effect_failed", "due_at": NOW, "status": "set", "ref": effect_id}
        async with world.pool.connection() as connection, connection.transaction():
            assert await outbox.send_again(connection, session_id, effect_id, "kim")
            assert not await outbox.send_again(connection, session_id, effect_id, "kim")
        assert (await world.deliverer().deliver(effect_id)).status == "delivered"


async def test_a_tool_that_hangs_is_a_try_like_any_other(
    fresh_dsn: str, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = {**BY_OUTBOX, "message": replace(BY_OUTBOX["message"], timeout_s=0.05)}
    monkeypatch.setattr(delivery_module, "BY_OUTBOX", impatient)

    def hanging(connection: Any) -> Mapping[str, Deliver]:
        async def hangs(delivery: Delivery) -> Receipt:
            await connection.execute("select pg_sleep(30)")
            return Receipt("never")

        return {"message": hangs}

    async with open_world(fresh_dsn, sealer) as world:
        effect_id = await world.message(await world.session())
        assert (await world.deliverer(hanging).deliver(effect_id)).status == "missed"
        assert (await world.outbox(effect_id))["reason"] == "TimeoutError"
        assert (await world.deliverer().deliver(effect_id)).status == "delivered"


async def test_crm_records_of_a_session_never_overtake_each_other(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        first, second = await world.session(), await world.session()
        for seq in (1, 2, 3):
            for session_id in (first, second):
                await world.record(session_id, seq)
        stuck = world.deliverer(Failing(sealer, "crm_record", [ToolFailed("down")]))
        assert await stuck.drain(order=random.Random(7)) == 3  # all of the second session, none of the first
        async with world.pool.connection() as connection:
            assert await crm_of(connection, sealer, first) == []
            assert [row["seq"] for row in await crm_of(connection, sealer, second)] == [1, 2, 3]
        assert await world.deliverer().drain() == 3
        async with world.pool.connection() as connection:
            held = await crm_of(connection, sealer, first)
        assert [(row["seq"], row["fields"]) for row in held] == [(n, {"number": n}) for n in (1, 2, 3)]
        assert await world.rows("select 1 from crm_records where delivered_at is null") == []


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_of_deliveries_changes_nothing(fresh_dsn: str, sealer: Sealer, seed: int) -> None:
    """Made and cancelled in either order, the meeting is cancelled in the calendar, and there is one event of it."""
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        meeting = await world.booking(session_id)
        await world.effect(session_id, "calendar_event", meeting)
        await world.effect(session_id, "calendar_event", {**meeting, "action": "cancel"})
        await world.deliverer().drain(order=random.Random(seed))
        async with world.pool.connection() as connection:
            (event,) = await events_of(connection, sealer, meeting["booking_id"])
        assert event["state"] == "cancelled"
        assert "METHOD:CANCEL" in event["icalendar"]


async def test_a_booking_is_mirrored_and_the_buyer_invited(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        meeting = await world.booking(session_id)
        await world.deliverer().deliver(await world.effect(session_id, "calendar_event", meeting))
        (invitation,) = await sent(world, session_id)
        assert (invitation["channel"], invitation["to"]) == ("email", "dana@example.com")
        assert "Wednesday 25 November 2026, 10:00 (America/New_York)" in invitation["body"]
        assert "METHOD:REQUEST" in invitation["attachment"]
