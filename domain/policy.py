"""The policy of a session: every number and switch that sales-ops and compliance own, checked as a whole at load."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.checked_file import FileRefused, Path, Problem, line_of, problems_of
from domain.policy_autonomy import Autonomy
from domain.policy_duties import capacity_problems, compliance_problems, telephony_problems
from domain.policy_ladder import approval_problems
from domain.policy_operating import Authors, Capacity, Compliance, Locale, Telephony
from domain.policy_overlays import PolicyOverlay, matching, overlaid, overlay_problems, selections
from domain.policy_rules import (
    autonomy_problems,
    intent_problems,
    locale_problems,
    pricing_problems,
    scope_problems,
    stage_problems,
    version_problems,
)
from domain.policy_selling import ApprovalRule, ApprovalRules, Intent, Pricing, Scope, Stages
from domain.policy_types import Block, Switch, Table, Word
from domain.stages import COMMIT_STEPS, Step
from domain.yaml_tree import BadYaml, Tree, read_yaml

__all__ = ["Policy", "PolicyRefused", "Problem", "load_policy"]


class PolicyRefused(FileRefused):
    """A policy file is not taken over; all its problems at once."""

    kind = "policy"


def _moment(raw: object) -> datetime:
    if not isinstance(raw, str):
        raise PydanticCustomError("moment", "This is no time")
    try:
        return datetime.fromisoformat(raw)
    except ValueError:
        raise PydanticCustomError("moment", "This is no time such as 2026-11-22T09:00:00Z") from None


class Policy(Block):
    """One version of the policy. Ask `for_session` for the variant of a region and product line."""

    version: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]
    effective_at: Annotated[datetime, BeforeValidator(_moment)]
    propagation: Literal["immediate", "next_stage"]
    emergency: Switch
    supersedes: Word | None
    authors: Authors
    locale: Locale
    stages: Stages
    intent: Intent
    scopes: Table[str, Scope]
    pricing: Pricing
    approvals: tuple[ApprovalRule, ...]
    approval_rules: ApprovalRules
    compliance: Compliance
    telephony: Telephony
    capacity: Capacity
    autonomy: Autonomy
    overlays: tuple[PolicyOverlay, ...] = ()

    _content_hash: str = PrivateAttr(default="")
    _applied: tuple[str, ...] = PrivateAttr(default=())
    _variants: Mapping[tuple[int, ...], "Policy"] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    @model_validator(mode="after")
    def _rules(self) -> Self:
        found = tuple(self._problems())
        if found:
            raise PydanticCustomError("policy_rules", "The policy breaks its rules", {"problems": found})
        return self

    def _problems(self) -> Iterator[Problem]:
        yield from version_problems(self.version, self.supersedes, self.effective_at, self.authors)
        yield from locale_problems(self.locale)
        yield from stage_problems(self.stages)
        yield from intent_problems(self.intent, self.stages)
        yield from scope_problems(self.scopes)
        yield from pricing_problems(self.pricing)
        yield from approval_problems(self.approvals, self.approval_rules, self.pricing.discount)
        yield from compliance_problems(self.compliance)
        yield from telephony_problems(self.telephony)
        yield from capacity_problems(self.capacity)
        yield from autonomy_problems(self.autonomy)
        yield from overlay_problems(self.overlays, self.pricing.catalogue)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the content, comments and layout aside; the same for every variant of a version."""
        return self._content_hash

    @property
    def applied(self) -> tuple[str, ...]:
        """The ids of the overlays in this variant."""
        return self._applied

    def for_session(self, region: str | None, product: str | None) -> "Policy":
        """The policy with the overlays of region and product line applied; checked at load, so it cannot fail."""
        if not self.overlays:
            return self
        return self._variants.get(matching(self.overlays, region, product), self)

    def gate(self, name: Literal["transfer", "close", "commit"]) -> tuple[float, float]:
        """The readiness at which the gate opens, and the one below which it closes."""
        enter, exit_ = self._gates[name]
        return enter, exit_

    @cached_property
    def _gates(self) -> dict[str, tuple[float, float]]:
        stages = self.stages
        gates = {"transfer": stages.transfer, "close": stages.close, "commit": stages.commit}
        return {name: (gate.enter, gate.exit) for name, gate in gates.items()}

    def scope_allowed(self, scope: str, step: Step) -> bool:
        """Whether a capability of the scope may be minted in this step. `close` also covers the commit steps."""
        rule = self.scopes.get(scope)
        if rule is None or step.stage is None:
            return False
        # A session that has not been greeted yet belongs to booking: it is where every row out of ENTRY.new leads.
        name = "book" if step is Step.NEW else step.stage.value.lower()
        return name in rule.stages or (step in COMMIT_STEPS and "commit" in rule.stages)


def load_policy(text: str, source: str) -> Policy:
    """Read and check a policy file, with every overlay; raises PolicyRefused with all problems."""
    try:
        tree = read_yaml(text)
    except BadYaml as fault:
        raise PolicyRefused(source, [fault.problem]) from fault
    policy = _validated(tree.value, tree.lines, source)
    policy._content_hash = content_hash(tree.value)  # pyright: ignore[reportPrivateUsage]
    policy._variants = MappingProxyType(dict(_variants(policy, tree, source)))  # pyright: ignore[reportPrivateUsage]
    return policy


def _validated(raw: Any, lines: Mapping[Path, int], source: str) -> Policy:
    try:
        return Policy.model_validate(raw)
    except ValidationError as fault:
        raise PolicyRefused(source, _with_lines(problems_of(fault, Policy, lines), lines)) from fault


def _with_lines(problems: list[Problem], lines: Mapping[Path, int]) -> list[Problem]:
    """Rules name fields by dotted path; the file knows their lines."""
    by_field = {".".join(str(part) for part in path): path for path in lines}
    return [
        p if p.line else Problem(p.field, p.value, p.problem, p.remedy, _nearest(p.field, by_field, lines))
        for p in problems
    ]


def _nearest(field: str, by_field: Mapping[str, Path], lines: Mapping[Path, int]) -> int | None:
    while field and field not in by_field:
        field = field.rpartition(".")[0]
    return line_of(by_field[field], lines) if field else None


def _variants(policy: Policy, tree: Tree, source: str) -> Iterator[tuple[tuple[int, ...], Policy]]:
    for chosen in selections(policy.overlays):
        names = tuple(policy.overlays[number].id for number in chosen)
        line = line_of(("overlays", chosen[-1]), tree.lines)
        with_overlay = f"with overlay {' and '.join(names)}: "
        try:
            variant = Policy.model_validate(overlaid(tree.value, policy.overlays, chosen))
        except KeyError as fault:
            problem = Problem(str(fault.args[0]), "", with_overlay + "there is no such place in the policy", "Correct the path.", line)  # noqa: E501  # fmt: skip
            raise PolicyRefused(source, [problem]) from fault
        except ValidationError as fault:
            found = [
                Problem(p.field, p.value, with_overlay + p.problem, p.remedy, line)
                for p in problems_of(fault, Policy, {})
            ]
            raise PolicyRefused(source, found) from fault
        variant._content_hash, variant._applied = policy.content_hash, names  # pyright: ignore[reportPrivateUsage]
        yield chosen, variant


def content_hash(raw: Mapping[str, Any]) -> str:
    """Numbers keep their written digits, so that 49.0 and 49.00 are two contents."""
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_digits)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _digits(value: object) -> str:
    return f"{cast(Decimal, value):f}"
