"""What every call's process needs, imported once: beside the worker's own imports, not after them."""

from multiprocessing import forkserver

# Shared by every job's process. The worker itself needs none of it: one that has died is back the sooner for what it
# does not import.
MODULES = (
    "livekit.call_job",
    "graph.service",
    "graph.build",
    "memory.checkpoints",
    "memory.situation",
    "memory.seats",
    "nodes.reading.read",
    "tools.calendar",
    "tools.contracts",
)
# The SDK adds these, in this order, to what it is told to preload; it cannot add to what already runs.
_OF_THE_SDK = ("livekit.agents.ipc._preload", "livekit.agents.ipc._preload_freeze")


def begin() -> None:
    """Start the process that jobs are forked from. Returns at once; the SDK finds it running."""
    forkserver.set_forkserver_preload([*MODULES, *_OF_THE_SDK])
    forkserver.ensure_running()
