"""What every adapter of a tool must do: a repeat under the same key changes nothing, and unusable input is refused."""

from collections.abc import Mapping
from typing import Any

import pytest

from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, local_tools, open_world
from tools.declare import BY_OUTBOX, Delivery, ToolRefused

TABLES = ("messages", "crm_deliveries", "calendar_events", "contracts", "payments")


async def payload_of(world: World, session_id: str, kind: str) -> Mapping[str, Any]:
    contract, payment = await world.order(session_id)
    match kind:
        case "crm_record":
            return {"record_key": f"{session_id}:t:need:1", "name": "need", "seq": 1, "fields": {"need": "calls"}}
        case "message":
            return {"to": "+15125550101", "channel": "sms", "body": "Hello", "speech_ids": ["t:0"]}
        case "calendar_event":
            return await world.booking(session_id)
        case "contract_link":
            return contract
        case "payment_link":
            return payment
        case _:
            return {"number": "+15125550101", "at": NOW.isoformat(), "reason": "value"}


async def left(world: World) -> dict[str, list[dict[str, Any]]]:
    return {table: await world.rows(f"select * from {table} order by 1") for table in TABLES}


def delivery(session_id: str, kind: str, payload: Mapping[str, Any]) -> Delivery:
    return Delivery(f"{session_id}:t:{kind}:00", session_id, kind, None, None, payload, NOW, text_to="+15125550101")


@pytest.mark.parametrize("kind", sorted(BY_OUTBOX))
async def test_a_repeat_changes_nothing(fresh_dsn: str, sealer: Sealer, kind: str) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        effect = delivery(session_id, kind, await payload_of(world, session_id, kind))
        before = await left(world)
        async with world.pool.connection() as connection:
            tool = local_tools(sealer)(connection)[kind]
            first = await tool(effect)
            after = await left(world)
            assert (after == before) == (kind == "callback")  # which leaves as an event
            for _ in range(3):
                assert (await tool(effect)).events == first.events
        assert await left(world) == after


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("crm_record", {"name": "need", "seq": 1}),
        ("message", {"to": "", "channel": "sms", "body": "Hello"}),
        ("contract_link", {"contract_id": "nobody's"}),
        ("payment_link", {"payment_id": "nobody's"}),
        ("callback", {"number": "", "at": NOW.isoformat()}),
    ],
)
async def test_what_can_never_be_delivered_is_refused_for_good(
    fresh_dsn: str, sealer: Sealer, kind: str, payload: Mapping[str, Any]
) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        async with world.pool.connection() as connection:
            with pytest.raises(ToolRefused):
                await local_tools(sealer)(connection)[kind](delivery(session_id, kind, payload))


async def test_there_is_an_adapter_for_every_kind(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world, world.pool.connection() as connection:
        assert set(local_tools(sealer)(connection)) == set(BY_OUTBOX)
