"""The tasks of the jobs process: deliver committed effects, and take over from workers that died."""

import asyncio
import logging
from collections.abc import Iterable

from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.connector import Notify
from procrastinate.jobs import Job

from domain.errors import ThroughlineError
from graph.delivery import Deliverer

_log = logging.getLogger(__name__)

_COMMITS = "throughline_change"
_LOOK_FOR_JOBS = '{"type": "job_inserted", "job_id": 0}'
_POLL_S, _BEAT_S, _DEAD_AFTER_S = 0.5, 1, 4
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 600.0
_PAUSE_AFTER_FAULT = 1.0
_DRAIN_S = 10


class DeliverAgain(ThroughlineError):
    """A delivery is not over; the job comes back after so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds:.1f} s")
        self.seconds = min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)


class AsAsked(BaseRetryStrategy):
    """A job ends only when its effects are settled; how often they are tried is counted in the outbox, not here."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        seconds = exception.seconds if isinstance(exception, DeliverAgain) else _PAUSE_AFTER_FAULT * (1 + job.attempts)
        return RetryDecision(retry_in={"milliseconds": int(1000 * min(seconds, _LONGEST_PAUSE))})


class WokenByCommits(PsycopgConnector):
    """Turns announce their commits once, after them; that announcement also means that there may be jobs."""

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        async def heard(*, channel: str, payload: str) -> None:
            await on_notification(channel=channel, payload=_LOOK_FOR_JOBS if channel == _COMMITS else payload)

        await super().listen_notify(on_notification=heard, channels=[*channels, _COMMITS])


def job_app(dsn: str, deliverer: Deliverer) -> App:
    """The tasks of the process."""
    app = App(connector=WokenByCommits(conninfo=dsn, min_size=1, max_size=4))

    @app.task(name="effects.deliver", retry=AsAsked())
    async def deliver(effect_ids: list[str]) -> None:
        for effect_id in effect_ids:  # in order: a later one may not overtake
            settled = await deliverer.deliver(effect_id)
            if settled.again_in is not None:
                raise DeliverAgain(settled.again_in)

    @app.periodic(cron="* * * * * */2")
    @app.task(name="jobs.rescue", queue="rescue", queueing_lock="rescue", priority=10)
    async def rescue(timestamp: int) -> None:
        """Without this a killed worker's jobs would stay begun for ever."""
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_S):
            await app.job_manager.retry_job(job)
        await deliverer.report_arrivals()

    assert deliver.name == "effects.deliver" and rescue.name == "jobs.rescue"
    return app


async def work(app: App, stop_event: asyncio.Event) -> None:
    """Deliver until the event is set, through whatever happens to the database; begun deliveries are finished."""
    while not stop_event.is_set():
        try:
            async with app.open_async():
                await _work_until(app, stop_event)
        except Exception as fault:  # noqa: BLE001  # the edge of the process: log, wait, go on
            _log.warning("worker paused", extra={"action": "worker_paused", "fault": type(fault).__name__})
        if not stop_event.is_set():
            await asyncio.sleep(_PAUSE_AFTER_FAULT)


async def _work_until(app: App, stop_event: asyncio.Event) -> None:
    worker = asyncio.create_task(
        app.run_worker_async(
            concurrency=8,
            fetch_job_polling_interval=_POLL_S,
            update_heartbeat_interval=_BEAT_S,
            stalled_worker_timeout=_DEAD_AFTER_S,
            shutdown_graceful_timeout=_DRAIN_S,
            delete_jobs="successful",
            install_signal_handlers=False,
        )
    )
    stopping = asyncio.create_task(stop_event.wait())
    try:
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        worker.cancel()
        ended = (await asyncio.gather(worker, return_exceptions=True))[0]
    if isinstance(ended, Exception):
        raise ended
