"""What the benchmark compares is the same conversation: the same nodes say the same on stock LangGraph."""

from pathlib import Path

import pytest

from bench.peers import peers
from bench.scratch import scratch


@pytest.mark.parametrize("name", ["stock async", "stock exit"])
async def test_stock_langgraph_says_the_same(fresh_dsn: str, tmp_path: Path, name: str) -> None:
    async with scratch(fresh_dsn, tmp_path) as world, peers(world) as all_peers:
        said = {who: [await all_peers[who].turn(f"{who}:buyer", n) for n in range(14)] for who in ("ours", name)}
    assert said[name] == said["ours"]
    assert len(set(said["ours"])) > 10, "a conversation, not the same line again"
