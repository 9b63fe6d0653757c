"""A call is served by one job at a time, whoever asks for it, dies or comes back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.calls import CallState, CallTurn, Serving
from domain.contact import Identity
from memory.calls import Calls
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, open_world

BUYER = Identity("phone", "+15125550100")


@pytest.fixture
async def world(fresh_dsn: str, sealer: Sealer) -> AsyncIterator[World]:
    async with open_world(fresh_dsn, sealer) as world:
        yield world


@pytest.fixture
def calls(world: World) -> Calls:
    return Calls(world.pool, world.sealer)


def job(name: str) -> Serving:
    return Serving(job_id=name, worker="worker-1", agent_identity=f"agent-{name}", profile_hash="p1")


async def age(world: World, call_id: str, seconds: float) -> None:
    """As if nothing had been heard of the call for so long."""
    statement = (
        "update calls set dispatched_at = dispatched_at - %s * interval '1 second',"
        " heartbeat_at = heartbeat_at - %s * interval '1 second' where call_id = %s"
    )
    await world.run(statement, seconds, seconds, call_id)


async def test_a_new_call_holds_its_buyer_under_seal(world: World, calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW, "talk")
    assert (call.identity, call.label, call.state, call.dispatches) == (BUYER, "talk", CallState.NEW, 0)
    assert await calls.in_room(call.room) == call == await calls.call(call.call_id)
    (row,) = await world.rows("select call_id || room || label || encode(sealed, 'escape') as all from calls")
    assert "512555" not in row["all"]


async def test_one_job_serves_a_call(calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW)
    claimed = await asyncio.gather(*(calls.claim_call(call.call_id, job(f"j{n}"), NOW) for n in range(4)))
    served = [c for c in claimed if c]
    assert len(served) == 1 and served[0].state is CallState.ACTIVE and served[0].started_at == NOW
    again = await calls.claim_call(call.call_id, job(str(served[0].job_id)), NOW + timedelta(seconds=1))
    assert again and again.started_at == NOW


async def test_a_dead_job_is_replaced_and_may_not_go_on(world: World, calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW)
    assert await calls.claim_dispatch(call.call_id, 0)
    assert await calls.claim_call(call.call_id, job("old"), NOW)
    assert await calls.lost_calls() == []
    await age(world, call.call_id, 4)
    (lost,) = await calls.lost_calls()
    assert (lost.call_id, lost.agent_identity, lost.dispatches) == (call.call_id, "agent-old", 1)
    asked = await asyncio.gather(*(calls.claim_dispatch(call.call_id, lost.dispatches) for _ in range(3)))
    assert sorted(asked) == [False, False, True]
    assert await calls.lost_calls() == []  # it has just been asked for
    assert not await calls.beat(call.call_id, "old")
    new = await calls.claim_call(call.call_id, job("new"), NOW)
    assert new and new.agent_identity == "agent-new"
    assert await calls.claim_call(call.call_id, job("old"), NOW) is None
    assert await calls.beat(call.call_id, "new")


async def test_a_job_that_never_came_is_asked_for_again(world: World, calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW)
    assert await calls.lost_calls(0) == []  # nobody has asked for a job yet
    await calls.claim_dispatch(call.call_id, 0)
    await age(world, call.call_id, 4)
    assert [c.call_id for c in await calls.lost_calls()] == [call.call_id]


async def test_a_call_ends_once_and_for_the_job_that_serves_it(calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW)
    await calls.claim_dispatch(call.call_id, 0)
    await calls.claim_call(call.call_id, job("new"), NOW)
    assert not await calls.end_call(call.call_id, NOW, "left", "old")
    assert await calls.end_call(call.call_id, NOW, "left", "new")
    assert not await calls.end_call(call.call_id, NOW, "again")
    assert await calls.live() == [] == await calls.lost_calls(0)
    assert not await calls.beat(call.call_id, "new")
    assert await calls.claim_call(call.call_id, job("new"), NOW) is None
    assert not await calls.claim_dispatch(call.call_id, 1)
    ended = await calls.call(call.call_id)
    assert ended and (ended.state, ended.end_reason, ended.ended_at) == (CallState.ENDED, "left", NOW)


async def test_a_buyer_is_on_one_call_however_often_they_join_at_once(world: World, calls: Calls) -> None:
    opened = await asyncio.gather(*(calls.open_call(BUYER, NOW) for _ in range(8)))
    assert len({call.call_id for call in opened}) == 1
    assert await calls.of(BUYER) == opened[0]
    for number in range(220):  # offers to others, newer than this one
        await calls.open_call(Identity("phone", f"+1512555{number:04}1"), NOW + timedelta(minutes=1))
    assert await calls.of(BUYER) == opened[0]
    await calls.end_call(opened[0].call_id, NOW, "left")
    assert await calls.of(BUYER) is None
    again = await calls.open_call(BUYER, NOW)
    assert again.call_id != opened[0].call_id
    (row,) = await world.rows("select buyer from calls where call_id = %s", again.call_id)
    assert "512555" not in row["buyer"]


async def test_offers_that_nobody_took_up_run_out(world: World, calls: Calls) -> None:
    old = await calls.open_call(BUYER, NOW - timedelta(hours=25))
    new = await calls.open_call(Identity("phone", "+15125550109"), NOW)
    await calls.end_untaken(NOW - timedelta(hours=24), NOW)
    assert [call.call_id for call in await calls.live()] == [new.call_id]
    ended = await calls.call(old.call_id)
    assert ended and ended.end_reason == "not_taken_up"


@pytest.mark.parametrize("by_job", [False, True])
async def test_whoever_ends_a_call_without_its_job_tells_the_session(world: World, calls: Calls, by_job: bool) -> None:
    """A job tells it by itself, before; a dead one cannot."""
    session_id = await world.session("voice", BUYER.value)
    call = await calls.open_call(BUYER, NOW)
    await calls.claim_dispatch(call.call_id, 0)
    await calls.claim_call(call.call_id, job("only"), NOW)
    await calls.link(call.call_id, session_id)
    assert await calls.end_call(call.call_id, NOW, "left", "only" if by_job else None)
    assert not await calls.end_call(call.call_id, NOW, "left")
    events = await world.rows("select kind, channel, sealed from inbox where session_id = %s", session_id)
    told = [(e["kind"], e["channel"], world.sealer.open(e["sealed"])) for e in events]
    assert told == ([] if by_job else [("line", "voice", {"state": "down", "call_id": call.call_id})])


async def test_what_becomes_known_of_a_turn_adds_up(world: World, calls: Calls) -> None:
    call = await calls.open_call(BUYER, NOW)
    said = CallTurn(call.call_id, "t1", "words", NOW, words="ten seats", confidence=0.9, turn_ms=12)
    await calls.put_turn(said)
    for _ in range(2):
        await calls.put_turn(CallTurn(call.call_id, "t1", "words", NOW, voice_ms=350, cut=True, voice_s=2.5))
    await calls.put_turn(CallTurn(call.call_id, "t2", "decision", NOW, voice_ms=40))
    first, second = await calls.turns(call.call_id)
    assert first == replace(said, voice_ms=350, cut=True, voice_s=5, confidence=first.confidence)
    assert second.words is None and second.voice_ms == 40
    (row,) = await world.rows("select encode(sealed, 'escape') as all from call_turns where turn_id = 't1'")
    assert "seats" not in row["all"]
