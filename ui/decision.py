"""What a click on Approve or Reject does: one signature for every role the person holds, each checked at the desk."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from domain.refusal import Refused
from graph.desk import Decided, Operator, Verdict
from ui import words

Decide = Callable[[Operator, Verdict], Coroutine[Any, Any, Decided | Refused]]
Run = Callable[[Coroutine[Any, Any, Decided | Refused]], Decided | Refused]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the person is told, and whether they are done with this request."""

    ok: bool
    text: str
    done: bool


def exact(value: object) -> Decimal | None:
    """A figure as it was typed; floats go through their shortest writing, so that 12.5 stays 12.5."""
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def sign(
    run: Run,
    decide: Decide,
    who: Operator,
    number: int,
    rows: Sequence[tuple[str, int]],
    *,
    approve: bool,
    reason: str = "",
    discount_pct: Decimal | None = None,
) -> Outcome:
    """`rows` are approval ids with the versions that were on the screen; one rejection is enough."""
    changed, last = False, None
    for approval_id, version in rows:
        try:
            verdict = Verdict(
                approval_id=approval_id,
                # Our own edit moved the sister rows on by one; anybody else's is noticed by the desk.
                version=version + 1 if changed else version,
                approve=approve,
                reason=reason,
                discount_pct=discount_pct if approve else None,
            )
        except ValidationError as fault:
            return Outcome(False, _first(fault), done=False)
        result = run(decide(who, verdict))
        if isinstance(result, Refused):
            if last is not None:  # the first signature stands
                return Outcome(True, f"{_told(number, last, approve)} {result.why}", done=True)
            return Outcome(False, result.why, done=result.guard in ("already_decided", "expired"))
        changed, last = changed or bool(result.changed), result
        if not approve or result.proposal_status != "open":
            break
    if last is None:
        return Outcome(False, "Your roles do not include the one that has to decide this.", done=False)
    return Outcome(True, _told(number, last, approve), done=True)


def _told(number: int, result: Decided, approve: bool) -> str:
    parts = [f"A-{number} {'approved' if approve else 'rejected'}"]
    if "discount_pct" in result.changed:
        before, after = result.changed["discount_pct"]
        parts.append(f"with {after} % instead of {before} %")
    text = f"{' '.join(parts)}, signed {result.audit_hash[:8]}."
    if result.waits_for:
        text += f" It still needs {' and '.join(words.role(name).lower() for name in result.waits_for)}."
    return text


def _first(fault: ValidationError) -> str:
    problem = fault.errors(include_url=False)[0]
    return f"{words.readable(str(problem['loc'][0])).capitalize()}: {problem['msg'].lower()}."
