"""What the demo caller does on a call: lines to say, moments to cut in, to mumble, to hang up and to come back."""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from domain.errors import BadInput

_Seconds = Annotated[float, Field(ge=0, le=600)]
_DOING = ("say", "wave", "interrupt", "mumble", "wait", "hang_up", "come_back")


class CallStep(BaseModel):
    """One thing to do. `say` and `wave` wait until the other side is quiet; `interrupt` until it speaks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    say: str | None = Field(None, min_length=1, max_length=1000)
    wave: Path | None = None
    interrupt: str | None = Field(None, min_length=1, max_length=1000)
    mumble: _Seconds | None = None
    wait: _Seconds | None = None
    hang_up: bool = False
    come_back: bool = False
    after: _Seconds = 0.0  # seconds into the other side's speech (interrupt, mumble), or before doing anything else
    hang_up_after: _Seconds | None = None  # seconds into one's own words

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        named = [name for name in _DOING if getattr(self, name) is not None and getattr(self, name) is not False]
        if len(named) != 1:
            raise ValueError(f"a step does one of {', '.join(_DOING)}")
        if self.hang_up_after is not None and named[0] not in ("say", "wave", "interrupt"):
            raise ValueError("hang_up_after is about words of one's own")
        return self


_STEPS = TypeAdapter(tuple[CallStep, ...])


def script_of(lines: list[str], path: Path | None) -> tuple[CallStep, ...]:
    """Lines to say, or the steps of a YAML file. Raises BadInput naming the step, the problem and the remedy."""
    if path is None:
        given: Any = [{"say": line} for line in lines]
    else:
        try:
            given = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
            raise BadInput("--script", f"{path} cannot be read ({problem})", "Give a YAML list of steps.") from None
    if not given:
        raise BadInput(
            "script", "there is nothing to do", 'Give lines to say, or --script with steps like: - say: "Hi"'
        )
    try:
        steps = _STEPS.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "script"
        problem = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"step {place}", problem, f"A step does one of {', '.join(_DOING)}.") from None
    folder = path.parent if path else Path.cwd()
    return tuple(step.model_copy(update={"wave": folder / step.wave}) if step.wave else step for step in steps)
