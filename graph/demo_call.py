"""`throughline call`: the demo caller is a program of its own, because the graph knows nothing of rooms and sound."""

import subprocess
import sys
from collections.abc import Sequence

from graph.settings import child_environment


def run_caller(arguments: Sequence[str]) -> int:
    """Runs it to its end, with our input and output; returns its code."""
    command = [sys.executable, "-m", "livekit.caller", *arguments]
    return subprocess.run(command, env=child_environment({}), check=False).returncode
