"""What people and programs read after a run: one line per scenario, the differences below it, or one JSON document."""

import json
from collections.abc import Sequence

from graph.scenarios.runs import Result


def told(result: Result) -> str:
    """A line, and what was not as expected."""
    times = f", {result.repeats} times" if result.repeats > 1 else ""
    verdict = "ok  " if result.passed else "FAIL"
    line = f"{verdict} {result.scenario.id:6s} {result.scenario.title}  ({result.seconds:.1f} s{times})"
    return "\n".join([line, *(f"       {failure}" for failure in result.failures)])


def summary(results: Sequence[Result], seconds: float) -> str:
    failed = [result.scenario.id for result in results if not result.passed]
    count = f"{len(results) - len(failed)} of {len(results)} scenarios passed in {seconds:.0f} s"
    return f"{count}; failed: {', '.join(failed)}" if failed else count


def document(results: Sequence[Result]) -> str:
    entries = [
        {
            "id": result.scenario.id,
            "title": result.scenario.title,
            "passed": result.passed,
            "repeats": result.repeats,
            "failures": result.failures,
            "path": result.path,
            "seconds": round(result.seconds, 2),
        }
        for result in results
    ]
    passed = sum(result.passed for result in results)
    return json.dumps({"passed": passed, "failed": len(results) - passed, "scenarios": entries}, indent=2)
