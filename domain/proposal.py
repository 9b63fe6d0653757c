"""What people sign when they decide: one hash for an action, whether the agent drafted it or an operator changed it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any


def proposal_hash(proposal: Mapping[str, Any]) -> str:
    """SHA-256 of the exact action: what it does and on which facts, for how long, and what happens if nobody decides.

    `proposal` is a row of the table or the effect that will be one; it holds no words of the buyer, who may have them
    erased.
    """
    deadline = proposal["deadline"]
    covered = {
        "proposal_id": proposal["proposal_id"],
        "rules": list(proposal["rules"]),
        "uses": list(proposal["uses"]),
        "quote_hash": proposal["quote_hash"],
        "gate": proposal["gate"],
        "facts_used": list(proposal["facts_used"]),
        "deadline": (deadline if isinstance(deadline, datetime) else datetime.fromisoformat(deadline)).timestamp(),
        "fallback": proposal["fallback"],
        "body": proposal["body"],
    }
    return hashlib.sha256(json.dumps(covered, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
