"""The voice worker: `python -m livekit.agents start livekit/worker.py`."""

from graph.settings import load_settings
from livekit.serving import build_server

server = build_server(load_settings())
