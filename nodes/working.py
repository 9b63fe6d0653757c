"""How a node gets the turn it works on out of the graph's state, and how it puts it back."""

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from domain.events import Event
from domain.opening import blank_work, first_state
from domain.ports import Ports
from domain.reading import Reading
from domain.stages import Overlay, Step
from domain.state import ChainState, part
from domain.turn import Turn, copied

_READING = TypeAdapter(Reading)


async def opened(state: ChainState, ports: Ports) -> Turn:
    """Start a turn: a copy of the stored state, joined with what the database knows."""
    base: dict[str, Any] = {
        **first_state(str(state.get("session_id"))),
        **copied({k: v for k, v in state.items() if k != "messages"}),
    }
    situation = await ports.desk.situation(base["session_id"])
    place: dict[str, Any] = base["place"]
    place.update(situation.pop("place", {}))
    base["epoch"] = max(base["epoch"], int(situation.get("epoch") or 0))
    for key, fact in situation.pop("facts", {}).items():
        base["facts"].setdefault(key, fact)
    base["turn"] = {
        **blank_work(),
        "now": ports.clock.now().isoformat(),
        "refusal": state.get("refusal"),
        "step_before": base["step"],
        "decisions": (state.get("refusal") or {}).get("decisions", 1),
    }
    base.update(situation=situation, plan=[], effects=[])
    return await _turn(base, ports, Reading())


async def resumed(state: ChainState, ports: Ports) -> Turn:
    """Go on with the turn that the nodes before have worked on."""
    carried: dict[str, Any] = {**state, **state.get("turn", {}).get("carried", {})}
    return await _turn(carried, ports, _READING.validate_python(carried["turn"].get("reading") or {}))


async def _turn(base: dict[str, Any], ports: Ports, reading: Reading) -> Turn:
    place: dict[str, Any] = base["place"]
    situation: dict[str, Any] = base["situation"]
    product: str | None = part(base["deal"], "scope").get("product")
    policy = await ports.policies.current(situation["policy_version"], place.get("region"), product)
    return Turn(
        session_id=base["session_id"],
        event=Event.from_json(base["event"]),
        now=datetime.fromisoformat(base["turn"]["now"]),
        policy=policy,
        catalogue=ports.catalogue,
        reading=reading,
        situation=situation,
        step=Step(base["step"]),
        overlay=Overlay(base["overlay"]) if base.get("overlay") else None,
        remembered=Step(base["remembered"]) if base.get("remembered") else None,
        epoch=int(base["epoch"]),
        score=float(base["score"]),
        place=place,
        facts=base["facts"],
        intent=base["intent"],
        talk=base["talk"],
        deal=base["deal"],
        authority=base["authority"],
        work=base["turn"],
        plan=list(base["plan"]),
        effects=list(base["effects"]),
    )


def keep_reading(turn: Turn, reading: Reading) -> None:
    """Store the reading for the nodes that follow, as JSON."""
    turn.reading = reading
    turn.work["reading"] = _READING.dump_python(reading, mode="json")
