"""LiveKit rooms from outside: who may join, which job is asked for, who has to leave.

Plain HTTP and one signed token per request: the console and the jobs need no media library for that.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import jwt

from domain.errors import ThroughlineError

TOKEN_LIFE = timedelta(minutes=5)  # to join with; who is in gets new ones from the server
_OWN_LIFE = timedelta(minutes=1)
_LEEWAY = timedelta(seconds=30)  # clocks of two machines
_PATIENCE_S = 5.0
_KEEP_EMPTY_S = 120
_MOST_IN_A_ROOM = 6


class RoomsUnreachable(ThroughlineError):
    """The LiveKit server does not answer, or refuses."""


@dataclass(frozen=True, slots=True, repr=False)
class RoomServer:
    """Where the server is, and what opens it."""

    url: str  # ws:// or wss://, as a client joins it
    key: str
    secret: str

    @property
    def http(self) -> str:
        return "http" + self.url.removeprefix("ws").rstrip("/")


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a room; `agent` is what the server says, not what somebody calls itself."""

    identity: str
    agent: bool


def buyers_token(server: RoomServer, room: str, identity: str, now: datetime, life: timedelta = TOKEN_LIFE) -> str:
    """Lets one identity speak and listen in one room, and nothing else. It says nothing about anybody."""
    grants = {
        "roomJoin": True,
        "room": room,
        "canSubscribe": True,
        "canPublish": True,
        "canPublishSources": ["microphone"],
        "canPublishData": False,
        "canUpdateOwnMetadata": False,
    }
    return _signed(server, grants, now, life, identity)


def _signed(
    server: RoomServer, grants: Mapping[str, Any], now: datetime, life: timedelta, identity: str | None = None
) -> str:
    claims: dict[str, Any] = {"iss": server.key, "nbf": now - _LEEWAY, "exp": now + life, "video": grants}
    return jwt.encode(claims | ({"sub": identity} if identity else {}), server.secret, algorithm="HS256")


class Rooms:
    """The server's own interface. Every method raises RoomsUnreachable; what is gone already is no fault."""

    def __init__(self, server: RoomServer, client: httpx.AsyncClient) -> None:
        self.server, self._client = server, client

    async def open(self, room: str, now: datetime) -> None:
        """A room that waits for people; one that is open already stays as it is."""
        asked = {
            "name": room,
            "emptyTimeout": _KEEP_EMPTY_S,
            "departureTimeout": _KEEP_EMPTY_S,
            "maxParticipants": _MOST_IN_A_ROOM,
        }
        await self._ask("RoomService/CreateRoom", {"roomCreate": True}, asked, now)

    async def close(self, room: str, now: datetime) -> None:
        await self._ask("RoomService/DeleteRoom", {"roomCreate": True}, {"room": room}, now)

    async def dispatch(self, room: str, agent: str, call_id: str, now: datetime) -> str:
        """Ask for a job in a room; returns the request's id. Whether a worker takes it shows later."""
        asked = {"agentName": agent, "room": room, "metadata": json.dumps({"call_id": call_id})}
        made = await self._ask("AgentDispatchService/CreateDispatch", _admin(room), asked, now)
        return str(made.get("id", ""))

    async def taken(self, room: str, dispatch_id: str, now: datetime) -> bool:
        """Whether a worker has taken the job: one that nobody takes is dropped without a word."""
        asked = {"room": room, "dispatchId": dispatch_id}
        found = await self._ask("AgentDispatchService/ListDispatch", _admin(room), asked, now)
        for each in cast("list[dict[str, Any]]", found.get("agentDispatches", [])):
            state = cast("dict[str, Any]", each.get("state") or {})
            if each.get("id") == dispatch_id and state.get("jobs"):
                return True
        return False

    async def people(self, room: str, now: datetime) -> list[Participant]:
        """Nobody, where there is no such room."""
        found = await self._ask("RoomService/ListParticipants", _admin(room), {"room": room}, now)
        rows = cast("list[dict[str, Any]]", found.get("participants", []))
        return [
            Participant(str(row["identity"]), row.get("kind") == "AGENT")
            for row in rows
            if row.get("state") != "DISCONNECTED"
        ]

    async def remove(self, room: str, identity: str, now: datetime) -> None:
        asked = {"room": room, "identity": identity}
        await self._ask("RoomService/RemoveParticipant", _admin(room), asked, now)

    async def _ask(
        self, method: str, grants: Mapping[str, Any], body: Mapping[str, Any], now: datetime
    ) -> dict[str, Any]:
        token = _signed(self.server, grants, now, _OWN_LIFE)
        try:
            answer = await self._client.post(
                f"{self.server.http}/twirp/livekit.{method}",
                json=body,
                headers={"authorization": f"Bearer {token}"},
                timeout=_PATIENCE_S,
            )
            content = answer.json()
        except (httpx.HTTPError, ValueError) as fault:
            raise RoomsUnreachable(f"the LiveKit server does not answer ({type(fault).__name__})") from None
        if answer.is_success and isinstance(content, dict):
            return cast("dict[str, Any]", content)
        code = cast("dict[str, Any]", content).get("code") if isinstance(content, dict) else None
        if code == "not_found":
            return {}
        raise RoomsUnreachable(f"the LiveKit server refuses {method} ({code or answer.status_code})")


def _admin(room: str) -> dict[str, Any]:
    return {"roomAdmin": True, "room": room}
