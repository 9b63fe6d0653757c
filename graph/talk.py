"""`throughline talk`: be the buyer in a terminal, on the same chain, memory and policy as everybody else."""

import asyncio
import sys
import uuid
from datetime import timedelta

from domain.contact import Identity, identity_of
from domain.errors import BadInput
from domain.events import Event, EventKind
from domain.results import SpeechLine, TurnResult
from domain.stages import Channel
from graph.bootstrap import open_world, service_of
from graph.policy_book import ensure_policies
from graph.service import ChainService
from graph.settings import load_settings
from memory.database import migrate

HELP = "Type as the buyer. /where tells the stage, /wait lets a decision come in, /quit hangs up."
POLL_S = 0.3


async def talk(as_number: str, channel: str) -> None:
    """Talk until the input ends. Raises BadInput for a number or channel that cannot be."""
    identity = identity_of(as_number)
    if channel not in (Channel.CHAT, Channel.SMS, Channel.VOICE):
        raise BadInput("channel", f"{channel!r} is no channel to talk on", "Use chat, sms or voice.")
    settings = load_settings()
    from graph.installation import database_of_command

    with database_of_command(settings) as dsn:
        await migrate(dsn)
        async with open_world(settings) as world:
            await ensure_policies(world.pool, settings, world.clock.now())
            await Terminal(service_of(world), identity, Channel(channel)).run()


class Terminal:
    """One buyer at one terminal. What other runners commit for the session is shown as well."""

    def __init__(self, service: ChainService, identity: Identity, channel: Channel) -> None:
        self.service, self.identity, self.channel = service, identity, channel
        self.call_id = uuid.uuid4().hex[:8]
        self.session_id = ""
        self.last: TurnResult | None = None
        self.shown: set[str] = set()
        self.since = service.clock.now() - timedelta(seconds=1)

    async def run(self) -> None:
        self._print(f"You are {self.identity.value} on {self.channel}. {HELP}")
        if self.channel is not Channel.SMS:
            await self._turn(None)
        listener = asyncio.create_task(self._listen())
        try:
            while (line := await asyncio.to_thread(self._read)) is not None:
                if line == "/quit":
                    break
                await self._command(line)
        finally:
            listener.cancel()
            if self.channel is Channel.VOICE and self.session_id:
                await self._event(EventKind.LINE, {"state": "down", "call_id": self.call_id})

    def _read(self) -> str | None:
        if sys.stdin.isatty():
            sys.stdout.write("you: ")
            sys.stdout.flush()
        line = sys.stdin.readline()
        return line.rstrip("\n") if line else None

    async def _command(self, line: str) -> None:
        if line == "/where" and self.last:
            overlay = f" {self.last.overlay}" if self.last.overlay else ""
            self._print(f"[{self.last.step}{overlay}, intent {self.last.score:.2f}]")
        elif line == "/wait":
            await asyncio.sleep(2)
        elif line.startswith("/"):
            self._print(HELP)
        else:
            await self._turn(line)

    async def _turn(self, words: str | None) -> None:
        result = await self.service.arrive(
            self.channel,
            self.identity,
            turn_id=f"talk:{uuid.uuid4().hex}",
            words=words,
            data={"call_id": self.call_id} if self.channel is Channel.VOICE else {},
            label="talk",
        )
        self.session_id, self.last = result.session_id, result
        await self._show(list(result.speech))

    async def _show(self, lines: list[SpeechLine]) -> None:
        """Print the lines and say that they were heard; what follows from that is shown too."""
        for line in lines:
            if line.speech_id in self.shown:
                continue
            self.shown.add(line.speech_id)
            self._print(f"agent: {line.words}")
            kind, data = self._receipt(line)
            result = await self._event(kind, data, f"shown:{line.speech_id}")
            if result.ran:
                self.last = result
                await self._show(list(result.speech))

    def _receipt(self, line: SpeechLine) -> tuple[EventKind, dict[str, object]]:
        """A call reports a line that was heard, a text channel lines that were delivered."""
        if self.channel is Channel.VOICE:
            return EventKind.HEARD, {"speech_id": line.speech_id, "status": "heard"}
        return EventKind.DELIVERED, {"speech_ids": [line.speech_id]}

    async def _event(self, kind: EventKind, data: dict[str, object], turn_id: str | None = None) -> TurnResult:
        event = Event(turn_id or f"talk:{uuid.uuid4().hex}", kind, self.service.clock.now(), self.channel, data)
        return await self.service.submit(self.session_id, event)

    async def _listen(self) -> None:
        """Speech that a decision, a timer or a webhook brought about in another process."""
        while True:
            await asyncio.sleep(POLL_S)
            if self.session_id and (
                lines := await self.service.inbox.unheard(self.session_id, self.channel, self.since)
            ):
                await self._show(lines)

    @staticmethod
    def _print(text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
