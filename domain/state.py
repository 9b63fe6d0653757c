"""The state of the graph: small, flat in size, JSON only; histories live in tables."""

from typing import Annotated, Any, TypedDict

Json = dict[str, Any]
WINDOW = 12  # messages kept for chat clients of the graph; the transcript is a table


def part(of: Json, key: str) -> Json:
    """A dictionary inside a dictionary, empty where it is missing or None."""
    found: Json | None = of.get(key)
    return found or {}


def last_messages(before: list[Json] | None, added: list[Json] | None) -> list[Json]:
    """Reducer of `messages`: append, keep the newest."""
    return [*(before or []), *(added or [])][-WINDOW:]


class ChainState(TypedDict, total=False):
    """One session between turns. Personal data stands only inside the dictionary channels, which are sealed at rest."""

    # input of a turn
    event: Json  # domain.events.Event
    refusal: Json | None  # what the database refused when this turn was decided before
    # where the session is
    session_id: str
    step: str
    overlay: str | None
    remembered: str | None
    epoch: int
    score: float
    place: Json  # recording, owner, line, channel, call_id, region, zone, entered_at, contact_id, opened
    # what is known and open
    facts: Json  # key -> fact in force
    intent: Json  # evidence, gates, confidence, structural, sums
    talk: Json  # what was asked and disclosed, how often each act was said
    deal: Json  # scope, quote, slots, appointment, transfer, order
    authority: Json  # open scopes, live capabilities
    messages: Annotated[list[Json], last_messages]
    # of this turn alone; the saver blanks them before it stores the checkpoint
    turn: Json  # working record: reading, rows fired, guards, now, policy version
    situation: Json
    plan: list[Json]
    effects: list[Json]
