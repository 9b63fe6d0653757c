"""Expectations about one step alone: what it fired, said and asked, and which authority it took away."""

from collections.abc import Iterator, Sequence

from graph.scenarios.checks_trail import compared_path
from graph.scenarios.sight import Sight
from graph.scenarios.values import Move


def fired(sight: Sight, want: Sequence[Move]) -> Iterator[str]:
    yield from compared_path(want, sight.fresh("transitions"), "fired")


def asks(sight: Sight, want: str) -> Iterator[str]:
    lines = [row for row in sight.fresh("speech") if row["asks"]]
    got = lines[-1]["asks"] if lines else "none"
    if got != want:
        yield f"asks: {got} instead of {want}"


def said(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    acts = [row["act"] for row in sight.fresh("speech")]
    for act in want:
        if act not in acts:
            yield f"said: {act} was not said (said: {', '.join(acts) or 'nothing'})"


def not_said(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    for row in sight.fresh("speech"):
        if row["act"] in want:
            yield f"not_said: {row['act']} was said"


def epoch_rises(sight: Sight, want: bool) -> Iterator[str]:
    epoch = int(sight.head.get("epoch", 0))
    if (epoch > sight.mark.epoch) is not want:
        yield f"epoch_rises: it went from {sight.mark.epoch} to {epoch}"


def dead(sight: Sight, want: Sequence[str]) -> Iterator[str]:
    """Minted before the step, and refused by now: taken back, or of an older epoch."""
    epoch = int(sight.head.get("epoch", 0))
    for scope in want:
        mine = [
            r
            for r in sight.rows("capabilities", start=True)
            if r["scope"] == scope and (r["turn"] or 0) <= sight.mark.turns
        ]
        alive = [row for row in mine if row["dead_at"] is None and row["epoch"] == epoch]
        if not mine:
            yield f"dead: no capability for {scope} was minted before this step"
        for row in alive:
            yield f"dead: the capability {row['capability_id']} for {scope} lives"
