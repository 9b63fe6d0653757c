"""What the tests of scenarios share: the runner as a process of its own, on the test run's server."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from graph.settings import ROOT, child_environment

HERE = Path(__file__).parent
MACHINERY = HERE / "machinery"
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True)
class Run:
    """How a run of the command ended."""

    code: int
    text: str
    complaint: str

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The results by the scenario's id."""
        return {entry["id"]: entry for entry in json.loads(self.text)["scenarios"]}


def left_behind(dsn: str) -> list[str]:
    """Databases of runs that nobody dropped."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute("select datname from pg_database where datname like 'throughline_scenario%'")
        return [str(name) for (name,) in found.fetchall()]


Runner = Callable[[Sequence[str]], Run]


@pytest.fixture(scope="session")
def run_command(postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """`throughline scenarios` with these arguments."""
    folder = tmp_path_factory.mktemp("scenarios")
    environment = child_environment({"database_url": postgres_dsn, "data_dir": str(folder)})

    def run(arguments: Sequence[str]) -> Run:
        command = [sys.executable, "-m", "graph.cli", "scenarios", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def played(run_command: Runner) -> Run:
    """Every scenario of the suite, twice: the second time with shuffled jobs and doubled events."""
    return run_command([str(HERE), str(MACHINERY), "--json", "--repeat", "2"])
