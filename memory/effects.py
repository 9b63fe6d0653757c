"""How each effect that comes alone becomes rows; the batched kinds stand in commit.py."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, Protocol

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from domain.errors import EffectRefused

Effect = dict[str, Any]


class Writer(Protocol):
    """What an effect may ask of the commit it is part of."""

    now: str
    base: dict[str, Any]

    async def run(self, query: str, **parameters: Any) -> None: ...

    async def ask(self, query: str, **parameters: Any) -> DictRow | None: ...

    def sealed_row(self, value: Any) -> bytes: ...


async def _hold(commit: Writer, e: Effect) -> None:
    await commit.run("expire_overlapping_holds", starts=e["starts"], ends=e["ends"])
    await commit.run("insert_hold", **{k: e[k] for k in ("booking_id", "resource", "starts", "ends", "zone", "until")})


async def _book(commit: Writer, e: Effect) -> None:
    if await commit.ask("book_hold", booking_id=e["booking_id"]) is None:
        raise EffectRefused("book", "hold_still_valid", "the hold has run out", {"booking_id": e["booking_id"]})


async def _cancel_booking(commit: Writer, e: Effect) -> None:
    await commit.run("cancel_booking", booking_id=e["booking_id"])


async def _quote(commit: Writer, e: Effect) -> None:
    body = e["body"]
    await commit.run(
        "insert_quote",
        quote_hash=body["quote_hash"],
        version=body["version"],
        scope_hash=body["scope_hash"],
        body=Jsonb(body),
        issued=commit.now if e["in_writing"] else None,
        valid_until=body["valid_until"],
        proposal_id=e["proposal_id"],
    )


async def _quote_status(commit: Writer, e: Effect) -> None:
    await commit.run("set_quote_status", quote_hash=e["quote_hash"], status=e["status"])


async def _quote_issued(commit: Writer, e: Effect) -> None:
    await commit.run("issue_quote", quote_hash=e["quote_hash"])


async def _proposal(commit: Writer, e: Effect) -> None:
    names = (
        "proposal_id",
        "rules",
        "uses",
        "proposal_hash",
        "quote_hash",
        "facts_used",
        "gate",
        "fallback",
        "deadline",
    )
    await commit.run("insert_proposal", body=Jsonb(e["body"]), **{name: e[name] for name in names})
    await commit.run("insert_approvals", proposal_id=e["proposal_id"], roles=e["roles"])


async def _withdraw_proposal(commit: Writer, e: Effect) -> None:
    await commit.run("withdraw_proposal", proposal_id=e["proposal_id"])


async def _settle_proposal(commit: Writer, e: Effect) -> None:
    row = await commit.ask("settle_proposal", proposal_id=e["proposal_id"], status=e["status"], before=e["before"])
    if row is None:
        raise EffectRefused("settle_proposal", "decision_unchanged", "a person decided in between", {})


async def _contract(commit: Writer, e: Effect) -> None:
    await commit.run(
        "insert_contract",
        contract_id=e["contract_id"],
        quote_hash=e["quote_hash"],
        document_hash=sha256(e["document"].encode()).hexdigest(),
        token_hash=sha256(e["token"].encode()).hexdigest(),
        sealed=commit.sealed_row({"document": e["document"], "token": e["token"]}),
    )


async def _payment(commit: Writer, e: Effect) -> None:
    names = ("payment_id", "quote_hash", "attempt", "amount", "currency", "expires_at")
    await commit.run(
        "insert_payment",
        token_hash=sha256(e["token"].encode()).hexdigest(),
        sealed=commit.sealed_row({"token": e["token"]}),
        **{name: e[name] for name in names},
    )


async def _void_order(commit: Writer, e: Effect) -> None:
    await commit.run("void_contracts", quote_hash=e["quote_hash"])
    await commit.run("expire_payments", quote_hash=e["quote_hash"])
    await commit.run("cancel_effects", object=None, reason="order_void")


async def _expire_payment(commit: Writer, e: Effect) -> None:
    await commit.run("expire_payments", quote_hash=e["quote_hash"])


async def _archive_order(commit: Writer, e: Effect) -> None:
    await commit.run("expire_payments", quote_hash=e["quote_hash"])


async def _settle_effect(commit: Writer, e: Effect) -> None:
    await commit.run("settle_failed_effect", effect_id=e["effect_id"])


async def _consent(commit: Writer, e: Effect) -> None:
    await commit.run("store_consent", **{k: e[k] for k in ("consent", "channel", "status")})


async def _timer(commit: Writer, e: Effect) -> None:
    timer_id = f"{commit.base['session_id']}:{e['timer']}:{e['ref']}"
    await commit.run("set_timer", timer_id=timer_id, due_at=e["due_at"], ref=e["ref"], kind=e["timer"])


async def _cancel_timer(commit: Writer, e: Effect) -> None:
    await commit.run("cancel_timer", timer_id=f"{commit.base['session_id']}:{e['timer']}:{e['ref']}")


async def _close_session(commit: Writer, e: Effect) -> None:
    """A session that has ended leaves nothing open behind; a sale that was won keeps its papers."""
    await commit.run("cancel_timers")
    await commit.run("release_holds")
    await commit.run("release_seats")
    if e["void"]:
        await commit.run("void_quotes")
        await commit.run("void_contracts", quote_hash=None)
        await commit.run("expire_payments", quote_hash=None)
        await commit.run("cancel_effects", object=None, reason="session_ended")


async def _revoke_contact(commit: Writer, e: Effect) -> None:
    await commit.run("revoke_contact", sealed=commit.sealed_row({"act": "revoked_elsewhere", "by": "system"}))


async def _opt_in(commit: Writer, e: Effect) -> None:
    await commit.run("opt_in")


async def _suppress_number(commit: Writer, e: Effect) -> None:
    await commit.run("suppress_number")


SINGLE: Mapping[str, Callable[[Writer, Effect], Awaitable[None]]] = {
    "hold": _hold,
    "book": _book,
    "cancel_booking": _cancel_booking,
    "quote": _quote,
    "quote_status": _quote_status,
    "quote_issued": _quote_issued,
    "proposal": _proposal,
    "withdraw_proposal": _withdraw_proposal,
    "settle_proposal": _settle_proposal,
    "contract": _contract,
    "payment": _payment,
    "void_order": _void_order,
    "expire_payment": _expire_payment,
    "archive_order": _archive_order,
    "settle_effect": _settle_effect,
    "consent": _consent,
    "timer": _timer,
    "cancel_timer": _cancel_timer,
    "close_session": _close_session,
    "revoke_contact": _revoke_contact,
    "opt_in": _opt_in,
    "suppress_number": _suppress_number,
}
