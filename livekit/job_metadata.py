"""What a dispatch says to a job: written by who asks for one, read by the worker before anything heavy is loaded."""

import json
from typing import Any


def call_of(metadata: str) -> str:
    """The id of the call that a dispatch is about; empty where it names none."""
    try:
        told_us: Any = json.loads(metadata)
    except ValueError:
        return ""
    call_id = told_us.get("call_id") if isinstance(told_us, dict) else None
    return call_id if isinstance(call_id, str) else ""


def dispatch_metadata(call_id: str) -> str:
    """What a dispatch says: which call it is about, and nothing about anybody."""
    return json.dumps({"call_id": call_id})
