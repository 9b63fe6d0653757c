"""The worker as a LiveKit server sees it: which calls it takes, when it is full, and how it ends."""

import os
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
from livekit.agents import (
    AgentServer,
    JobContext,
    JobExecutorType,
    JobProcess,
    JobRequest,
    WorkerPermissions,
    utils,
)

from domain.errors import BadInput
from graph.media.status import note_registered, registered
from graph.settings import Settings, load_settings
from livekit.job_metadata import call_of
from livekit.log_privacy import keep_words_out
from livekit.preloaded import MODULES

FULL = 0.7  # the load at which no call is taken any more
_FIRST = 0.95 * FULL
_SAMPLE_S = 0.4
_WEIGHT = 0.25  # of the newest sample: a second's peak is no load


class Load:
    """What is told to the server: the machine's processors or the calls on it, whichever is the more."""

    def __init__(self, most_calls: int, most_cpu: float, first: Path | None = None) -> None:
        """With `most_cpu` 1 only the calls count. `first`: where the worker notes its life for which this one stands
        by, and seems full meanwhile."""
        self._most_calls, self._most_cpu, self._first = most_calls, most_cpu, first
        self._cpu, self._sampled = 0.0, 0.0
        self._lock = threading.Lock()  # the SDK asks from threads
        psutil.cpu_percent()

    def __call__(self, server: AgentServer) -> float:
        if self._first and registered(self._first):
            return 1.0
        return self.of(len(server.active_jobs))

    def of(self, calls: int) -> float:
        """Reaches FULL with the last call that may be held. A first call is taken however busy the machine is with
        other things: there may be no other worker, and a server drops what nobody takes."""
        busy = self.cpu() / self._most_cpu if self._most_cpu < 1 else 0.0
        load = FULL * min(1 / FULL, max(busy, calls / self._most_calls))
        return load if calls else min(load, _FIRST)

    def cpu(self) -> float:
        with self._lock:
            now = time.monotonic()
            if now - self._sampled >= _SAMPLE_S:
                sample = psutil.cpu_percent() / 100
                self._cpu = sample if not self._sampled else self._cpu + _WEIGHT * (sample - self._cpu)
                self._sampled = now
            return self._cpu


def prewarm(process: JobProcess) -> None:
    """Before a call is there: everything that a first sentence would have to wait for."""
    from graph.bootstrap import warm
    from livekit.speech import prewarm as load_models

    keep_words_out()
    settings = load_settings()
    warm(settings)
    load_models(settings)
    process.userdata["settings"] = settings


async def entry(ctx: JobContext) -> None:
    from livekit.call_job import serve

    await serve(ctx, ctx.proc.userdata["settings"])


class Door:
    """Which of the offered jobs are taken."""

    def __init__(self, server: AgentServer, most: int) -> None:
        self._server, self._most = server, most

    async def __call__(self, request: JobRequest) -> None:
        """Each job has a name of its own: two of one name would throw each other out of the room."""
        if not call_of(request.job.metadata):
            await request.reject(terminate=True)
        elif len(self._server.active_jobs) >= self._most:
            await request.reject(terminate=False)
        else:
            await request.accept(identity=utils.shortuuid("agent-"), name="agent")


def build_server(
    settings: Settings,
    *,
    work: Callable[[JobContext], Coroutine[Any, Any, None]] = entry,
    setup: Callable[[JobProcess], None] = prewarm,
    load: Callable[[AgentServer], float] | None = None,
) -> AgentServer:
    """Nothing is left to a default: those of the SDK differ between its start and its dev command."""
    key, secret = settings.livekit_api_key, settings.livekit_api_secret
    if not settings.livekit_url or key is None or secret is None:
        raise BadInput(
            "THROUGHLINE_LIVEKIT_URL",
            "address, key or secret of a LiveKit server is missing",
            "Give THROUGHLINE_LIVEKIT_URL, _API_KEY and _API_SECRET, or let `throughline run` start a server.",
        )
    keep_words_out()
    first = settings.media_dir if settings.voice_standby else None
    server = AgentServer(
        ws_url=settings.livekit_url,
        api_key=key.get_secret_value(),
        api_secret=secret.get_secret_value(),
        host=settings.host,
        port=0 if first else settings.voice_port,
        prometheus_port=None if first else settings.voice_metrics_port,
        setup_fnc=setup,
        load_fnc=load or Load(settings.voice_calls, settings.voice_cpu, first),
        load_threshold=FULL,
        num_idle_processes=0 if first else settings.voice_ready,
        job_executor_type=JobExecutorType.PROCESS,
        multiprocessing_context="forkserver",
        preload_modules=list(MODULES),
        initialize_process_timeout=60.0,
        job_memory_warn_mb=1500,
        job_memory_limit_mb=3000,
        drain_timeout=3600,
        shutdown_process_timeout=10.0,
        session_end_timeout=30.0,
        max_retry=1_000_000,  # a worker without a server waits for one; its health tells
        permissions=WorkerPermissions(
            can_publish=True,
            can_subscribe=True,
            can_publish_data=True,
            can_update_metadata=True,
            hidden=False,
        ),
        http_proxy=None,
        log_level="INFO",
    )
    if not first:
        server.on("worker_registered", lambda *_: note_registered(settings.media_dir, os.getpid()))
    server.rtc_session(work, agent_name=settings.livekit_agent, on_request=Door(server, settings.voice_calls))
    return server
