"""A whole sale with the local recogniser and the local voice on both sides: nobody is told what was said."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.calls import sale, shop
from bench.mouths import CONDITIONS, voices
from bench.rooms import ground
from domain.errors import BadInput
from graph.settings import load_settings
from livekit.prepared import checked
from tests.rooms.server import path_of_server

pytestmark = pytest.mark.soak


def ears() -> None:
    try:
        checked(load_settings(None).speech_dir)
    except BadInput as problem:
        if os.environ.get("REQUIRE_SPEECH") == "1":
            pytest.fail(f"REQUIRE_SPEECH=1, but {problem}")
        pytest.skip(str(problem))


async def test_a_sale_is_won_and_nothing_misheard_counts(
    fresh_dsn: str, make_server_folder: Callable[[], Path]
) -> None:
    ears()
    path_of_server()
    with ground(fresh_dsn, make_server_folder()) as at:
        async with shop(at) as here:
            outcome = await sale(here, voices(None, None)["local voice"], CONDITIONS[0])
    print(outcome, f"{outcome.wrong} of {outcome.words} words misheard")
    assert outcome.won, outcome
    assert (outcome.untrue, outcome.unmeant) == ([], [])
    assert outcome.wrong <= 0.1 * outcome.words
