"""Steps of other people: approvers, the signing page, the payment provider, and whoever tries what is not allowed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.refusal import Refused
from graph.desk import Operator, Verdict
from graph.scenarios.doing import Doing, StepFailed
from graph.scenarios.steps import Provoke
from memory.deals import Deals, PaymentWord, Signature
from memory.playback import ask

_ANY_TURN = 2**31 - 1


async def decide(doing: Doing) -> None:
    """Through the door that the console uses."""
    want, rig = doing.step.decide, doing.rig
    assert want is not None
    async with rig.world.pool.connection() as connection:
        row = await ask(connection, "open_approvals", session_id=doing.session_id, role=want.role)
    if row is None:
        raise StepFailed(f"nobody asked {want.role}")
    verdict = Verdict(
        approval_id=row["approval_id"],
        version=row["version"],
        approve=want.decision == "approve",
        reason=want.reason or ("" if want.decision == "approve" else "no"),
        discount_pct=want.edit.discount_pct if want.edit else None,
    )
    answer = await rig.desk.decide(Operator(want.by, want.by, frozenset({want.role})), verdict)
    refused = answer.guard if isinstance(answer, Refused) else None
    if refused != want.refused:
        got = f"refused by {answer.guard} ({answer.why})" if isinstance(answer, Refused) else "taken"
        raise StepFailed(f"the decision was {got} instead of {want.refused or 'taken'}")


async def webhook(doing: Doing) -> None:
    """What the accept page and the payment provider report; where both do, a repeat may swap them."""
    want = doing.step.webhook
    assert want is not None
    both = want.source == "both" or want.status == "signed_and_paid"
    reports = [_signed, _paid] if both else [_signed] if want.source == "contract" else [_paid]
    if doing.rig.chance:
        doing.rig.chance.shuffle(reports)
    status = "succeeded" if want.status in ("paid", "signed_and_paid") else want.status
    for send in reports:
        await send(doing, status)
        await doing.rig.service.recover()


async def _deal(doing: Doing) -> Mapping[str, Any]:
    async with doing.rig.world.pool.connection() as connection:
        return await ask(connection, "deal", session_id=doing.session_id) or {}


async def _signed(doing: Doing, _: str) -> None:
    token_hash = (await _deal(doing)).get("contract_token_hash")
    if not token_hash:
        raise StepFailed("there is no document to sign")
    world, name = doing.rig.world, doing.scenario.contact_of(doing.name).name or "Buyer"
    async with world.pool.connection() as connection, connection.transaction():
        await Deals(connection, world.sealer).accept(token_hash, Signature(name, "127.0.0.1", doing.rig.clock.now()))


async def _paid(doing: Doing, status: str) -> None:
    payment = (await _deal(doing)).get("payment")
    if not payment:
        raise StepFailed("there is no payment to report about")
    if status not in ("succeeded", "failed", "expired"):
        raise StepFailed(f"a payment cannot be {status}")
    ids = {key: str(payment[key]) for key in ("payment_id", "quote_hash", "currency")}
    word = PaymentWord(status=status, amount=Decimal(str(payment["amount"])), **ids)
    world = doing.rig.world
    async with world.pool.connection() as connection, connection.transaction():
        await Deals(connection, world.sealer).settle(doing.label, word, doing.rig.clock.now())


async def provoke(doing: Doing) -> None:
    """Try to use authority from outside of a turn; the refusal must be on the trail."""
    want = doing.step.provoke
    assert want is not None
    async with doing.rig.world.pool.connection() as connection:
        version = want.quote
        row = await ask(connection, "quote_hash", session_id=doing.session_id, version=version) if version else None
        capability = await _capability(doing, want, connection)
    about = row["quote_hash"] if row else f"{want.discount_pct} %" if want.discount_pct is not None else None
    tried = {"capability_id": capability, "object_id": about}
    guard = await doing.rig.service.attempt(doing.session_id, want.scope, **tried)
    if guard is None:
        raise StepFailed(f"{want.scope} would have been allowed")
    if want.guard not in (None, guard):
        raise StepFailed(f"{want.scope} was refused by {guard} instead of {want.guard}")


async def _capability(doing: Doing, want: Provoke, connection: Any) -> str | None:
    if want.capability == "new":
        return None
    turn = _ANY_TURN
    if not isinstance(want.capability, str):
        turn = doing.record.marks[want.capability.minted_before][doing.name].turns
    of_proposal = want.capability == "of_proposal"
    wanted = {"scope": want.scope, "turn": turn, "of_proposal": of_proposal}
    row = await ask(connection, "capability", session_id=doing.session_id, **wanted)
    if row is None:
        raise StepFailed(f"no such capability for {want.scope} was ever minted")
    return str(row["capability_id"])
