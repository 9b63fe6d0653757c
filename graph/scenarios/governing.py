"""Steps that change in mid-run what is allowed: policy versions, autonomy levels, and incidents that lower them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.errors import BadInput
from domain.policy import Policy
from graph.scenarios.doing import Doing
from graph.scenarios.steps import LevelChange


async def activate(doing: Doing) -> None:
    want = doing.step.policy
    assert want is not None
    await _change(doing, {**want.set, **({"emergency": True} if want.emergency else {})}, "changed by the scenario")


async def set_autonomy(doing: Doing) -> None:
    assert doing.step.autonomy is not None
    await _set_level(doing, doing.step.autonomy)


async def incident(doing: Doing) -> None:
    """sev1 as the policy's demotion rules say, to L0 as a rule; sev2 and a failed rolling window one level down."""
    want = doing.step.incident
    assert want is not None
    autonomy = (await _policy(doing)).autonomy
    level = autonomy.level(want.scope, want.region, Decimal(0))
    if level is None:
        raise BadInput("incident.scope", f"{want.scope} has no autonomy level", "Name a scope of autonomy.levels.")
    rule = autonomy.demote.sev1 if want.severity == "sev1" else autonomy.demote.sev2
    lower = "L0" if rule == "to_L0" else f"L{max(0, int(level[1:]) - 1)}"
    change = {"scope": want.scope, "level": lower, "region": want.region}
    await _set_level(doing, LevelChange.model_validate(change))


async def _policy(doing: Doing) -> Policy:
    return await doing.rig.world.policies.current(await doing.rig.service.inbox.policy_version(), None, None)


async def _set_level(doing: Doing, want: LevelChange) -> None:
    """In a region or below a value it is a cell, which wins over the level of the scope."""
    if want.region is None and want.value_below is None:
        await _change(doing, {f"autonomy.levels.{want.scope}": want.level}, f"autonomy of {want.scope}")
        return
    cell = want.model_dump(exclude_none=True)
    place = (want.scope, want.region, want.value_below)
    cells = [each.model_dump(mode="json", exclude_none=True) for each in (await _policy(doing)).autonomy.cells
             if (each.scope, each.region, each.value_below) != place]  # fmt: skip
    await _change(doing, {"autonomy.cells": [*cells, cell]}, f"autonomy of {want.scope}")


async def _change(doing: Doing, changes: Mapping[str, Any], reason: str) -> None:
    number = doing.record.policies + 1
    doing.record = doing.record.with_(policies=number)
    version = f"{doing.scenario.id}.{number}"
    await doing.rig.world.policies.change(version, dict(changes), doing.rig.clock.now(), "scenario", reason)
