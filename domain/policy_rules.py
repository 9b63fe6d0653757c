"""The rules that hold between the fields of a policy: what the schema of one field cannot see."""

import math
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.checked_file import Problem, suggestion
from domain.evidence import EvidenceClass, EvidenceType
from domain.policy_autonomy import Autonomy
from domain.policy_ladder import MOST_DISCOUNT, rising
from domain.policy_operating import Authors, Locale
from domain.policy_selling import (
    COMMIT_SCOPES,
    MONEY_SCOPES,
    SCOPES,
    Intent,
    Pricing,
    Scope,
    Stages,
)
from domain.policy_types import Table

LEAST_HYSTERESIS = 0.05
HIGH_RISK_TTL_S = 120
COMMIT_NEEDS = ("scope", "price_ack", "compliance", "authority")


def version_problems(
    version: str, supersedes: str | None, effective_at: datetime, authors: Authors
) -> Iterator[Problem]:
    if effective_at.tzinfo is None:
        yield Problem("effective_at", str(effective_at), "the time has no zone", "Add Z or an offset such as -06:00.")
    if authors.proposed_by in authors.approved_by:
        yield Problem("authors.approved_by", authors.proposed_by, "the proposer may not approve", "Name somebody else.")
    if len(set(authors.approved_by)) != len(authors.approved_by):
        yield Problem(
            "authors.approved_by", ", ".join(authors.approved_by), "an approver stands twice", "Name each once."
        )
    if supersedes == version:
        yield Problem("supersedes", version, "a version cannot supersede itself", "Give the file a new version.")


def locale_problems(locale: Locale) -> Iterator[Problem]:
    try:
        ZoneInfo(locale.business_tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem("locale.business_tz", locale.business_tz, "no such time zone", "Write it like America/Chicago.")


def stage_problems(stages: Stages) -> Iterator[Problem]:
    gates = {"transfer": stages.transfer, "close": stages.close, "commit": stages.commit}
    for name, gate in gates.items():
        # Thresholds are decimals of two or three digits: a float's last bit must not decide.
        if round(gate.enter - gate.exit, 9) < LEAST_HYSTERESIS:
            yield Problem(
                f"stages.{name}.exit",
                f"{gate.exit:g}",
                f"the gate would flap: exit must lie at least {LEAST_HYSTERESIS} below enter ({gate.enter:g})",
                f"Write {gate.enter - LEAST_HYSTERESIS:.2f} or less.",
            )
    for low, high in (("transfer", "close"), ("close", "commit")):
        if gates[low].enter >= gates[high].enter:
            yield Problem(
                f"stages.{high}.enter",
                f"{gates[high].enter:g}",
                "thresholds must rise from transfer over close to commit",
                f"Write more than {gates[low].enter:g}, the threshold of {low}.",
            )
    missing = [need for need in COMMIT_NEEDS if need not in stages.commit.requires]
    if missing:
        yield Problem(
            "stages.commit.requires",
            ", ".join(stages.commit.requires),
            f"a commitment must require {', '.join(missing)}",
            "Add what is missing.",
        )


def intent_problems(intent: Intent, stages: Stages) -> Iterator[Problem]:
    tables = (("half_life_s", intent.half_life_s, EvidenceClass), ("cap", intent.cap, EvidenceClass))
    for name, table, kinds in (*tables, ("weights", intent.weights, EvidenceType)):
        for missing in [kind for kind in kinds if kind not in table]:
            yield Problem(
                f"intent.{name}.{missing}", "", "this key is missing", "Add it; the default policy shows a value."
            )
    if {EvidenceClass.HEAT, EvidenceClass.ENGAGEMENT} <= set(intent.cap):
        yield from _momentum(intent, stages.transfer.enter)
    if intent.reversal.ceiling >= stages.transfer.enter:
        yield Problem(
            "intent.reversal.ceiling",
            f"{intent.reversal.ceiling:g}",
            "after a reversal the transfer gate could open at once",
            f"Write less than {stages.transfer.enter:g}.",
        )


def _momentum(intent: Intent, enter: float) -> Iterator[Problem]:
    highest = 1 / (1 + math.exp(-(intent.b0 + intent.cap[EvidenceClass.HEAT] + intent.cap[EvidenceClass.ENGAGEMENT])))
    if highest >= enter:
        yield Problem(
            "intent.cap.heat",
            f"{intent.cap[EvidenceClass.HEAT]:g}",
            f"the caps of heat and engagement alone reach {highest:.2f}, and transfer opens at {enter:g}",
            "Lower the caps or raise stages.transfer.enter.",
        )


def scope_problems(scopes: Table[str, Scope]) -> Iterator[Problem]:
    for name in scopes:
        if name not in SCOPES:
            yield Problem(f"scopes.{name}", "", "this scope is not known", suggestion(name, SCOPES))
    for name in SCOPES:
        if name not in scopes:
            yield Problem(
                f"scopes.{name}", "", "this scope is missing", "Add it; stages: [] means that nobody gets it."
            )
    for name, scope in scopes.items():
        yield from _one_scope(name, scope)


def _one_scope(name: str, scope: Scope) -> Iterator[Problem]:
    field, stages = f"scopes.{name}.stages", ", ".join(scope.stages)
    if name == "payment.capture":
        if scope.stages:
            yield Problem(field, stages, "the agent never captures a payment", "Write [].")
    elif name in COMMIT_SCOPES:
        if set(scope.stages) - {"commit"}:
            yield Problem(field, stages, f"{name} may be granted in the commit steps only", "Write [commit].")
    elif name in MONEY_SCOPES and {"book", "transfer"} & set(scope.stages):
        yield Problem(field, stages, "a money scope may not be granted in book or transfer", "Keep close or commit.")
    risky = name in MONEY_SCOPES or scope.risk in ("high", "critical")
    if risky and scope.uses > 1:
        yield Problem(f"scopes.{name}.uses", str(scope.uses), "a high-risk capability is used once", "Write 1.")
    if risky and scope.ttl_s > HIGH_RISK_TTL_S:
        yield Problem(
            f"scopes.{name}.ttl_s",
            str(scope.ttl_s),
            f"a high-risk capability lives {HIGH_RISK_TTL_S} s at most",
            f"Write {HIGH_RISK_TTL_S} or less.",
        )


def pricing_problems(pricing: Pricing) -> Iterator[Problem]:
    ladder = pricing.discount
    if not rising(ladder):
        yield Problem(
            "pricing.discount",
            f"{ladder.agent_max_pct:f}, {ladder.manager_max_pct:f}, {ladder.director_max_pct:f}",
            f"the discount ladder must rise from agent to director and end at {MOST_DISCOUNT} or below",
            "Lower the agent's or raise the director's limit.",
        )
        return
    for name, row in pricing.catalogue.items():
        price = row.list * (1 - ladder.agent_max_pct / 100)
        if price - row.unit_cost < price * ladder.floor_margin_pct / 100:
            yield Problem(
                f"pricing.catalogue.{name}.unit_cost",
                f"{row.unit_cost:f}",
                f"at the agent's limit ({ladder.agent_max_pct:f} %) the margin is below {ladder.floor_margin_pct:f} %",
                "Raise the list price, or lower the limit or the floor.",
            )


def autonomy_problems(autonomy: Autonomy) -> Iterator[Problem]:
    for scope, level in autonomy.levels.items():
        yield from _one_level(f"autonomy.levels.{scope}", scope, level)
    for number, cell in enumerate(autonomy.cells):
        yield from _one_level(f"autonomy.cells.{number}", cell.scope, cell.level)
        same = [c for c in autonomy.cells[:number] if (c.scope, c.region, c.value_below) == (cell.scope, cell.region, cell.value_below)]  # noqa: E501  # fmt: skip
        if same:
            yield Problem(f"autonomy.cells.{number}", cell.scope, "this cell stands twice", "Keep one of the two.")
    if list(autonomy.checkpoints) != sorted(set(autonomy.checkpoints)):
        yield Problem(
            "autonomy.checkpoints", str(list(autonomy.checkpoints)), "checkpoints must rise", "Write them in order."
        )


def _one_level(field: str, scope: str, level: str) -> Iterator[Problem]:
    if scope not in SCOPES:
        yield Problem(field, scope, "this scope is not known", suggestion(scope, SCOPES))
    elif scope == "payment.capture" and level != "L0":
        yield Problem(field, level, "the agent never captures a payment", "Remove the level.")
    elif scope in MONEY_SCOPES and level == "L4":
        yield Problem(field, level, "money scopes end at L3", "Write L3 or lower.")
