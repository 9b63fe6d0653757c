"""Starts the worker as `python -m livekit.agents start livekit/worker.py` does, but half of it at the same time."""

import runpy
import sys
from pathlib import Path

from livekit.preloaded import begin


def main() -> None:
    begin()
    sys.argv = [sys.argv[0], "start", str(Path(__file__).with_name("worker.py"))]
    runpy.run_module("livekit.agents", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
