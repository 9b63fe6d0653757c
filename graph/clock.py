"""The two clocks of the program: the real one, and one that tests and scenarios move by hand."""

from datetime import UTC, datetime, timedelta

from domain.errors import BadInput


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A time that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = _aware(now)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> datetime:
        if by < timedelta(0):
            raise BadInput("advance", "the clock cannot go back by a step", "Call set() to jump to an earlier time")
        self._now += by
        return self._now

    def set(self, to: datetime) -> datetime:
        self._now = _aware(to)
        return self._now


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise BadInput("clock", f"{moment.isoformat()} has no time zone", "Give an aware datetime")
    return moment.astimezone(UTC)
