"""`throughline run`: everything that one machine needs, started in order and stopped cleanly."""

import asyncio
import json
import signal
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import filelock

from domain.errors import ThroughlineError
from graph.addresses import address, answers, choose_ports
from graph.clock import SystemClock
from graph.encryption_key import load_sealer
from graph.guardian import Guardian
from graph.installation import database_dsn, prepare_data_dir
from graph.media import config as media
from graph.processes import Supervisor, read_procfile
from graph.settings import ROOT, Settings, child_environment, load_settings
from memory.database import migrate, open_pool

_DATABASE_CHECK = 2.0
_START_PATIENCE = 120.0
_SPARE = frozenset({"media", "voice", "standby"})  # who has no voice can still sell in writing


class AlreadyRunning(ThroughlineError):
    """This data folder is being served already."""


def run(procfile: Path = ROOT / "Procfile") -> int:
    """Runs until Ctrl-C or SIGTERM; returns the exit code."""
    settings = load_settings()
    prepare_data_dir(settings)
    with ExitStack() as held:
        held.enter_context(_only_one(settings))
        ports = choose_ports(settings, held)
        rooms = _rooms_of_our_own(settings, held)
        environment = child_environment(
            {"data_dir": str(settings.data_dir), **{name: str(port) for name, port in ports.items()}, **rooms}
        )
        programs = [program for program in read_procfile(procfile) if rooms or program.name != "media"]
        guardian = held.enter_context(Guardian(environment, free_database=settings.database_url is None))
        supervisor = Supervisor(programs, environment, settings.log_dir, _say, guardian, cwd=ROOT, spare=_SPARE)
        asyncio.run(_serve(settings, supervisor, ports))
    _say("stopped")
    return 0


def _rooms_of_our_own(settings: Settings, held: ExitStack) -> dict[str, str]:
    """Where no LiveKit server is configured: what every process needs to know of the one that is started here."""
    if settings.livekit_url:
        return {}
    server = media.choose(settings.host, held)
    media.write(settings.media_dir, server)
    return {"livekit_url": server.url, "livekit_api_key": server.key, "livekit_api_secret": server.secret}


async def _serve(settings: Settings, supervisor: Supervisor, ports: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    await _prepare(settings)
    if supervisor.stopping:
        return
    _say(f"starting {', '.join(program.name for program in supervisor.programs)} ...")
    beside = [asyncio.create_task(_announce(settings, supervisor, ports))]
    if settings.database_url is None:
        beside.append(asyncio.create_task(_keep_database(settings, supervisor)))
    try:
        await supervisor.run()
    finally:
        for task in beside:
            task.cancel()
        ended = await asyncio.gather(*beside, return_exceptions=True)
    if failure := next((each for each in ended if isinstance(each, Exception)), None):
        raise failure


async def _prepare(settings: Settings) -> None:
    """Database, schema, data key and a policy: what every process takes for granted."""
    _say(f"data folder {settings.data_dir}")
    now = SystemClock().now()
    dsn = await asyncio.to_thread(database_dsn, settings)
    if applied := await migrate(dsn):
        _say(f"database: {len(applied)} migrations applied")
    load_sealer(settings, now.date())
    from graph.policy_book import ensure_policies

    async with open_pool(dsn, 1, 2) as pool:
        await ensure_policies(pool, settings, now)


async def _announce(settings: Settings, supervisor: Supervisor, ports: dict[str, int]) -> None:
    """The address, once somebody answers there: not before, or the first click meets an error."""
    host, port = settings.host, ports["console_port"]
    console = address(host, port)
    loop = asyncio.get_running_loop()
    late = loop.time() + _START_PATIENCE
    while not await answers(host, port, "/ready"):
        if not await supervisor.pause(0.25):
            return
        if loop.time() > late:
            _say(f"the console has not answered for {_START_PATIENCE:.0f} s, see {settings.log_dir / 'console.log'}")
            late = float("inf")
    _state_file(settings).write_text(json.dumps({"console": console}))
    _say(f"the API listens on {address(host, ports['api_port'])}, logs are in {settings.log_dir}")
    _say(f"ready: open {console}  (Ctrl-C stops everything)")


async def _keep_database(settings: Settings, supervisor: Supervisor) -> None:
    """The embedded server is nobody's child: if it was killed, somebody has to start it again."""
    while await supervisor.pause(_DATABASE_CHECK):
        try:
            await asyncio.to_thread(database_dsn, settings)
        except ThroughlineError as error:
            _say(f"the database is down: {error}")


def _state_file(settings: Settings) -> Path:
    return settings.data_dir / "running.json"


@contextmanager
def _only_one(settings: Settings) -> Generator[None]:
    """Held while this data folder is served; the second one is told where the first one is."""
    lock = filelock.FileLock(settings.data_dir / "running.lock", timeout=0, mode=0o600)
    state = _state_file(settings)
    try:
        lock.acquire()
    except filelock.Timeout:
        where = ""
        with suppress(OSError, ValueError):
            where = f": open {json.loads(state.read_text())['console']}"
        raise AlreadyRunning(f"Throughline runs in {settings.data_dir} already{where}") from None
    try:
        state.unlink(missing_ok=True)
        yield
        state.unlink(missing_ok=True)
    finally:
        lock.release()


def _say(text: str) -> None:
    with suppress(BrokenPipeError):
        sys.stdout.write(f"throughline: {text}\n")
        sys.stdout.flush()
