"""Where the set-up puts the library that browsers call with; without it everything but calling works."""

from pathlib import Path

LIVEKIT_CLIENT = "vendor/livekit-client-2.23.0.umd.js"
ADDRESS = "livekit-client-2.23.0.js"  # on the console's server; caches keep it, so it names the version
MISSING = "The library to call with was not fetched: run `python3 setup --again` on a machine with network."
_STATIC = Path(__file__).with_name("static")


def fetched() -> bool:
    return (_STATIC / LIVEKIT_CLIENT).exists()
