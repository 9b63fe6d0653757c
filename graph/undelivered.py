"""What could not be delivered: shown with the session, and sent once more under a person's signature."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.ports import Clock
from domain.refusal import Refused
from graph.eligibility import Operator
from memory import desk as rows
from memory import outbox, views
from memory.database import Pool
from memory.sealing import Sealer

GONE = Refused("still_failed", "It is settled by now: somebody has sent it again, or the agent has taken it back.")


class Again(BaseModel):
    """What came from a form."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    session_id: UUID
    effect_id: Annotated[str, Field(min_length=1, max_length=400)]
    reason: Annotated[str, Field(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The delivery has its tries anew; the signature stands on the session's chain."""

    kind: str
    audit_hash: str


async def send_again(pool: Pool, sealer: Sealer, clock: Clock, operator: Operator, again: Again) -> Sent | Refused:
    """One transaction: the effect is due again, its job is there, and who wanted it why is on the trail."""
    if not operator.roles:
        return Refused("role", "You may look, but none of your roles lets you send anything.")
    if not again.reason:
        return Refused("reason", "Say why it will arrive this time: the next person will want to know.")
    session_id, now = str(again.session_id), clock.now()
    async with rows.reached(pool) as connection:
        async with connection.transaction():
            session = await rows.lock_session(connection, session_id)
            active = await views.active_policy(connection)
            if session is None or active is None:
                return GONE
            found = await outbox.send_again(connection, session_id, again.effect_id, operator.name)
            if found is None:
                return GONE
            link = await rows.audit(
                connection,
                sealer,
                session,
                at=now,
                turn_id=f"again:{again.effect_id}:{now.isoformat()}",
                actor=f"operator:{operator.sub}",
                action="sent_again",
                policy_version=str(active["version"]),
                payload={
                    "effect": again.effect_id,
                    "kind": found["kind"],
                    "failed_with": found["failed_with"],
                    "by": operator.sub,
                    "name": operator.name,
                    "reason": again.reason,
                },
            )
        await rows.notify_change(connection, session_id)
    return Sent(str(found["kind"]), link)
