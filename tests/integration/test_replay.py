"""Bookings made in people's own words, replayed: no "booked" without a booking, none without a yes, no crash."""

from typing import Any

from bench.replay import BEGINS, counted, replay
from bench.replay_calendar import Dialogue, dialogue_of
from graph.clock import FixedClock
from tests.durability.house import opened, put_policy_in_force

Row = dict[str, Any]


def user(text: str) -> Row:
    return {"who": "user", "text": text}


def asked(day: str, hour: str, answer: str, kind: str = "Check") -> list[Row]:
    constraints = {"Day": day, "StartTimeHour": hour, "RequestType": kind}
    return [{"who": "query", "constraints": constraints}, {"who": "kb", "message": answer, "item": {}}]


FREE, TAKEN, DONE = "The time slot is available.", "That time is unavailable.", "It has been successfully scheduled."
PLAIN = {"id": "plain", "turns": [
    user("I'd like an appointment on Wednesday at 3 pm"), *asked("Wednesday", "3 pm", FREE), user("Yes, that's right"),
    *asked("Wednesday", "3 pm", DONE, "Book"), user("Thanks, bye"),
]}  # fmt: skip
SECOND = {"id": "second", "turns": [
    user("Can we meet Tuesday at noon?"), *asked("Tuesday", "12 pm", TAKEN), user("Then Thursday, 10 am"),
    *asked('api.is_equal_to("Thursday")', "10 am", FREE), user("yes please"), *asked("Thursday", "10 am", DONE, "Book"),
]}  # fmt: skip
ONLY_ONE = {"id": "only", "turns": [
    user("I need a meeting on Friday"), *asked("Friday", "4 pm", FREE), user("That works for me, schedule it"),
    user("Yes, correct"), *asked("Friday", "4 pm", DONE, "Book"),
]}  # fmt: skip
CONDITIONAL = {"id": "conditional", "turns": [
    user("A meeting on Monday at 2 pm please"), *asked("Monday", "2 pm", FREE),
    user("Yes, but only if my partner can come too"), user("so am I booked now?"), user("let me ask her first"),
]}  # fmt: skip
NEVER = {"id": "never", "turns": [
    user("Book me something at 5 pm on Monday"), *asked("Monday", "5 pm", TAKEN), user("so it's booked?"),
    user("yes yes book it"), user(""), user("\u2603 \u00bd of it"),
    user("our budget is approved"), user("5000 dollars"),
]}  # fmt: skip
DIALOGUES = [dialogue_of(row) for row in (PLAIN, SECOND, ONLY_ONE, CONDITIONAL, NEVER)]


async def test_three_promises_and_three_bookings(fresh_dsn: str) -> None:
    clock = FixedClock(BEGINS)
    async with opened(fresh_dsn, clock=clock) as house:
        await put_policy_in_force(house)
        found = await replay(house.world, clock, DIALOGUES)
    counts = counted(found)
    never = ("crashed", "turns that could not be decided", '"booked" said without a booking',
             "bookings without a yes to their read-back", "booked where the human agent booked none")  # fmt: skip
    assert [each.crashed for each in found if each.crashed] == []
    assert {name: counts[name] for name in never} == dict.fromkeys(never, 0)
    assert [each.dialogue.name for each in found if each.meets(each.booked)] == ["plain", "second", "only"]


def test_what_a_knowledge_base_said_becomes_the_calendar() -> None:
    second: Dialogue = DIALOGUES[1]
    assert {(day, clock.hour) for day, clock in second.free} == {(3, 10)} == {(d, c.hour) for d, c in second.booked}
    assert DIALOGUES[4].free == set() == DIALOGUES[4].booked
