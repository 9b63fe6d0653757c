"""Where carriers and chat clients bring what buyers write: every message is stored and answered by the chain."""

import asyncio
import hashlib
import logging
from datetime import UTC
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from domain.contact import Identity, identity_of
from domain.errors import BadInput
from domain.events import Event, EventKind
from domain.ports import Clock
from domain.results import TurnResult
from domain.stages import Channel
from graph.deals_desk import ChatMessage, DealsDesk
from ui.api_input import json_of

_log = logging.getLogger(__name__)
_PATIENCE_S = 20.0
_MOST_TEXT = 20_000

_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,119}$")]
_ChatId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]  # unguessable: who knows it is the buyer


class Chain(Protocol):
    """What a channel needs of the service."""

    async def arrive(
        self,
        channel: Channel,
        identity: Identity,
        *,
        turn_id: str,
        words: str | None = None,
        data: dict[str, Any] | None = None,
        label: str = "",
    ) -> TurnResult: ...

    async def submit(self, session_id: str, event: Event) -> TurnResult: ...


class InboundText(BaseModel):
    """A carrier's message. Carriers send more fields than these; they are not read."""

    id: _Id
    sender: Annotated[str, Field(alias="from", min_length=1, max_length=40)]
    body: Annotated[str, Field(max_length=_MOST_TEXT)]


class ChatWords(BaseModel):
    """What a chat client sends: without text the buyer has only opened the chat."""

    model_config = ConfigDict(extra="forbid")
    chat: _ChatId
    id: _Id
    text: Annotated[str, Field(max_length=_MOST_TEXT)] | None = None
    seen: Annotated[str, Field(max_length=400)] | None = None  # the last message that was on the screen before


class Seen(BaseModel):
    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[Annotated[str, Field(max_length=400)]], Field(min_length=1, max_length=100)]


class Channels:
    def __init__(self, chain: Chain, deals: DealsDesk, clock: Clock) -> None:
        self._chain, self._deals, self._clock = chain, deals, clock

    async def text(self, request: Request) -> Response:
        """POST /channels/sms: the answer leaves as a text, not in this response."""
        message = await json_of(request, InboundText)
        identity = identity_of(message.sender)
        if identity.kind != "phone":
            raise BadInput("from", "it is no phone number", "Write it like +15125550100.")
        turn_id = f"sms:{message.id}"
        result = await self._answered(self._chain.arrive(Channel.SMS, identity, turn_id=turn_id, words=message.body))
        return JSONResponse({"turn": turn_id, "status": "answered" if result else "stored"}, 200 if result else 202)

    async def chat(self, request: Request) -> Response:
        """POST /channels/chat: words and what answers them. 202: it is stored, ask for the messages."""
        words = await json_of(request, ChatWords)
        turn_id = f"chat:{words.chat}:{words.id}"
        data = {"seen_through": words.seen} if words.seen else None
        result = await self._answered(
            self._chain.arrive(Channel.CHAT, _chatter(words.chat), turn_id=turn_id, words=words.text, data=data)
        )
        if result is None:
            return JSONResponse({"turn": turn_id, "messages": []}, 202)
        lines = [line for line in result.speech if line.channel == Channel.CHAT]
        shown = [{"id": line.speech_id, "from": "agent", "text": line.words, "status": line.status} for line in lines]
        return JSONResponse({"turn": turn_id, "messages": shown})

    async def messages(self, request: Request) -> Response:
        """GET /channels/chat/{chat}/messages?after=N: the conversation after a turn; `next` is the next N."""
        session_id = await self._session(request)
        after = request.query_params.get("after", "0")
        if not after.isascii() or not after.isdigit() or len(after) > 9:
            raise BadInput("after", "it is no number of a turn", "Send the `next` of the answer before.")
        found = await self._deals.chat(session_id, int(after)) if session_id else []
        reached = max((message.turn for message in found), default=int(after))
        return JSONResponse({"messages": [_shown(message) for message in found], "next": reached})

    async def seen(self, request: Request) -> Response:
        """POST /channels/chat/{chat}/seen: these messages were on the buyer's screen."""
        seen = await json_of(request, Seen)
        session_id = await self._session(request)
        if session_id is None:
            raise BadInput("chat", "there is no such conversation", "Send words first.")
        digest = hashlib.sha256("\n".join(seen.ids).encode()).hexdigest()[:32]
        data = {"speech_ids": seen.ids}
        event = Event(f"shown:{session_id}:{digest}", EventKind.DELIVERED, self._clock.now(), Channel.CHAT, data)
        await self._answered(self._chain.submit(session_id, event))
        return Response(status_code=204)

    async def _session(self, request: Request) -> str | None:
        return await self._deals.session_of(_chatter(request.path_params["chat"]))

    async def _answered(self, turn: Any) -> TurnResult | None:
        """The turn's result; None where it takes longer than a sender waits. What was stored is run all the same."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await turn
        except TimeoutError:
            _log.warning("a turn takes long", extra={"action": "turn_late"})
            return None


def _chatter(chat: str) -> Identity:
    return Identity("chat", f"chat:{chat}")


def _shown(message: ChatMessage) -> dict[str, Any]:
    return {
        "id": message.message_id,
        "turn": message.turn,
        "from": "agent" if message.agent else "buyer",
        "text": message.text,
        "at": message.at.astimezone(UTC).isoformat(),
        "status": message.status,
    }
