"""`throughline run` with a LiveKit server, as an operator has it, and the buyer's and the manager's way into it."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from domain.contact import Identity
from graph.bootstrap import World, open_world
from graph.calling import CallDesk, call_desk
from graph.desk import Decided, Desk, Operator, Verdict
from graph.media.readiness import readiness
from graph.settings import ROOT, Settings
from memory.deals import Deals
from tests.rooms.server import LiveKit
from tests.rooms.staff import environment_of, settings_of
from tests.screens.conftest import free_port

_START_S = 120.0
MANAGER = Operator("mara", "Mara", frozenset({"sales_manager"}))


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything runs in processes of its own; here are only the doors."""

    world: World
    calls: CallDesk
    desk: Desk
    folder: Path
    process: asyncio.subprocess.Process

    def heard(self, call_id: str, *lines: str) -> None:
        """What the scripted recogniser takes the next utterances of a call for."""
        with (self.folder / "scripts" / f"{call_id}.jsonl").open("a") as script:
            script.writelines(f'{{"text": "{line}"}}\n' for line in lines)

    async def session(self, identity: Identity) -> dict[str, Any]:
        """Where the buyer's session stands; empty where there is none."""
        session_id = await self.desk.session_of(identity)
        rows = await self.rows("select * from sessions where session_id = %s", session_id) if session_id else []
        return rows[0] if rows else {}

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.world.pool.connection() as connection:
            return await (await connection.execute(statement, values)).fetchall()  # pyright: ignore[reportArgumentType]

    async def speech(self, session_id: str) -> list[dict[str, Any]]:
        """The lines of a session in the order in which they were committed, opened."""
        rows = await self.rows("select * from speech where session_id = %s order by queued_at, ordinal", session_id)
        return [{**row, **self.world.sealer.open(row["sealed"])} for row in rows]

    async def turns(self, session_id: str, kind: str) -> list[dict[str, Any]]:
        rows = await self.rows(
            "select * from turns where session_id = %s and kind = %s order by turn", session_id, kind
        )
        return [{**row, **self.world.sealer.open(row["sealed"])} for row in rows]

    async def stands(self, session_id: str, step: str) -> bool:
        found = await self.rows("select 1 from sessions where session_id = %s and step = %s", session_id, step)
        return bool(found)

    async def waiting(self, session_id: str) -> bool:
        """Whether a person has to decide."""
        return bool(await self.rows("select 1 from proposals where session_id = %s and status = 'open'", session_id))

    async def being_said(self, session_id: str, act: str) -> bool:
        return any((line["act"], line["status"]) == (act, "queued") for line in await self.speech(session_id))

    async def nothing_waits(self, session_id: str) -> bool:
        """Whether all that was to be said was said, or cut."""
        return not any(line["status"] == "queued" for line in await self.speech(session_id))

    async def asked(self, session_id: str, question: str) -> bool:
        """Whether the buyer has heard the question, on the call."""
        return any(
            line["asks"] == question and (line["status"], line["channel"]) == ("heard", "voice")
            for line in await self.speech(session_id)
        )

    async def heard_act(self, session_id: str, act: str) -> bool:
        return any(
            line["act"] == act and (line["status"], line["channel"]) == ("heard", "voice")
            for line in await self.speech(session_id)
        )

    async def links(self, session_id: str) -> dict[str, str]:
        """The tokens of what was sent to sign and to pay."""
        async with self.world.pool.connection() as connection:
            found = await Deals(connection, self.world.sealer).links(session_id)
        return {link["kind"]: link["token"] for link in found}

    async def dialogue(self, identity: Identity) -> list[str]:
        """Who said what, for a person who wants to know what went wrong."""
        session = await self.session(identity)
        turns = await self.rows("select * from turns where session_id = %s order by turn", session.get("session_id"))
        opened = [{**turn, **self.world.sealer.open(turn["sealed"])} for turn in turns]
        said = [(t["at"], f"buyer ({t['kind']} -> {t['step_after']}): {t.get('words') or ''}") for t in opened]
        spoken = await self.speech(str(session["session_id"])) if session else []
        said += [(line["queued_at"], f"agent ({line['act']}, {line['status']}): {line['words']}") for line in spoken]
        return [f"{at:%M:%S.%f} {text}" for at, text in sorted(said)]

    async def refusals(self, session_id: str) -> list[str]:
        """Which guards held a commitment back, for the same person."""
        rows = await self.rows(
            "select * from guard_results where session_id = %s and transition = 'T31' and not held", session_id
        )
        return [f"{row['turn_id']}: {row['guard']} ({row['value']})" for row in rows]

    async def approve(self, session_id: str) -> None:
        """A manager at the console approves what this session waits for."""
        queue = await self.desk.queue(MANAGER)
        (item,) = [each for each in queue.items if str(each["session_id"]) == session_id]
        row = next(each for each in item["approvals"] if each["status"] == "open")
        verdict = Verdict(approval_id=row["approval_id"], version=row["version"], approve=True)
        assert isinstance(await self.desk.decide(MANAGER, verdict), Decided)

    async def sign_and_pay(self, session_id: str, name: str) -> None:
        """The buyer's part in a browser."""
        links = await self.links(session_id)
        base = self.world.settings.buyers_url
        async with httpx.AsyncClient(base_url=base, trust_env=False) as browser:
            signed = await browser.post(f"/accept/{links['contract']}", data={"name": name, "agreed": "yes"})
            assert signed.status_code == 303, signed.text
            async with asyncio.timeout(20):
                while (paid := await browser.post(f"/pay/{links['payment']}", data={"result": "succeeded"})).is_error:
                    await asyncio.sleep(0.2)
            assert paid.status_code == 303, paid.text


@asynccontextmanager
async def installed(dsn: str, server: LiveKit, folder: Path, **more: Any) -> AsyncGenerator[Installation]:
    """Until a call can be taken. With the LiveKit server that is given, so nothing is built or shared."""
    console, api = free_port(), free_port()
    ports = {"console_port": str(console), "api_port": str(api)}
    settings = settings_of(dsn, server, folder, free_port(), **ports, **more)
    (folder / "data").mkdir(exist_ok=True)
    environment = environment_of(settings)
    with (folder / "run.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "graph.cli", "run", cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        await _ready(settings, process, folder)
        async with open_world(settings) as world, call_desk(world) as calls:
            assert calls
            desk = Desk(world.pool, world.sealer, world.clock, world.policies, world.lines)
            yield Installation(world, calls, desk, folder, process)
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(60):
            await process.wait()


async def _ready(settings: Settings, process: asyncio.subprocess.Process, folder: Path) -> None:
    log = folder / "run.log"
    async with asyncio.timeout(_START_S):
        while not (await asyncio.to_thread(readiness, settings)).ready:
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.1)
        while "ready: open" not in log.read_text():
            assert process.returncode is None, log.read_text()
            await asyncio.sleep(0.1)


async def eventually(found: Any, seconds: float = 30.0) -> Any:
    """The first value of an awaitable question that counts as yes."""
    async with asyncio.timeout(seconds):
        while not (value := await found()):
            await asyncio.sleep(0.05)
        return value
