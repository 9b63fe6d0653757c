"""What happens by itself between two steps: time passes, speech is heard, jobs deliver, waiting events are served."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.events import Event, EventKind
from domain.stages import Channel
from graph.scenarios.rig import Rig
from graph.scenarios.steps import Hearing, Step
from memory.playback import Unheard, unheard

MOST_ROUNDS = 40  # of things that follow from each other; a scenario that needs more does not come to rest


class NoRest(Exception):
    """Something goes on and on without another event from outside."""


async def let_pass(rig: Rig, until: datetime, playing: float, step: Step) -> None:
    """Move the clock; timers on the way fire one by one, each at its own time, and what follows from them is done."""
    for _ in range(MOST_ROUNDS):
        due = await rig.service.inbox.next_timer()
        if due is None or due > until:
            rig.clock.set(max(until, rig.clock.now()))
            return
        rig.clock.set(max(due, rig.clock.now()))
        await rig.service.fire_due(rig.clock.now())
        await come_to_rest(rig, playing, step, None)
    raise NoRest(f"more than {MOST_ROUNDS} timers fired in one step")


async def come_to_rest(rig: Rig, playing: float, step: Step, hold_from: tuple[str, str] | None) -> None:
    """Until nothing is left to hear, deliver or serve. `hold_from`: session and act that the next step begins over."""
    for _ in range(MOST_ROUNDS):
        heard = await _hear(rig, playing, step, hold_from)
        rig.faults.receipts = step.hears != "none"
        delivered = await rig.deliverer.drain(order=rig.chance)
        served = await rig.service.recover()
        if not (heard or delivered or served):
            return
    raise NoRest(f"no rest after {MOST_ROUNDS} rounds of hearing, delivering and serving")


async def _hear(rig: Rig, playing: float, step: Step, hold_from: tuple[str, str] | None) -> int:
    """Report the lines of all sessions as heard, on voice one after the other, in a chat together."""
    async with rig.world.pool.connection() as connection:
        lines = await unheard(connection)
    count = 0
    for session_id in dict.fromkeys(line.session_id for line in lines):
        mine = [line for line in lines if line.session_id == session_id]
        if hold_from and hold_from[0] == session_id:
            acts = [line.act for line in mine]
            mine = mine[: acts.index(hold_from[1])] if hold_from[1] in acts else mine
        count += await _voice(rig, [line for line in mine if line.channel == Channel.VOICE], playing, step)
        count += await _chat(rig, [line for line in mine if line.channel == Channel.CHAT], step)
    return count


async def _voice(rig: Rig, lines: Sequence[Unheard], playing: float, step: Step) -> int:
    cut = False
    for line in lines:
        hearing = _hearing(line.act, step)
        if line.line != "up" or cut:
            hearing = Hearing(act=line.act, status="unheard")
        await report(rig, line, hearing, playing)
        cut = cut or hearing.status == "partly"
    return len(lines)


async def report(rig: Rig, line: Unheard, hearing: Hearing, playing: float) -> None:
    """What the voice worker reports about one line, when it has ended."""
    if hearing.status != "unheard":
        rig.clock.advance(timedelta(seconds=playing if hearing.status == "heard" else playing / 2))
    data = {
        "speech_id": line.speech_id,
        "status": hearing.status,
        **({"words": hearing.words} if hearing.words else {}),
    }
    event = Event(f"heard:{line.speech_id}", EventKind.HEARD, rig.clock.now(), Channel.VOICE, data)
    await rig.service.submit(line.session_id, event)


def _hearing(act: str, step: Step) -> Hearing:
    if step.hears == "none":
        return Hearing(act=act, status="unheard")
    named = [] if isinstance(step.hears, str) else [hearing for hearing in step.hears if hearing.act == act]
    return named[0] if named else Hearing(act=act, status="heard")


async def _chat(rig: Rig, lines: Sequence[Unheard], step: Step) -> int:
    """The client's acknowledgement of everything that is on the screen."""
    shown = [line for line in lines if _hearing(line.act, step).status == "heard"]
    if not shown:
        return 0
    event = Event(f"shown:{shown[-1].speech_id}", EventKind.DELIVERED, rig.clock.now(), Channel.CHAT,
                  {"speech_ids": [line.speech_id for line in shown]})  # fmt: skip
    await rig.service.submit(shown[0].session_id, event)
    return len(shown)
