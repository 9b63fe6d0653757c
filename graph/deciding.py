"""A person's decision: who may make it, what it changes, and the wake-up of the session, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.policy import Policy
from domain.ports import Clock, Lines, PolicyBook
from domain.pricing import plain
from domain.refusal import Refused
from graph.eligibility import Operator, Verdict, already, may_not, needs_four_eyes, wrong_person
from graph.review import Preview, draft_of, preview, redraft
from memory import desk as rows
from memory.database import Pool
from memory.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to. `waits_for` names the roles that must still decide."""

    number: int
    row_status: str
    proposal_status: str
    changed: dict[str, tuple[str, str]]
    waits_for: tuple[str, ...]
    audit_hash: str


@dataclass(frozen=True, slots=True)
class Deciding:
    """The decision door, with what it needs."""

    pool: Pool
    sealer: Sealer
    clock: Clock
    policies: PolicyBook
    lines: Lines

    async def decide(self, operator: Operator, verdict: Verdict) -> Decided | Refused:
        async with rows.reached(self.pool) as connection:
            place = await rows.place_of(connection, verdict.approval_id)
        if place is None:
            return Refused("unknown", "There is no such request.")
        session_id = str(place["session_id"])
        policy = await self.policies.current(place["policy_version"], place["region"], place["product"])
        async with rows.reached(self.pool) as connection:
            async with connection.transaction():
                locked = await rows.lock(connection, session_id, verdict.approval_id)
                if locked is None:
                    return Refused("unknown", "There is no such request.")
                outcome, wakes = await self._settle(connection, locked, policy, operator, verdict)
            if wakes:
                await rows.notify_inbox(connection, session_id)
            if wakes or isinstance(outcome, Decided):
                await rows.notify_change(connection, session_id)
        return outcome

    async def _settle(
        self, connection: rows.Connection, locked: rows.Locked, policy: Policy, operator: Operator, verdict: Verdict
    ) -> tuple[Decided | Refused, bool]:
        """The outcome, and whether the session's runner must be woken."""
        now = self.clock.now()
        proposal: dict[str, Any] = {**locked.proposal, "approvals": locked.approvals}
        edit: dict[str, tuple[str, str]] = {}
        seen: Preview | None = None
        refused = wrong_person(locked, operator, verdict)
        if refused is None and proposal["status"] == "open" and proposal["deadline"] > now:
            refused = may_not(locked, policy, operator, verdict)
            seen = preview(proposal, policy, self.lines, verdict.discount_pct if verdict.approve else None, now)
            refused, edit = refused or seen.refused, _changes(proposal, seen)
        if refused:
            return refused, False
        signed = await rows.sign(connection, _signature(operator, verdict, edit, now))
        if signed is None:
            return already(locked, verdict, now), False
        proposal_id = str(proposal["proposal_id"])
        if signed == "expired":
            await rows.settle(connection, proposal_id, "expired", now, 0)
            await self._wake(connection, locked, verdict, now)
            late = Refused("expired", "The time for an answer is over: the fallback has taken effect.")
            await self._record(connection, locked, operator, verdict, {}, now, policy, late)
            return late, True
        if edit and seen:
            await rows.redraft(connection, proposal_id, verdict.approval_id, redraft(proposal, seen))
        status, waits_for = await _together(connection, locked, policy, operator, verdict)
        if status != "open":
            await rows.settle(connection, proposal_id, status, now, policy.approval_rules.validity_s)
            await self._wake(connection, locked, verdict, now)
        link = await self._record(connection, locked, operator, verdict, edit, now, policy)
        decided = Decided(int(proposal["number"]), signed, status, edit, waits_for, link)
        return decided, status != "open"

    async def _wake(self, connection: rows.Connection, locked: rows.Locked, verdict: Verdict, now: datetime) -> None:
        await rows.put_event(
            connection,
            self.sealer,
            turn_id=f"decision:{verdict.approval_id}",
            session_id=str(locked.session["session_id"]),
            kind="decision",
            channel=None,
            at=now,
            data={"proposal_id": locked.proposal["proposal_id"], "approval_id": verdict.approval_id},
        )

    async def _record(
        self,
        connection: rows.Connection,
        locked: rows.Locked,
        operator: Operator,
        verdict: Verdict,
        edit: dict[str, tuple[str, str]],
        now: datetime,
        policy: Policy,
        late: Refused | None = None,
    ) -> str:
        """Who, when, why, on what exactly: chained with everything else that happened in the session."""
        row, proposal = locked.row(verdict.approval_id), locked.proposal
        payload: dict[str, Any] = {
            "approval": verdict.approval_id,
            "number": proposal["number"],
            "decision": "approved" if verdict.approve else "denied",
            "refused": late.guard if late else None,
            "by": operator.sub,
            "name": operator.name,
            "role": row["role"],
            "reason": verdict.reason,
            "changed": {key: list(pair) for key, pair in edit.items()},
            "proposal_hash_seen": proposal["proposal_hash"],
            "row_version": verdict.version,
            "policy_asked_under": proposal["policy_version"],
        }
        return await rows.audit(
            connection,
            self.sealer,
            locked.session,
            at=now,
            turn_id=f"decision:{verdict.approval_id}",
            actor=f"operator:{operator.sub}",
            action="approval_refused_late" if late else "approval_decided",
            policy_version=policy.version,
            payload=payload,
        )


def _changes(proposal: Any, seen: Preview) -> dict[str, tuple[str, str]]:
    draft = draft_of(proposal)
    if draft is None or seen.quote is None or seen.discount_pct == draft.discount_pct:
        return {}
    return {
        "discount_pct": (plain(draft.discount_pct), plain(seen.discount_pct)),
        "amount": (f"{draft.amount:f}", f"{seen.quote.amount:f}"),
    }


def _signature(operator: Operator, verdict: Verdict, edit: dict[str, tuple[str, str]], now: datetime) -> rows.Signature:
    return rows.Signature(
        approval_id=verdict.approval_id,
        version=verdict.version,
        status="approved" if verdict.approve else "denied",
        by=operator.sub,
        name=operator.name,
        reason=verdict.reason,
        at=now,
        edit={key: {"before": pair[0], "after": pair[1]} for key, pair in edit.items()} or None,
    )


async def _together(
    connection: rows.Connection, locked: rows.Locked, policy: Policy, operator: Operator, verdict: Verdict
) -> tuple[str, tuple[str, ...]]:
    """What all roles together have decided so far: any denial denies, and all must approve."""
    if not verdict.approve:
        return "denied", ()
    others = [row for row in locked.approvals if row["approval_id"] != verdict.approval_id]
    still_open = tuple(str(row["role"]) for row in others if row["status"] == "open")
    if still_open:
        return "open", still_open
    signers = {row["decided_by"] for row in others if row["status"] == "approved"} | {operator.sub}
    if needs_four_eyes(locked.proposal, policy) and len(signers) < 2:
        role = str(locked.row(verdict.approval_id)["role"])
        await rows.ask_second(connection, str(locked.proposal["proposal_id"]), role)
        return "open", (role,)
    return "approved", ()
