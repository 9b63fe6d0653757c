"""SIGKILL at every point of a turn and of a job, in the middle of a sale: another process leaves what should be."""

import asyncio
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from domain.results import TurnResult
from graph.probes import POINTS
from graph.scenarios.forked import Child, in_child, start
from tests.durability.buyers import BOOKING, COMMITMENT, DISCOUNT, DISCOVERY, SCRIPTS, TRANSFER, Buyer, Script, lead
from tests.durability.house import die_at, jobs_process, opened, serve_jobs, succeeded
from tests.durability.trail import Left, broken, differences, read_all, trail

RECOVERY_S = 10.0
PATIENCE_S = 60.0
AT_ONCE = 3
LATER = timedelta(seconds=130)  # where the clock of the processes stands that take over
AROUND = ("after_inbox", "after_lease", "in_listen", "in_weigh")
COMMIT = ("before_commit", "in_commit", "after_commit", "before_speech")
NODES = {DISCOVERY: ("in_book",), BOOKING: ("in_book",), TRANSFER: ("in_book", "in_transfer", "in_close"),
         COMMITMENT: ("in_close",), DISCOUNT: ("in_close", "in_gate")}  # fmt: skip
JOB_POINTS = ("job_before_effect", "job_after_effect")
JOB_KILLS = [(point, nth) for point in JOB_POINTS for nth in (1, 3)]
# What the line under test must leave beside its words, or the test would prove nothing.
EFFECTS = {
    DISCOVERY: {"message"},
    BOOKING: {"message", "crm_record", "calendar_event"},
    TRANSFER: {"message", "crm_record"},
    COMMITMENT: {"message", "crm_record", "contract_link", "payment_link"},
    DISCOUNT: {"message", "crm_record"},
}


@dataclass(frozen=True, slots=True)
class Case:
    """The line under test of a script is killed at a point; without one it goes through and is the measure."""

    buyer: Buyer
    point: str | None

    @property
    def id(self) -> str:
        return f"{self.buyer.script.name}-{self.point or 'undisturbed'}"


def _cases() -> Iterator[Case]:
    number = 0
    for script in SCRIPTS:
        for point in (None, *AROUND, *NODES[script], *COMMIT):
            yield Case(Buyer(script, number), point)
            number += 1


CASES = tuple(_cases())
KILLED = tuple(case for case in CASES if case.point)
MEASURE = {case.buyer.script: case for case in CASES if case.point is None}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is left when everybody has recovered."""

    sessions: dict[str, str]  # by case
    killed_at: dict[str, float]
    took_over_at: float
    job_signals: list[int]
    left: Left
    again: dict[str, TurnResult]  # what the same event got once more
    after_again: Left
    values: dict[str, dict[str, Any]]  # the state, loaded from the head

    def trail(self, case: Case) -> dict[str, Any]:
        return trail(self.left, self.sessions[case.id])


@pytest.fixture(scope="module")
def aftermath(module_house: str) -> Aftermath:
    sessions = _led(module_house)
    killed_at = _killed(module_house, sessions)
    signals = [_kill_a_worker(module_house, point, nth) for point, nth in JOB_KILLS]
    took_over_at = time.time()
    with jobs_process(module_house, LATER):
        _wait_until_settled(module_house)
    left = asyncio.run(read_all(module_house))
    again, values = succeeded(in_child(lambda: asyncio.run(_come_again(module_house, sessions)), PATIENCE_S))
    return Aftermath(
        sessions, killed_at, took_over_at, signals, left, again, asyncio.run(read_all(module_house)), values
    )


def _led(dsn: str) -> dict[str, str]:
    """Every buyer up to the middle of their sale; a script per process."""

    async def lead_all(script: Script) -> dict[str, str]:
        async with opened(dsn) as house:
            return {case.id: await lead(house, case.buyer) for case in CASES if case.buyer.script == script}

    children = [start(lambda script=script: asyncio.run(lead_all(script)), PATIENCE_S) for script in SCRIPTS]
    found: dict[str, str] = {}
    for child in children:
        found |= succeeded(child.ended())
    return found


def _killed(dsn: str, sessions: dict[str, str]) -> dict[str, float]:
    """The line under test of every case in a process of its own; when each of those processes was gone."""
    gone: dict[str, float] = {}

    async def last_line(case: Case) -> None:
        async with opened(dsn, case.buyer.last_event.at - case.buyer.event(0).at) as house:
            if case.point:
                die_at(case.point)
            await house.service.submit(sessions[case.id], case.buyer.last_event)

    def end(case: Case, child: Child[None]) -> None:
        ended = child.ended()
        gone[case.id] = time.time()
        assert ended.killed == (case.point is not None), f"{case.id}: {ended}"

    running: list[tuple[Case, Child[None]]] = []
    for case in CASES:
        if len(running) == AT_ONCE:
            end(*running.pop(0))
        running.append((case, start(lambda case=case: asyncio.run(last_line(case)), PATIENCE_S)))
    for each in running:
        end(*each)
    return gone


def _kill_a_worker(dsn: str, point: str, nth: int) -> int:
    """The signal that ended a worker on its n-th effect."""

    def deliver() -> None:
        die_at(point, nth)
        asyncio.run(serve_jobs(dsn, LATER, turns=False))

    return in_child(deliver, PATIENCE_S).signal


def _wait_until_settled(dsn: str) -> None:
    """Until no event waits and no effect is to be delivered."""
    unsettled = """select (select count(*) from inbox where status = 'new') as events,
                          (select count(*) from outbox where status = 'queued') as effects"""
    late = time.monotonic() + PATIENCE_S
    with psycopg.connect(dsn, autocommit=True) as connection:
        while (found := connection.execute(unsettled).fetchone()) != (0, 0):
            assert time.monotonic() < late, f"events and effects that nobody has taken up: {found}"
            time.sleep(0.1)


async def _come_again(dsn: str, sessions: dict[str, str]) -> tuple[dict[str, TurnResult], dict[str, dict[str, Any]]]:
    """Every event once more, as a source does that was never answered; and every state."""
    async with opened(dsn, LATER) as house:
        again = {case.id: await house.service.submit(sessions[case.id], case.buyer.last_event) for case in CASES}
        values = {case.id: await house.service.snapshot(sessions[case.id]) for case in CASES}
    return again, values


def test_every_point_is_among_them() -> None:
    assert {case.point for case in KILLED} | set(JOB_POINTS) == set(POINTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_undisturbed_it_is_the_middle_of_a_sale(aftermath: Aftermath, script: Script) -> None:
    case = MEASURE[script]
    assert tuple(row["transition"] for row in aftermath.left.turn("transitions", case.buyer.last_turn)) == script.fires
    assert {row["kind"] for row in aftermath.left.turn("outbox", case.buyer.last_turn)} == EFFECTS[script]
    assert aftermath.left.turn("speech", case.buyer.last_turn)


@pytest.mark.parametrize("case", KILLED, ids=lambda case: case.id)
def test_a_killed_turn_leaves_what_an_undisturbed_one_leaves(aftermath: Aftermath, case: Case) -> None:
    assert differences(aftermath.trail(MEASURE[case.buyer.script]), aftermath.trail(case)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_nothing_is_lost_and_nothing_is_twice(aftermath: Aftermath, case: Case) -> None:
    assert broken(aftermath.left, aftermath.sessions[case.id]) == []
    assert len(aftermath.left.turn("turns", case.buyer.last_turn)) == 1


@pytest.mark.parametrize("case", KILLED, ids=lambda case: case.id)
def test_the_event_is_served_within_ten_seconds(aftermath: Aftermath, case: Case) -> None:
    """From the kill, or from when there was somebody to take over."""
    (event,) = aftermath.left.turn("inbox", case.buyer.last_turn)
    begun = max(aftermath.killed_at[case.id], aftermath.took_over_at)
    assert event["done_at"].timestamp() - begun < RECOVERY_S


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_same_event_once_more_gets_the_same_words_and_changes_nothing(aftermath: Aftermath, case: Case) -> None:
    said = aftermath.left.turn("speech", case.buyer.last_turn)
    again = aftermath.again[case.id]
    assert [(line.speech_id, line.act, line.words) for line in again.speech] == [
        (row["speech_id"], row["act"], row["inside"]["words"]) for row in said
    ]
    assert trail(aftermath.after_again, aftermath.sessions[case.id]) == aftermath.trail(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_state_stands_where_the_session_stands(aftermath: Aftermath, case: Case) -> None:
    place, values = aftermath.left.session(aftermath.sessions[case.id]), aftermath.values[case.id]
    assert (values["step"], values["overlay"], values["epoch"]) == (place["step"], place["overlay"], place["epoch"])
    assert values["talk"]["buyer_turns"] == len(case.buyer.script.lines)


def test_workers_were_killed_in_the_middle_of_an_effect(aftermath: Aftermath) -> None:
    assert aftermath.job_signals == [signal.SIGKILL] * len(JOB_KILLS)


def test_no_try_of_a_killed_worker_counts(aftermath: Aftermath) -> None:
    assert {row["attempts"] for row in aftermath.left.tables["outbox"]} == {1}
