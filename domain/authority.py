"""Authority: which scopes are open, and the capability that every use needs; nothing is carried, all is minted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from domain.guards.transfer import expected_value
from domain.policy_selling import MONEY_SCOPES
from domain.refusal import Refused
from domain.stages import Step
from domain.state import Json, part
from domain.turn import Turn

OPT_OUT_CONFIRMATION = "messaging.optout_confirm"
REPLY = "messaging.sms"
IMPLIED = frozenset({"crm.stage", REPLY})
ALL_CHANNEL_SCOPES = frozenset({"call.dial", "call.transfer", "call.bridge", "voicemail.leave", "messaging.sms"})


@dataclass(frozen=True, slots=True)
class Permit:
    """A use that was authorised in this turn; its effects name the capability."""

    capability_id: str
    scope: str


def opened(turn: Turn, scopes: tuple[str, ...]) -> None:
    """Open the scopes that a row grants; special words are served by the row's own code."""
    names: list[str] = turn.authority["open"]
    for scope in scopes:
        name = scope.removesuffix("<=limit")
        if "." in name and name not in names:
            names.append(name)


def closed(turn: Turn, scopes: tuple[str, ...]) -> list[str]:
    """Close the scopes that a row revokes and return them; their capabilities die in the same commit."""
    names: list[str] = turn.authority["open"]
    if "all" in scopes:
        gone = sorted({*names, *IMPLIED, *turn.authority["capabilities"]})
        names.clear()
    else:
        asked = {name for word in scopes for name in (ALL_CHANNEL_SCOPES if word == "all_channel_scopes" else (word,))}
        gone = sorted(asked)
        turn.authority["open"] = [name for name in names if name not in asked]
    for name in gone:
        turn.authority["capabilities"].pop(name, None)
    return gone


def refuse(turn: Turn, scope: str, guard: str, why: str, object_id: str | None = None) -> Refused:
    """Record a use that was refused: it is a tool call of the trail like any other."""
    refused = Refused(guard, why)
    turn.work["denied"] = [*turn.work.get("denied", []), scope]
    turn.want(
        "call",
        scope=scope,
        ordinal=_ordinal(turn, scope),
        stage=_stage(turn),
        outcome="refused",
        reason=guard,
        object=object_id,
    )
    turn.audit("use_refused", {"scope": scope, "guard": guard, "why": why, "object": object_id})
    return refused


def may(turn: Turn, scope: str) -> Refused | None:
    """Whether the scope could be used now; None when it could."""
    step = _replies_from(turn) if scope == REPLY else turn.step
    confirms_opt_out = scope == OPT_OUT_CONFIRMATION and turn.step is Step.DNC
    if step.terminal and not confirms_opt_out:
        return Refused("scope_open", f"the session has ended in {turn.step}")
    if scope not in turn.authority["open"] and scope not in IMPLIED:
        return Refused("scope_open", f"{scope} is not open in {turn.step}")
    if not (confirms_opt_out or turn.policy.scope_allowed(scope, step)):
        return Refused("scope_open", f"policy does not allow {scope} in {step}")
    return None


def _replies_from(turn: Turn) -> Step:
    """The step whose reply it is: what ends a sale is answered, so are questions after it; no opt-out is."""
    if turn.step not in (Step.WON, Step.LOST):
        return turn.step
    began = Step(turn.work.get("step_before", turn.step))
    return Step.COMMITTED if began is Step.WON else began


def needs_person(turn: Turn, scope: str, limits: Json) -> Refused | None:
    """Why the agent may not use a money scope alone: its level asks for each use, or a discount is above the limit."""
    if scope not in MONEY_SCOPES:
        return None
    level = _level(turn, scope)
    if level in ("L0", "L1"):
        return Refused("autonomy_level", f"{scope} is at {level}: a person decides on each use")
    asked, limit = Decimal(str(limits.get("max_pct", 0))), turn.policy.pricing.discount.agent_max_pct
    if scope == "discount.apply" and asked > limit:
        return Refused("discount_within_limit", f"{asked:f} % is above {limit:f} %")
    return None


def allowed(turn: Turn, scope: str, limits: Json | None = None, proposal_id: str | None = None) -> Refused | None:
    """Whether the scope may be used now, alone or under an approval; None when it may."""
    return may(turn, scope) or (needs_person(turn, scope, limits or {}) if proposal_id is None else None)


def _level(turn: Turn, scope: str) -> str | None:
    return turn.policy.autonomy.level(scope, turn.place.get("region"), expected_value(turn))


def mint(
    turn: Turn,
    scope: str,
    *,
    limits: Json | None = None,
    quote_hash: str | None = None,
    proposal_id: str | None = None,
    keep: bool = True,
) -> Permit:
    """Mint one capability for one decision, bound to stage, epoch, policy version, limits and quote.

    With `keep` the state remembers it, so that a later turn can use it while it lives.
    """
    rule = turn.policy.scopes[scope]
    number = len([e for e in turn.effects if e["kind"] == "mint"])
    capability_id = f"{turn.event.turn_id}:{scope}:{number}"
    expires = turn.now + timedelta(seconds=rule.ttl_s)
    turn.want(
        "mint",
        capability_id=capability_id,
        stage=_stage(turn),
        epoch=turn.epoch,
        scope=scope,
        limits=limits or {},
        quote_hash=quote_hash,
        level=_level(turn, scope),
        expires_at=expires.isoformat(),
        uses=rule.uses,
        proposal_id=proposal_id,
    )
    if keep:
        turn.authority["capabilities"][scope] = {
            "capability_id": capability_id,
            "epoch": turn.epoch,
            "expires_at": expires.isoformat(),
            "quote_hash": quote_hash,
            "policy_version": turn.policy.version,
            "uses": rule.uses,
        }
    return Permit(capability_id, scope)


def use(turn: Turn, scope: str, object_id: str | None = None, **bound: Any) -> Permit | Refused:
    """Authorise one use: an open scope, a live capability or a new one; consumed in the commit of the effect."""
    refused = allowed(turn, scope, part(bound, "limits"), bound.get("proposal_id"))
    if refused:
        return refuse(turn, scope, refused.guard, refused.why, object_id)
    kept = turn.authority["capabilities"].get(scope)
    alive = (
        kept is not None
        and kept["uses"] > 0
        and kept["epoch"] == turn.epoch
        and kept["policy_version"] == turn.policy.version
        and kept["quote_hash"] == bound.get("quote_hash")
        and datetime.fromisoformat(kept["expires_at"]) > turn.now
    )
    permit = Permit(kept["capability_id"], scope) if alive and kept else mint(turn, scope, **bound)
    turn.authority["capabilities"][scope]["uses"] -= 1
    turn.want(
        "call",
        scope=scope,
        ordinal=_ordinal(turn, scope),
        stage=_stage(turn),
        outcome="done",
        capability_id=permit.capability_id,
        epoch=turn.epoch,
        quote_hash=bound.get("quote_hash"),
        object=object_id,
    )
    turn.audit("use", {"scope": scope, "capability": permit.capability_id, "object": object_id})
    return permit


def _ordinal(turn: Turn, scope: str) -> int:
    return sum(1 for e in turn.effects if e["kind"] == "call" and e["scope"] == scope)


def _stage(turn: Turn) -> str:
    return turn.stage.value if turn.stage else turn.step.value
