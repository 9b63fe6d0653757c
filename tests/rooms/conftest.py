"""One LiveKit server for all tests of rooms; each test has rooms of its own."""

from collections.abc import Iterator

import pytest

from tests.rooms.server import LiveKit, running


@pytest.fixture(scope="session")
def livekit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKit]:
    with running(tmp_path_factory.mktemp("livekit")) as server:
        yield server


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKit]:
    """For a module whose tests hurt it."""
    with running(tmp_path_factory.mktemp("livekit")) as server:
        yield server
