"""A speech service with an OpenAI-compatible interface on loopback, which can fail in every way that matters."""

import asyncio
import io
import socket
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

RATE = 24000


def tone(seconds: float = 0.5) -> bytes:
    """A wave file with a tone."""
    sound = (np.sin(np.arange(int(seconds * RATE)) / 8) * 9000).astype("<i2").tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(sound)
    return file.getvalue()


@dataclass(slots=True)
class SpeechServer:
    """`mode`: well, broken (500), stuck (never answers), half (audio that ends in the middle)."""

    port: int
    mode: str = "well"
    words: str = "from the service"
    logprob: float = -0.05
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    said: list[str] = field(default_factory=list[str])
    stop: Any = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def _fail(self) -> Response | None:
        if self.mode == "stuck":
            await asyncio.sleep(60)
        return JSONResponse({"error": {"message": "broken"}}, 500) if self.mode == "broken" else None

    async def hear(self, request: Request) -> Response:
        form = await request.form()
        self.asked.append({key: form.getlist(key) for key in form if key != "file"})
        if failed := await self._fail():
            return failed
        body: dict[str, Any] = {"text": self.words}
        if "verbose_json" in self.asked[-1]["response_format"]:
            segment = {"id": 0, "seek": 0, "start": 0, "end": 1, "text": self.words, "tokens": [], "temperature": 0,
                       "compression_ratio": 1, "avg_logprob": self.logprob, "no_speech_prob": 0.01}  # fmt: skip
            body |= {"task": "transcribe", "language": "english", "duration": 1.0, "segments": [segment]}
        elif "logprobs" in self.asked[-1].get("include[]", []):
            body["logprobs"] = [{"token": "x", "logprob": self.logprob, "bytes": [120]}]
        return JSONResponse(body)

    async def speak(self, request: Request) -> Response:
        self.said.append((await request.json())["input"])
        if failed := await self._fail():
            return failed
        sound = tone()
        if self.mode == "half":
            return StreamingResponse(_cut(sound), headers={"content-length": str(len(sound))}, media_type="audio/wav")
        return Response(sound, media_type="audio/wav")


async def _cut(sound: bytes) -> AsyncIterator[bytes]:
    yield sound[: len(sound) // 2]
    raise ConnectionError("cut")


@asynccontextmanager
async def speech_server(**given: Any) -> AsyncIterator[SpeechServer]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    service = SpeechServer(listening.getsockname()[1], **given)
    routes = [
        Route("/v1/audio/transcriptions", service.hear, methods=["POST"]),
        Route("/v1/audio/speech", service.speak, methods=["POST"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    serving = asyncio.create_task(server.serve(sockets=[listening]))

    async def stop() -> None:
        server.should_exit = True
        await asyncio.wait([serving])

    service.stop = stop
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield service
    finally:
        if not serving.done():
            await stop()
