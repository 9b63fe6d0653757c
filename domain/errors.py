"""Faults have one base class, so that every edge can tell ours from a library's."""


class ThroughlineError(Exception):
    """Something in Throughline failed; the message says what and what to do."""


class BadInput(ThroughlineError):
    """A value from outside is unusable; names the field, the problem and the remedy."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}. {remedy}")
        self.field, self.problem, self.remedy = field, problem, remedy


class TurnConflict(ThroughlineError):
    """Another turn of this session was committed first; the turn is decided again."""


class EventFailed(ThroughlineError):
    """Neither an answer nor the safe line could be given; the event is tried a few times more, then kept for people."""

    def __init__(self, turn_id: str) -> None:
        super().__init__(f"Event {turn_id} could not be served and waits for another try or for a person.")
        self.turn_id = turn_id


class EffectRefused(ThroughlineError):
    """The database refused an effect of the turn; the turn is decided again with this refusal as input."""

    def __init__(self, kind: str, guard: str, why: str, detail: dict[str, str] | None = None) -> None:
        super().__init__(f"{kind} refused by {guard}: {why}")
        self.kind, self.guard, self.why, self.detail = kind, guard, why, detail or {}
