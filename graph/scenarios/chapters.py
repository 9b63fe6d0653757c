"""Cuts a scenario into the pieces that one process plays: a new process begins with every turn, and with every kill."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.scenarios.format import Scenario
from graph.scenarios.steps import Step

# What makes a turn; everything else only changes the world around the session, or looks.
TURNS = frozenset({"say", "arrive", "line", "silence", "dial", "consult", "webhook", "operator", "again"})
OPENING = "opening"


@dataclass(frozen=True, slots=True)
class Placed:
    """A step and its number."""

    number: int
    step: Step

    @property
    def name(self) -> str:
        return self.step.id or f"step {self.number + 1}"

    @property
    def alone(self) -> bool:
        """A step that ends its process, or needs several."""
        return self.step.kill_at is not None or self.step.together is not None


Chapter = Sequence[Placed]


def steps_of(scenario: Scenario) -> Sequence[Placed]:
    """The steps, with the buyer's arrival before them where the opening is played."""
    first = (Step(arrive=scenario.channel, id=OPENING),) if scenario.opening else ()
    return [Placed(number, step) for number, step in enumerate((*first, *scenario.steps))]


def chapters(scenario: Scenario) -> list[Chapter]:
    """The steps of each process in order."""
    found: list[list[Placed]] = []
    for placed in steps_of(scenario):
        turn = placed.step.kind in TURNS and scenario.restart == "every_step"
        if not found or placed.alone or found[-1][-1].alone or (turn and _has_turn(found[-1])):
            found.append([])
        found[-1].append(placed)
    return [tuple(chapter) for chapter in found]


def _has_turn(chapter: Chapter) -> bool:
    return any(placed.step.kind in TURNS for placed in chapter)


def opening_replies(scenario: Scenario) -> dict[str, str]:
    """The two answers of an opening that are nowhere numbered: the name, and yes to the recording."""
    if not scenario.opening:
        return {}
    name = scenario.contact.name or "Dana Whitfield"
    return {"name": f"This is {name}", "name_confirm": f"Yes, this is {name}", "recording": "Yes, that's fine"}


def looked_back_at(scenario: Scenario) -> set[str]:
    """Steps that a later one needs to know the start of: what was minted before them."""
    wanted = [step.provoke.capability for step in scenario.flat_steps() if step.provoke]
    return {each.minted_before for each in wanted if not isinstance(each, str)}
