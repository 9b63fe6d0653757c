"""A scenario as a file states it: the setting, the steps, and what must be so afterwards."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from domain.policy_types import Block, Switch, Table, Word
from domain.stages import Channel
from graph.scenarios.expectations import FinalExpect
from graph.scenarios.setting import Autonomy, Contact, PolicyChanges, Seats, SessionPart, Start, Taken
from graph.scenarios.steps import Step
from graph.scenarios.values import Duration, Moment

CLOCK = "2026-11-24T15:00:00Z"
MAIN = "main"


class Scenario(Block):
    """One scenario. `contact` and `start` are those of the session `main`; several sessions stand under `sessions`."""

    id: Annotated[str, Field(strict=True, pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,40}$")]
    title: Word
    clock: Moment = Field(default=CLOCK, validate_default=True)  # pyright: ignore[reportAssignmentType]
    channel: Channel = Channel.VOICE
    autonomy: Autonomy = "default"
    policy: PolicyChanges = Field(default_factory=dict)
    seats: Seats = Seats()
    taken: tuple[Taken, ...] = ()
    contact: Contact = Contact()
    start: Start | None = None
    sessions: Table[Word, SessionPart] = Field(default_factory=dict)
    opening: Switch = False
    replies: Table[Word, str] = Field(default_factory=dict)
    pace: Duration = Field(default="4 s", validate_default=True)  # pyright: ignore[reportAssignmentType]
    playing: Duration = Field(default="2 s", validate_default=True)  # pyright: ignore[reportAssignmentType]
    restart: Literal["every_step", "on_kill"] = "every_step"
    steps: tuple[Step, ...]
    expect: FinalExpect

    def parts(self) -> dict[str, SessionPart]:
        """The sessions by name; a scenario that names none has one."""
        if self.sessions:
            return dict(self.sessions)
        return {MAIN: SessionPart(contact=self.contact, start=self.start)}

    def contact_of(self, name: str) -> Contact:
        part = self.parts()[name]
        return self.contact_of(part.contact_of) if part.contact_of else part.contact or Contact()

    def flat_steps(self) -> Iterator[Step]:
        for step in self.steps:
            yield step
            yield from step.together or ()

    @model_validator(mode="after")
    def _names(self) -> Self:
        """Every name that a step or an expectation uses is there."""
        names = set(self.parts())
        for step in self.flat_steps():
            if step.of_a_session and step.session not in names:
                raise _unknown("session", step.session, names)
        for name in self.expect.sessions:
            if name not in names:
                raise _unknown("session", name, names)
        for name, part in self.sessions.items():
            if part.contact_of is not None and (part.contact_of not in names or part.contact_of == name):
                raise _unknown("session", part.contact_of, names - {name})
        ids = [step.id for step in self.flat_steps() if step.id]
        if twice := {each for each in ids if ids.count(each) > 1}:
            raise PydanticCustomError("twice", "two steps have the id {id}", {"id": sorted(twice)[0]})
        for wanted in self._step_names():
            if wanted not in ids:
                raise _unknown("step", wanted, set(ids))
        return self

    def _step_names(self) -> Iterator[str]:
        for step in self.flat_steps():
            if step.again:
                yield step.again
            if step.provoke and not isinstance(step.provoke.capability, str):
                yield step.provoke.capability.minted_before
        for expect in (self.expect, *self.expect.sessions.values()):
            yield from (entry.step for entry in expect.facts_at if entry.step)

    def moment(self) -> datetime:
        return self.clock


def _unknown(what: str, name: str, names: set[str]) -> PydanticCustomError:
    known = ", ".join(sorted(names)) or "none is named"
    return PydanticCustomError("unknown_name", "there is no {what} {name} (known: {known})", {"what": what, "name": name, "known": known})  # noqa: E501  # fmt: skip


class ScenarioFile(Block):
    """A file of scenarios, after `like` and `steps_of` were written out."""

    scenarios: tuple[Scenario, ...]

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.scenarios:
            raise PydanticCustomError("none", "there is no scenario in the file")
        return self
