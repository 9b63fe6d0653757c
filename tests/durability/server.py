"""A database server of a test's own, which may be killed."""

import os
import signal
from pathlib import Path

import psutil

KILLS = ("postmaster", "every process")


def kill_server(folder: Path, which: str) -> None:
    """At once; with the postmaster alone its children are left to find out by themselves."""
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    family = postmaster.children() if which == "every process" else []
    for process in [postmaster, *family]:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([postmaster, *family], timeout=10)
