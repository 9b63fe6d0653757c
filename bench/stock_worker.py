"""The stock agent's worker: `python -m livekit.agents start bench/stock_worker.py`."""

from bench.stock_agent import entry
from graph.settings import load_settings
from livekit.serving import build_server

server = build_server(load_settings(), work=entry)
