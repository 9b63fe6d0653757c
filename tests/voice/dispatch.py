"""The dispatch half of a LiveKit server: registers a worker, offers and gives it jobs, and notes what it says."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from livekit.protocol import agent, models

from livekit import api

KEY, SECRET = "key", "a secret of more than thirty-two letters"


@dataclass(slots=True)
class DispatchServer:
    """Serves one worker at a time, as the websocket protocol of workers wants it."""

    url: str = ""
    name: str = ""
    registrations: int = 0
    statuses: list[str] = field(default_factory=list[str])
    registered: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[str, asyncio.Future[agent.AvailabilityResponse]] = field(default_factory=dict)  # pyright: ignore[reportUnknownVariableType]
    _socket: web.WebSocketResponse | None = None

    async def _worker(self, request: web.Request) -> web.WebSocketResponse:
        socket = self._socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is web.WSMsgType.BINARY:
                said = agent.WorkerMessage()
                said.ParseFromString(message.data)
                await self._hear(socket, said)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, said: agent.WorkerMessage) -> None:
        kind = said.WhichOneof("message")
        if kind == "register":
            self.name, self.registrations = said.register.agent_name, self.registrations + 1
            answer = agent.ServerMessage()
            answer.register.worker_id = f"worker-{self.registrations}"
            await socket.send_bytes(answer.SerializeToString())
            self.registered.set()
        elif kind == "availability":
            self._answer(said.availability.job_id).set_result(said.availability)
        elif kind == "update_worker" and said.update_worker.HasField("status"):
            self.statuses.append(agent.WorkerStatus.Name(said.update_worker.status))

    def _answer(self, job_id: str) -> asyncio.Future[agent.AvailabilityResponse]:
        return self._answers.setdefault(job_id, asyncio.get_running_loop().create_future())

    async def offer(self, job_id: str, metadata: str, room: str = "") -> agent.AvailabilityResponse:
        """Ask the worker for a job, and give it where it is available; returns what it answered."""
        assert self._socket
        room = room or f"call-{job_id}"
        job = agent.Job(
            id=job_id,
            type=agent.JobType.JT_ROOM,
            room=models.Room(name=room, sid=f"RM_{job_id}"),
            metadata=metadata,
            dispatch_id=f"AD_{job_id}",
        )
        asked = agent.ServerMessage()
        asked.availability.job.CopyFrom(job)
        await self._socket.send_bytes(asked.SerializeToString())
        async with asyncio.timeout(20):
            answer = await self._answer(job_id)
        if answer.available:
            given = agent.ServerMessage()
            given.assignment.job.CopyFrom(job)
            grants = api.VideoGrants(room_join=True, room=room)
            token = api.AccessToken(KEY, SECRET).with_identity(answer.participant_identity).with_grants(grants)
            given.assignment.token = token.to_jwt()
            await self._socket.send_bytes(given.SerializeToString())
        return answer

    async def until_status(self, status: str, timeout: float = 15) -> None:
        async with asyncio.timeout(timeout):
            while not self.statuses or self.statuses[-1] != status:
                await asyncio.sleep(0.05)

    async def cut(self) -> None:
        """The connection breaks."""
        self.registered.clear()
        assert self._socket
        await self._socket.close()


@asynccontextmanager
async def dispatching() -> AsyncGenerator[DispatchServer]:
    server = DispatchServer()
    app = web.Application()
    app.add_routes([web.get("/agent", server._worker)])  # pyright: ignore[reportPrivateUsage]
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
