"""A carrier that reports late, or never, and turns that are served late: a reply is an answer all the same."""

import asyncio
import time
from dataclasses import replace

import pytest

from domain.results import TurnResult
from tests.durability.buyers import BOOKING, COMMITMENT, Buyer, Script, say
from tests.durability.house import House, RunningClock, opened, put_in_inbox
from tests.durability.trail import read_all


async def reply(house: House, buyer: Buyer, place: int, session_id: str) -> TurnResult:
    """The report about what the buyer answers comes when the reply waits to be served already."""
    event = replace(buyer.event(place), at=house.clock.now())
    await put_in_inbox(house, session_id, event)
    await asyncio.sleep(0.01)
    await house.deliverer.drain(session_id)
    return await house.service.submit(session_id, event)


@pytest.mark.parametrize("script", [BOOKING, COMMITMENT], ids=lambda script: script.name)
@pytest.mark.parametrize("reported", [False, True], ids=["never", "late"])
async def test_a_reply_proves_what_it_answers(house_dsn: str, script: Script, reported: bool) -> None:
    buyer = Buyer(script, 1)
    async with opened(house_dsn, clock=RunningClock(time.time())) as house:
        result = await say(house, buyer, 0)
        for place in range(1, len(script.lines)):
            if reported:
                result = await reply(house, buyer, place, result.session_id)
            else:
                result = await say(house, buyer, place)
    assert result.fired == script.fires
    left = await read_all(house_dsn)
    assert len(left.tables["sessions"]) == 1
    assert {row["status"] for row in left.tables["inbox"]} == {"done"}
