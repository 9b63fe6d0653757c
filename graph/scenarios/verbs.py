"""What each kind of step does to the program: through the same doors as the surfaces, and through no other."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from domain.events import Event, EventKind
from domain.stages import Channel
from graph.scenarios import governing, people
from graph.scenarios.doing import Doing, StepFailed
from graph.scenarios.scene import set_hours, set_seats


async def _say(doing: Doing) -> None:
    await doing.words(doing.step.say or "")


async def _arrive(doing: Doing) -> None:
    await doing.buyer(EventKind.ARRIVED, {})


async def _line(doing: Doing) -> None:
    await doing.event(EventKind.LINE, {"state": doing.step.line}, Channel.VOICE)


async def _silence(doing: Doing) -> None:
    await doing.event(EventKind.SILENCE, {"level": doing.step.silence}, Channel.VOICE)


async def _dial(doing: Doing) -> None:
    dial = doing.step.dial
    assert dial is not None
    data: dict[str, Any] = {"due": True} if dial.answer == "due" else {"answer": dial.answer}
    await doing.event(EventKind.DIAL, {**data, **({"words": dial.words} if dial.words else {})}, Channel.VOICE)


async def _consult(doing: Doing) -> None:
    assert doing.step.consult is not None
    await doing.event(EventKind.CONSULT, doing.step.consult.model_dump(exclude_none=True), Channel.VOICE)


async def _operator(doing: Doing) -> None:
    assert doing.step.operator is not None
    await doing.event(EventKind.OPERATOR, doing.step.operator.model_dump(exclude_none=True))


async def _seats(doing: Doing) -> None:
    assert doing.step.seats is not None
    await set_seats(doing.rig, doing.step.seats)


async def _calendar(doing: Doing) -> None:
    assert doing.step.calendar is not None
    await set_hours(doing.rig, doing.step.calendar.take, doing.step.calendar.release, doing.label)


async def _fail(doing: Doing) -> None:
    want, failing = doing.step.fail, doing.rig.faults.failing
    assert want is not None
    failing[want.effect] = (*failing.get(want.effect, ()), *(want.times * (want.for_good,)))


async def _again(doing: Doing) -> None:
    session_id, raw = doing.record.events[str(doing.step.again)]
    await doing.rig.service.submit(session_id, Event.from_json(raw))


async def _together(doing: Doing) -> None:
    raise StepFailed("steps at the same moment are played by processes of their own")


VERBS: Mapping[str, Callable[[Doing], Awaitable[None]]] = {
    "say": _say,
    "arrive": _arrive,
    "line": _line,
    "silence": _silence,
    "dial": _dial,
    "consult": _consult,
    "webhook": people.webhook,
    "decide": people.decide,
    "operator": _operator,
    "policy": governing.activate,
    "autonomy": governing.set_autonomy,
    "incident": governing.incident,
    "seats": _seats,
    "calendar": _calendar,
    "provoke": people.provoke,
    "fail": _fail,
    "again": _again,
    "together": _together,
}


async def do(doing: Doing) -> None:
    """The step's own deed; one that only waits or looks has none."""
    kind = doing.step.kind
    if kind is not None:
        await VERBS[kind](doing)
