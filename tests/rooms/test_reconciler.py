"""A caller is served by one living job, whatever dies: the job, the worker, the server."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from domain.contact import Identity
from tests.rooms.buyer import Buyer
from tests.rooms.server import LiveKit
from tests.rooms.staff import Staff, at_work, settings_of
from tests.screens.conftest import free_port

BUYER = Identity("phone", "+15125550142")
SERVED_AGAIN_S = 10.0  # on a machine of its own; one that is busy with other tests needs longer for every start


@pytest.fixture
async def staff(fresh_dsn: str, own_server: LiveKit, tmp_path: Path) -> AsyncIterator[Staff]:
    settings = settings_of(fresh_dsn, own_server, tmp_path, free_port())
    async with at_work(settings, tmp_path) as opened:
        yield opened


async def until(what: Callable[[], Awaitable[Any]], seconds: float) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def on_the_line(staff: Staff) -> tuple[Buyer, str]:
    """A buyer who was greeted and has said something."""
    joined = await staff.desk.join(BUYER, "test")
    staff.heard(joined.call_id, "Hi, I'm Dana", "we miss calls after hours, about twelve people answer phones", "yes")
    buyer = Buyer()
    await buyer.join(joined)
    await buyer.hears(0, 60)
    await buyer.quiet()
    await buyer.say("Hi, I'm Dana")
    await buyer.hears(buyer.ended)
    await buyer.quiet()
    return buyer, joined.call_id


async def served_by_another(staff: Staff, call_id: str, job_id: str | None) -> bool:
    call = await staff.desk.calls.call(call_id)
    assert call
    return call.job_id not in (None, job_id)


async def asked(staff: Staff, session_id: str) -> list[str]:
    async with staff.world.pool.connection() as connection:
        statement = "select asks from speech where session_id = %s and asks is not null order by queued_at, ordinal"
        return [row["asks"] for row in await (await connection.execute(statement, (session_id,))).fetchall()]


async def goes_on(staff: Staff, buyer: Buyer, call_id: str, session_id: str | None) -> None:
    """The buyer is answered by one agent, in the same session, and not asked again what was asked before."""
    assert session_id
    before = await asked(staff, session_id)
    await until(lambda: _one_agent(buyer), 30)
    await buyer.say("we miss calls after hours, about twelve people answer phones")
    await buyer.hears(buyer.ended)
    await buyer.quiet()
    call = await staff.desk.calls.call(call_id)
    assert call and call.session_id == session_id
    after = (await asked(staff, session_id))[len(before) :]
    assert not set(before[:-1]) & set(after), (before, after)


async def _one_agent(buyer: Buyer) -> bool:
    return len(buyer.agents()) == 1


@pytest.mark.parametrize("victim", [pytest.param("job", marks=pytest.mark.soak), "worker"])
async def test_a_killed_agent_is_replaced_and_the_buyer_goes_on_in_the_same_session(staff: Staff, victim: str) -> None:
    buyer, call_id = await on_the_line(staff)
    try:
        before = await staff.desk.calls.call(call_id)
        assert before and before.job_id and before.session_id
        killed = staff.jobs() if victim == "job" else [staff.worker()]
        assert len(killed) == 1
        os.kill(killed[0].pid, signal.SIGKILL)
        took = await until(lambda: served_by_another(staff, call_id, before.job_id), 120)
        print(f"{victim} killed: served again after {took:.1f} s")
        assert took < max(SERVED_AGAIN_S, staff.started_s + 5)
        await goes_on(staff, buyer, call_id, before.session_id)
    finally:
        await buyer.leave()
