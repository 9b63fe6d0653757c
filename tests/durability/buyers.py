"""Buyers who write texts: what each says up to the middle of a sale, and the line under test."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from domain.contact import Identity
from domain.events import Event, EventKind
from domain.results import TurnResult
from domain.stages import Channel
from memory.database import Gone
from memory.outbox import queued
from tests.durability.house import NOW, House

PAUSE = timedelta(seconds=20)
_AGAIN_S = 0.2
_FIRST_DAY = date(2026, 11, 30)  # a Monday
_HOURS = ("9 am", "10 am", "11 am", "1 pm", "2 pm", "3 pm", "4 pm", "5 pm")


@dataclass(frozen=True, slots=True)
class Script:
    """`before` leads to the middle of the sale, `last` is the line under test; `fires` is what it must bring about."""

    name: str
    before: tuple[str, ...]
    last: str
    fires: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return (*self.before, self.last)


_HELLO = "Hi, I'm Dana, need something for 12 people, we start next month"
_MINE = "Yes it's my call, budget's there"
_NOW_PLEASE = "Yes, let's do it now"
DISCOVERY = Script("discovery", (_HELLO,), _MINE, ())
BOOKING = Script(
    "booking",
    ("Hi, I'm Priya, we're eight people and miss calls. Can I get a demo on {slot}?", "{hour} is good"),
    "Yes",
    ("T12",),
)
TRANSFER = Script("transfer", (_HELLO, _MINE), _NOW_PLEASE, ("T15", "T16", "T18"))
COMMITMENT = Script(
    "commitment",
    (_HELLO, _MINE, _NOW_PLEASE, "12 team seats, monthly, right", "2,388 a month, fine", "Yes, go ahead"),
    "Yes, send it",
    ("T31",),
)
DISCOUNT = Script(
    "discount", (_HELLO, _MINE, _NOW_PLEASE, "12 team seats, monthly, right"), "Can you do 18 % off?", ("T41",)
)
SCRIPTS = (DISCOVERY, BOOKING, TRANSFER, COMMITMENT, DISCOUNT)


@dataclass(frozen=True, slots=True)
class Buyer:
    """One person from Texas. `number` gives the address, and without a `slot` the hour of the meeting too."""

    script: Script
    number: int
    slot: int | None = None

    @property
    def name(self) -> str:
        return f"{self.script.name}-{self.number}"

    @property
    def identity(self) -> Identity:
        return Identity("phone", f"+1512555{self.number:04d}", True)

    def words(self, place: int) -> str:
        week, rest = divmod(self.number if self.slot is None else self.slot, 5 * len(_HOURS))
        day, hour = divmod(rest, len(_HOURS))
        wanted = _FIRST_DAY + timedelta(weeks=week, days=day)
        return self.script.lines[place].format(hour=_HOURS[hour], slot=f"{wanted:%B} {wanted.day} at {_HOURS[hour]}")

    def turn_id(self, place: int) -> str:
        return f"{self.name}:{place}"

    def event(self, place: int) -> Event:
        return Event(
            self.turn_id(place), EventKind.WORDS, NOW + PAUSE * place, Channel.SMS, {"text": self.words(place)}
        )

    @property
    def last_turn(self) -> str:
        return self.turn_id(len(self.script.before))

    @property
    def last_event(self) -> Event:
        return self.event(len(self.script.before))


async def lead(house: House, buyer: Buyer) -> str:
    """Everything before the line under test, each text of ours delivered before the next one of theirs. The session."""
    session_id = ""
    for place in range(len(buyer.script.before)):
        house.clock.set(NOW + PAUSE * place)
        result = await say(house, buyer, place)
        session_id = result.session_id
        await deliver(house, session_id)
    return session_id


async def say(house: House, buyer: Buyer, place: int) -> TurnResult:
    return await house.service.arrive(
        Channel.SMS, buyer.identity, turn_id=buyer.turn_id(place), words=buyer.words(place)
    )


async def insist(house: House, buyer: Buyer, place: int) -> TurnResult:
    """A source that was not answered sends the same message again."""
    while True:
        try:
            return await say(house, buyer, place)
        except Gone:
            await asyncio.sleep(_AGAIN_S)


async def deliver(house: House, session_id: str) -> None:
    """What the session has queued, without a worker; then what the receipts bring about."""
    async with house.world.pool.connection() as connection:
        effects = await queued(connection, house.clock.now(), session_id)
    for effect_id, _, _ in effects:
        await house.deliverer.deliver(effect_id)
    await house.service.run_inbox(session_id)
