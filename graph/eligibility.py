"""Who may decide about a request: role, reason, no self-approval, four eyes, and the first decision wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.policy import Policy
from domain.refusal import Refused
from graph.review import draft_of, named
from memory.desk import Locked


@dataclass(frozen=True, slots=True)
class Operator:
    """Who sits at the console. `sub` is what the sign-in vouches for; a name is only for other people's eyes."""

    sub: str
    name: str
    roles: frozenset[str]

    def holds(self, role: str) -> bool:
        return role in self.roles


class Verdict(BaseModel):
    """What came from a form: checked here, because limits in a browser are only hints."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    approval_id: Annotated[str, Field(min_length=1, max_length=400)]
    version: Annotated[int, Field(ge=1)]
    approve: bool
    reason: Annotated[str, Field(max_length=500)] = ""
    discount_pct: Annotated[Decimal, Field(ge=0, le=100, decimal_places=8)] | None = None


def wrong_person(locked: Locked, operator: Operator, verdict: Verdict) -> Refused | None:
    """The browser shut the button already; here it is decided."""
    role = str(locked.row(verdict.approval_id)["role"])
    return None if operator.holds(role) else Refused("role", f"This needs {named(role)}; your roles do not include it.")


def may_not(locked: Locked, policy: Policy, operator: Operator, verdict: Verdict) -> Refused | None:
    """What keeps this person from this decision."""
    if not verdict.approve and not verdict.reason:
        return Refused("reason", "A rejection needs a reason: the agent and the next person will want to know.")
    if not policy.approval_rules.self_approval and locked.session["owner"] == f"human:{operator.sub}":
        return Refused("self_approval", "You lead this conversation yourself: somebody else has to approve.")
    if not verdict.approve:
        return None
    signed = [other for other in locked.approvals if other["status"] == "approved"]
    if needs_four_eyes(locked.proposal, policy) and any(other["decided_by"] == operator.sub for other in signed):
        return Refused("four_eyes", "You have signed this already: at this contract value a second person must.")
    draft = draft_of(locked.proposal)
    edited = verdict.discount_pct is not None and draft is not None and verdict.discount_pct != draft.discount_pct
    if edited and signed:
        who = signed[0]["decided_name"] or signed[0]["decided_by"]
        return Refused("signed_before", f"{who} has signed it as it stands: approve it so, or reject it.")
    return None


def needs_four_eyes(proposal: Mapping[str, Any], policy: Policy) -> bool:
    draft = draft_of(proposal)
    return draft is not None and draft.contract_value >= policy.approval_rules.four_eyes_over


def already(locked: Locked, verdict: Verdict, now: datetime) -> Refused:
    """Why a compare-and-set did not hold, in words."""
    row, status = locked.row(verdict.approval_id), str(locked.proposal["status"])
    if row["decided_by"]:
        seconds = max(0, int((now - row["decided_at"]).total_seconds()))
        ago = f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
        return Refused(
            "already_decided", f"Already {row['status']} by {row['decided_name'] or row['decided_by']}, {ago} ago."
        )
    if status != "open":
        return Refused("already_decided", f"This request is {status} already.")
    return Refused("changed", "Somebody has changed this request since you opened it: look again.")
