"""A worker as it is built for real, whose jobs only note that they ran: there is no room behind this dispatch."""

import asyncio
import os
from pathlib import Path

from livekit.agents import AgentServer, JobContext, JobProcess

from graph.settings import load_settings
from livekit.job_metadata import call_of
from livekit.serving import FULL, build_server

FOLDER = Path(os.environ["DISPATCHED"])


def note(what: str) -> None:
    with (FOLDER / "notes").open("a") as notes:
        notes.write(what + "\n")


def warm(process: JobProcess) -> None:
    process.userdata["warm"] = True
    note("warm")


def load(server: AgentServer) -> float:
    """Of calls as it is for real; the processors of a test machine have other things to do as well."""
    given = FOLDER / "load"
    return float(given.read_text()) if given.exists() else FULL * len(server.active_jobs) / 2


async def work(ctx: JobContext) -> None:
    note(f"began {ctx.job.id} {call_of(ctx.job.metadata)} {ctx.proc.userdata['warm']} {ctx.local_participant_identity}")
    while not (FOLDER / f"end-{ctx.job.id}").exists():
        await asyncio.sleep(0.05)
    note(f"ended {ctx.job.id}")
    ctx.shutdown("over")


server = build_server(load_settings(None), work=work, setup=warm, load=load)
