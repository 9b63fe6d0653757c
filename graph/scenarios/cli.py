"""`throughline scenarios`: plays scenario files, says what was not as expected, and ends with a code for machines."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from domain.errors import BadInput, ThroughlineError
from graph.installation import database_of_command
from graph.scenarios.format import Scenario
from graph.scenarios.reading import load_scenarios
from graph.settings import Settings, load_settings

PASSED, FAILED, UNUSABLE = 0, 1, 2


def run_scenarios(paths: Sequence[Path], as_json: bool = False, repeat: int = 1, only: Sequence[str] = ()) -> int:
    """Exit code 0: all passed; 1: at least one failed; 2: a file cannot be used."""
    try:
        scenarios = chosen(load_scenarios(paths), only)
        settings = load_settings()
        with database_of_command(settings) as dsn:
            return _played(scenarios, settings, dsn, as_json=as_json, repeat=repeat)
    except ThroughlineError as fault:
        sys.stderr.write(f"throughline: {fault}\n")
        return UNUSABLE


def _played(scenarios: Sequence[Scenario], settings: Settings, dsn: str, *, as_json: bool, repeat: int) -> int:
    from graph.scenarios.report import document, summary, told  # the whole program: seconds to import
    from graph.scenarios.runs import Result, play_all

    def done(result: Result) -> None:
        if not as_json:
            _say(told(result))

    begun = time.monotonic()
    results = play_all(settings, dsn, scenarios, repeat, done)
    _say(document(results) if as_json else summary(results, time.monotonic() - begun))
    return PASSED if all(result.passed for result in results) else FAILED


def chosen(scenarios: Sequence[Scenario], only: Sequence[str]) -> list[Scenario]:
    """Those with these ids, or all."""
    known = {scenario.id for scenario in scenarios}
    for name in only:
        if name not in known:
            raise BadInput("--only", f"there is no scenario {name}", f"Use one of: {', '.join(sorted(known))}.")
    return [scenario for scenario in scenarios if not only or scenario.id in only]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
