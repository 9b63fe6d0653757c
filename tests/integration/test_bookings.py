"""One slot, one booking: the database refuses, whoever asks at once; and what is taken is seen by the calendar."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from psycopg import errors

from memory.bookings import busy_between, expire_holds
from memory.sealing import Sealer
from tests.integration.effect_rows import NOW, World, open_world

SLOT = NOW + timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)


async def race(world: World, session_id: str, number: int) -> bool:
    """One buyer tries a slot that overlaps everybody else's by some minutes."""
    starts = SLOT + timedelta(minutes=number % 29)
    try:
        await world.insert(
            "bookings",
            booking_id=str(uuid4()),
            session_id=session_id,
            resource=1,
            starts=starts,
            ends=starts + HALF_HOUR,
            zone="UTC",
            state="hold" if number % 2 else "booked",
            turn_id=f"t{number}",
            changed_at=NOW,
        )
    except errors.ExclusionViolation as refusal:
        if refusal.diag.constraint_name != "bookings_no_overlap":
            raise
        return False
    return True


async def test_two_hundred_buyers_race_for_one_slot_and_one_gets_it(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        won = await asyncio.gather(*(race(world, session_id, number) for number in range(200)))
        assert sum(won) == 1
        assert len(await world.rows("select 1 from bookings")) == 1


async def test_adjacent_slots_and_other_calendars_are_free(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        for resource, starts in ((1, SLOT), (1, SLOT + HALF_HOUR), (1, SLOT - HALF_HOUR), (2, SLOT)):
            await world.insert(
                "bookings",
                booking_id=str(uuid4()),
                session_id=session_id,
                resource=resource,
                starts=starts,
                ends=starts + HALF_HOUR,
                zone="UTC",
                state="booked",
                turn_id="t",
                changed_at=NOW,
            )
        busy = await busy_between(world.pool, SLOT, SLOT + timedelta(hours=2), NOW)
        assert busy == [(SLOT, SLOT + HALF_HOUR), (SLOT + HALF_HOUR, SLOT + 2 * HALF_HOUR)]


async def test_a_hold_is_busy_for_others_until_it_runs_out(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        holder, other = await world.session(), await world.session()
        meeting = await world.booking(holder, state="hold", starts=SLOT)
        until = NOW + timedelta(minutes=10)
        await world.run("update bookings set hold_until = %s", until)
        span = (SLOT, SLOT + HALF_HOUR)
        assert await busy_between(world.pool, *span, now=NOW) == [span]
        assert await busy_between(world.pool, *span, now=NOW, but_session=other) == [span]
        assert await busy_between(world.pool, *span, now=NOW, but_session=holder) == []
        assert await busy_between(world.pool, *span, now=until) == []
        assert not await race(world, other, 0)  # the constraint has no clock
        async with world.pool.connection() as connection, connection.transaction():
            await expire_holds(connection, *span, now=until)
        assert await race(world, other, 0)
        rows = await world.rows("select state from bookings where booking_id = %s", meeting["booking_id"])
        assert rows == [{"state": "expired"}]


async def test_a_booked_meeting_is_busy_for_its_own_buyer_too(fresh_dsn: str, sealer: Sealer) -> None:
    async with open_world(fresh_dsn, sealer) as world:
        session_id = await world.session()
        await world.booking(session_id, starts=SLOT)
        assert await busy_between(world.pool, SLOT, SLOT + HALF_HOUR, now=NOW, but_session=session_id)
