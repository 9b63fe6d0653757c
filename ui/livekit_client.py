"""Where the set-up puts the library that browsers call with; without it everything but calling works."""

from pathlib import Path

LIVEKIT_CLIENT = "vendor/livekit-client-2.23.0.umd.js"
MISSING = "The library to call with was not fetched: run `python3 setup --again` on a machine with network."
_STATIC = Path(__file__).with_name("static")


def fetched() -> bool:
    return (_STATIC / LIVEKIT_CLIENT).exists()
