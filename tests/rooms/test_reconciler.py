"""A caller is served by one living job, whatever dies: the job, the worker, the server."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from domain.contact import Identity
from tests.rooms.buyer import Buyer
from tests.rooms.server import LiveKit
from tests.rooms.staff import Staff, at_work, settings_of
from tests.screens.conftest import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")
SERVED_AGAIN_S = 10.0  # on a machine of its own; one that is busy with other tests needs longer for every start


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(module_dsn: str, own_server: LiveKit, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Staff]:
    folder = tmp_path_factory.mktemp("staff")
    async with at_work(settings_of(module_dsn, own_server, folder, free_port()), folder) as opened:
        yield opened


async def until(what: Callable[[], Awaitable[Any]], seconds: float) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)
    return time.monotonic() - began


async def on_the_line(staff: Staff, identity: Identity) -> tuple[Buyer, str]:
    """A buyer who was greeted and has said something."""
    joined = await staff.desk.join(identity, "test")
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


@pytest.mark.parametrize("victim", ["job", "worker"])
async def test_a_killed_agent_is_replaced_and_the_buyer_goes_on_in_the_same_session(staff: Staff, victim: str) -> None:
    buyer, call_id = await on_the_line(
        staff, Identity("phone", {"job": "+15125550142", "worker": "+15125550143"}[victim])
    )
    try:
        before = await staff.desk.calls.call(call_id)
        assert before and before.job_id and before.session_id
        killed = staff.jobs() if victim == "job" else [staff.worker()]
        assert len(killed) == 1
        os.kill(killed[0].pid, signal.SIGKILL)
        took = await until(lambda: served_by_another(staff, call_id, before.job_id), 120)
        print(f"{victim} killed: served again after {took:.1f} s")
        assert took < max(SERVED_AGAIN_S, staff.started_s)
        await goes_on(staff, buyer, call_id, before.session_id)
    finally:
        await buyer.leave()


async def test_a_server_that_was_killed_comes_back_and_the_buyer_with_it(staff: Staff, own_server: LiveKit) -> None:
    """Its rooms are gone, and so is everybody in them; the page joins again, and the session goes on."""
    identity = Identity("phone", "+15125550144")
    buyer, call_id = await on_the_line(staff, identity)
    before = await staff.desk.calls.call(call_id)
    assert before and before.session_id
    own_server.kill()
    own_server.start()
    await buyer.leave()
    again = Buyer()
    try:
        joined = await staff.desk.join(identity, "test")
        staff.heard(joined.call_id, "we miss calls after hours, about twelve people answer phones", "yes")
        await again.join(joined)
        began = time.monotonic()
        await again.hears(0, 120)
        print(f"server killed: served again {time.monotonic() - began:.1f} s after the buyer was back")
        await again.quiet()
        await goes_on(staff, again, joined.call_id, before.session_id)
    finally:
        await again.leave()
