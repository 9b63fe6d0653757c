"""What the database knows about a session at the start of a turn: brought by the lease, or asked for."""

import base64
from typing import Any

from domain.errors import ThroughlineError
from memory.database import Pool
from memory.queries import SQL
from memory.run import current
from memory.sealing import Sealer


class UnknownSession(ThroughlineError):
    """No session has this id."""


class Desk:
    """Implements the port SituationDesk."""

    def __init__(self, pool: Pool, sealer: Sealer) -> None:
        self._pool, self._sealer = pool, sealer

    async def situation(self, session_id: str) -> dict[str, Any]:
        """JSON: epoch, audit_seq, audit_hash, policy_version, dnc_at, speech, proposals.

        For a new session also what the contact brings along: facts, place, consents.
        """
        row = current().take_situation()
        if row is None:
            known = await self._one("situation", session_id=session_id)
            if known is None:
                raise UnknownSession(f"No session {session_id}.")
            row = known["situation"]
        if not row["policy_version"]:
            raise ThroughlineError("No policy is active. Run `throughline migrate`, or activate a policy version.")
        found: dict[str, Any] = {**row, "speech": row["speech"] or {}, "proposals": row["proposals"] or []}
        if row["turns"] == 0:
            inherited = await self._one("situation_of_contact", contact_id=row["contact_id"])
            found.update(self._inherited(inherited or {}, row["contact_id"]))
        return found

    async def _one(self, query: str, **parameters: Any) -> dict[str, Any] | None:
        async with self._pool.connection() as connection:
            return await (await connection.execute(SQL[query], parameters)).fetchone()

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
