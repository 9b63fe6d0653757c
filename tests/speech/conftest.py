"""The local models, loaded once for all tests of speech; without prepared weights they are skipped by name."""

import os
from typing import Any

import pytest

from domain.errors import BadInput
from graph.settings import ROOT
from livekit import local_models
from livekit.local_models import OneAtATime

SPEECH = ROOT / ".tools" / "speech"


def _or_skip(load: Any, *given: Any) -> OneAtATime:
    try:
        return load(*given)
    except BadInput as problem:
        if os.environ.get("REQUIRE_SPEECH") == "1":
            pytest.fail(f"REQUIRE_SPEECH=1, but {problem}")
        pytest.skip(str(problem))


@pytest.fixture(scope="session")
def ear() -> OneAtATime:
    return _or_skip(local_models.recogniser, SPEECH)


@pytest.fixture(scope="session")
def mouth() -> OneAtATime:
    return _or_skip(local_models.voice)
