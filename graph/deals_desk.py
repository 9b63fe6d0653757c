"""The door for buyers' browsers and for providers: offers, acceptances, payments, chats and the machinery's state."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from domain.contact import Identity
from domain.errors import BadInput
from domain.ports import Clock, Links
from domain.refusal import Refused
from graph.bootstrap import open_world, service_of
from graph.calling import CallDesk, call_desk
from graph.local_tools import LocalTools
from graph.runner import Runner
from graph.service import ChainService
from graph.settings import Settings
from memory import desk, outbox, views
from memory.chat import ChatMessage, messages_after
from memory.database import Pool
from memory.deals import Bill, Deals, Offer, PaymentWord, Signature
from memory.sealing import Sealer
from tools.contracts import one_line, token_hash
from tools.payments import PaymentNotice, PaymentResult, Post, announce
from tools.webhooks import WebhookSigner

__all__ = ["Bill", "ChatMessage", "DealsDesk", "Health", "Offer", "PaymentResult", "PaymentWord", "Post"]

_ALIVE_S = 10


@dataclass(frozen=True, slots=True)
class Health:
    """`worker`: something is there that delivers effects and runs turns."""

    database: bool
    policy: str | None
    worker: bool
    waiting_events: int = 0
    dead_events: int = 0
    failed_effects: int = 0

    @property
    def good(self) -> bool:
        return self.database and self.policy is not None and self.worker


class DealsDesk:
    """Reads and settles; it never runs the graph, it leaves events for a runner."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Clock, links: Links) -> None:
        self._pool = pool
        self._sealer = sealer
        self._clock = clock
        self._links = links
        self._signer = WebhookSigner(bytes.fromhex(sealer.digest("webhook secret", "payments")))

    # ---- the contract
    async def offer(self, token: str) -> Offer | None:
        async with self._pool.connection() as connection:
            return await Deals(connection, self._sealer).offer(token_hash(token), self._clock.now())

    async def accept(self, token: str, name: str, address: str) -> Offer | None:
        """The offer as it is afterwards: accepted by this call or an earlier one, or past accepting."""
        name = one_line(name)
        if len(name) < 2:
            raise BadInput("name", "it is missing", "Write your first and last name.")
        async with self._pool.connection() as connection:
            async with connection.transaction():
                signature = Signature(name, address, self._clock.now())
                offer = await Deals(connection, self._sealer).accept(token_hash(token), signature)
            if offer and offer.state == "accepted":
                await desk.notify_inbox(connection, offer.session_id)
        return offer

    async def payment_link(self, session_id: str) -> str | None:
        """Where the buyer of this session pays, while something is to be paid."""
        async with self._pool.connection() as connection:
            links = await Deals(connection, self._sealer).links(session_id)
        still_open = [link["token"] for link in links if (link["kind"], link["status"]) == ("payment", "open")]
        return self._links.payment(still_open[-1]) if still_open else None

    # ---- the payment
    async def bill(self, token: str) -> Bill | None:
        async with self._pool.connection() as connection:
            return await Deals(connection, self._sealer).bill(token_hash(token), self._clock.now())

    async def pay(self, token: str, result: PaymentResult, post: Post) -> Bill | None:
        """Act as the local provider: report the outcome by a signed webhook. Raises BadInput where it cannot be."""
        bill = await self.bill(token)
        if bill is None:
            return None
        if bill.status != "open" or not bill.ordered:
            raise BadInput("payment", "it cannot be paid now", "Open the link again to see why.")
        digest = hashlib.sha256(f"{bill.payment_id} {result}".encode()).hexdigest()
        notice = PaymentNotice(
            f"pay_{digest[:40]}", bill.payment_id, bill.quote_hash, bill.amount, bill.currency, result
        )
        if not 200 <= await announce(notice, self._signer, post, self._clock.now()) < 300:
            raise BadInput("payment", "its outcome could not be reported", "Try again in a moment.")
        return await self.bill(token)

    def genuine(self, headers: Mapping[str, str], body: bytes) -> str | Refused:
        """The id of a webhook that the provider has signed just now."""
        return self._signer.check(headers, body, self._clock.now())

    async def settle(self, webhook_id: str, word: PaymentWord) -> bool:
        """Store a genuine webhook and what it changes, once; False where nobody knows the payment."""
        async with self._pool.connection() as connection:
            async with connection.transaction():
                deals = Deals(connection, self._sealer)
                session_id = await deals.settle(webhook_id, word, self._clock.now())
            if session_id:
                await desk.notify_inbox(connection, session_id)
        return session_id is not None

    # ---- the chat
    async def session_of(self, identity: Identity) -> str | None:
        async with self._pool.connection() as connection:
            return await views.session_of(connection, self._sealer.digest(identity.kind, identity.value))

    async def chat(self, session_id: str, after: int) -> list[ChatMessage]:
        async with self._pool.connection() as connection:
            return await messages_after(connection, self._sealer, session_id, after)

    # ---- the machinery
    async def health(self) -> Health:
        try:
            async with self._pool.connection(timeout=3) as connection:
                row, active = await views.health(connection), await views.active_policy(connection)
        except outbox.DATABASE_LOST:
            return Health(False, None, False)
        beats: dict[str, int] = row["beats"] or {}
        return Health(
            database=True,
            policy=active["version"] if active else None,
            worker=any(age <= _ALIVE_S for age in beats.values()),
            waiting_events=row["waiting_events"],
            dead_events=row["dead_events"],
            failed_effects=row["failed_effects"],
        )


@dataclass(frozen=True, slots=True)
class Opened:
    """What the API process works with."""

    service: ChainService
    deals: DealsDesk
    runner: Runner
    clock: Clock
    calls: CallDesk | None


@asynccontextmanager
async def open_deals(settings: Settings, clock: Clock | None = None) -> AsyncGenerator[Opened]:
    """The chain, this desk and a turn runner on one database."""
    async with open_world(settings, clock, size=20) as world, call_desk(world) as calls:
        links = LocalTools.load(world.sealer, world.catalogue, settings.buyers_url).form
        deals = DealsDesk(world.pool, world.sealer, world.clock, links)
        service: ChainService = service_of(world)
        yield Opened(service, deals, Runner(service, world.pool, world.clock, "api"), world.clock, calls)


def amount_of(bill: Bill) -> str:
    """The sum as people read it."""
    return f"{Decimal(bill.amount):,.2f} {bill.currency}"
