"""The real application on a real database, with a chain that only notes what it is asked."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.contact import Identity
from domain.events import Event
from domain.results import SpeechLine, TurnResult
from domain.stages import Channel
from graph.deals_desk import DealsDesk
from memory.sealing import Sealer
from tests.integration.effect_rows import World, local_tools, open_world
from tools.webhooks import WebhookSigner
from ui.api import build_api

OWN = "http://127.0.0.1:8502"
CHAT = "abcdefghij0123456789"


@dataclass
class Chain:
    """Notes what it is asked and answers with one line."""

    arrived: list[tuple[Channel, Identity, str, str | None, dict[str, Any] | None]] = field(default_factory=list[Any])
    submitted: list[tuple[str, Event]] = field(default_factory=list[tuple[str, Event]])
    fault: Exception | None = None
    slow: float = 0.0

    async def arrive(
        self,
        channel: Channel,
        identity: Identity,
        *,
        turn_id: str,
        words: str | None = None,
        data: dict[str, Any] | None = None,
        label: str = "",
    ) -> TurnResult:
        if self.fault:
            raise self.fault
        self.arrived.append((channel, identity, turn_id, words, data))
        await asyncio.sleep(self.slow)
        line = SpeechLine(f"{turn_id}:s0", "greet", "Hello.", None, False, channel.value, "queued")
        return TurnResult(turn_id, "s", "BOOK.greet", None, 0.1, 0.1, ("T05",), (line,), ())

    async def submit(self, session_id: str, event: Event) -> TurnResult:
        self.submitted.append((session_id, event))
        return TurnResult(event.turn_id, session_id, "BOOK.greet", None, 0.1, 0.1, (), (), (), ran=False)


@dataclass
class Api:
    world: World
    chain: Chain
    http: httpx.AsyncClient
    signer: WebhookSigner
    unreachable: bool = False

    async def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        if self.unreachable:
            return 599
        return (await self.http.post("/webhooks/payments", content=body, headers=dict(headers))).status_code

    async def events(self) -> list[dict[str, Any]]:
        rows = await self.world.rows("select turn_id, kind, session_id, sealed from inbox order by seq")
        return [{**row, "data": self.world.sealer.open(row["sealed"])} for row in rows]

    async def webhook(self, content: Any, webhook_id: str = "msg_1", **changed: str) -> httpx.Response:
        body = json.dumps(content).encode() if not isinstance(content, bytes) else content
        headers = {**self.signer.headers(webhook_id, body, self.world.clock.now()), **changed}
        return await self.http.post("/webhooks/payments", content=body, headers=headers)


@asynccontextmanager
async def api(dsn: str, sealer: Sealer) -> AsyncGenerator[Api]:
    """The local provider's webhooks come back to the same application."""
    async with open_world(dsn, sealer) as world:
        desk, chain = DealsDesk(world.pool, sealer, world.clock, local_tools(sealer).form), Chain()
        signer = WebhookSigner(bytes.fromhex(sealer.digest("webhook secret", "payments")))
        it = Api(world, chain, httpx.AsyncClient(), signer)
        app = build_api(chain, desk, world.clock, post=it.post, hosts={"127.0.0.1", "localhost", "::1"})
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=OWN) as it.http:
            yield it
