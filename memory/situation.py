"""What the database knows about a session at the start of a turn: one query, one more for a session that is new."""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.errors import ThroughlineError
from domain.ports import Clock
from memory.database import Pool
from memory.queries import SQL
from memory.sealing import Sealer

UNHEARD_FOR = timedelta(days=60)  # older unheard lines prove nothing any more


class UnknownSession(ThroughlineError):
    """No session has this id."""


class Desk:
    """Implements the port SituationDesk."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Clock) -> None:
        self._pool, self._sealer, self._clock = pool, sealer, clock

    async def situation(self, session_id: str, speech_ids: Sequence[str]) -> dict[str, Any]:
        """JSON: epoch, audit_seq, audit_hash, policy_version, dnc_at, speech, proposals.

        For a new session also what the contact brings along: facts, place, consents.
        """
        since = self._clock.now() - UNHEARD_FOR
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                SQL["situation"], {"session_id": session_id, "speech_ids": list(speech_ids), "since": since}
            )
            row = await cursor.fetchone()
            if row is None:
                raise UnknownSession(f"No session {session_id}.")
            found: dict[str, Any] = {**row, "speech": row["speech"] or {}, "proposals": row["proposals"] or []}
            found["dnc_at"] = _iso(row["dnc_at"])
            if not row["policy_version"]:
                raise ThroughlineError("No policy is active. Run `throughline migrate`, or activate a policy version.")
            if row["turns"] == 0:
                cursor = await connection.execute(SQL["situation_of_contact"], {"contact_id": row["contact_id"]})
                inherited = await cursor.fetchone()
                found.update(self._inherited(inherited or {}, row["contact_id"]))
        return found

    def _inherited(self, row: dict[str, Any], contact_id: str) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        for fact in row.get("facts") or []:
            opened = self._open(fact.pop("sealed"))
            facts[fact["key"]] = {**fact, "value": opened.get("value"), "unit": opened.get("unit")}
        identities = [
            {"kind": i["kind"], "verified": i["verified"], "value": self._open(i["sealed"])["value"]}
            for i in row.get("identities") or []
        ]
        place: dict[str, Any] = {"contact_id": contact_id}
        if identities:
            place["identity"] = identities[0]
        name = facts.get("contact.name")
        if name:
            place["name_on_file"] = True
            facts["contact.name"] = {**name, "speaker": "system"}
        return {"facts": facts, "place": place, "consents": row.get("consents") or {}}

    def _open(self, sealed: str) -> dict[str, Any]:
        return self._sealer.open(base64.b64decode(sealed))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
