"""Why a use of authority from outside of a turn is refused: the same conditions that hold inside of one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.authority import IMPLIED
from domain.policy import Policy
from domain.stages import Step


def why_not(
    values: Mapping[str, Any],
    policy: Policy,
    scope: str,
    capability_id: str | None,
    row: Mapping[str, Any] | None,
    now: datetime,
) -> str | None:
    """The guard that refuses the use, or None. A named capability is judged by its row, a bare scope by the state."""
    step = Step(values["step"])
    if capability_id is not None:
        return _why_not_capability(values, policy, row, now)
    opened = scope in values["authority"]["open"] or scope in IMPLIED
    if step.terminal or not opened or not policy.scope_allowed(scope, step):
        return "scope_open"
    if scope in ("contract.send", "payment.link", "discount.apply"):
        return (
            "capability_known"  # a money scope is used by the row or the approval that minted it, and by nothing else
        )
    return None


def _why_not_capability(
    values: Mapping[str, Any], policy: Policy, row: Mapping[str, Any] | None, now: datetime
) -> str | None:
    if row is None:
        return "capability_known"
    if row["dead"]:
        return "capability_not_revoked"
    if row["uses_left"] < 1:
        return "capability_uses_left"
    if row["epoch"] != values["epoch"]:
        return "epoch_current"
    if row["policy_version"] != policy.version:
        return "policy_version_stale"
    return "capability_not_expired" if row["expires_at"] <= now else None
