"""The strip over a session's thread where something did not reach the buyer: what, why, and once more."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import streamlit as st
from pydantic import ValidationError

from domain.refusal import Refused
from graph.desk import Again, Operator
from ui import bridge, words
from ui.components import mounts
from ui.decision import Outcome

Press = Callable[[str, str], None]


def strip(rows: list[dict[str, Any]], session_id: str, press: Press) -> None:
    """One line for each delivery that failed for good, with a reason to give and a button."""
    for number, row in enumerate(rows):
        with st.container(border=True, key=f"undelivered_{number}", gap="xsmall"):
            mounts.sheet([{"alert": told(row)}], key=f"undelivered_why_{number}")
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.button(
                    "Send again",
                    icon=":material/replay:",
                    key=f"again_{row['effect_id']}",
                    on_click=press,
                    args=(session_id, row["effect_id"]),
                )
                st.text_input(
                    "Why it will arrive this time",
                    key=f"again_reason_{row['effect_id']}",
                    placeholder="Why it will arrive this time",
                    label_visibility="collapsed",
                    max_chars=500,
                    width="stretch",
                )


def told(row: dict[str, Any]) -> str:
    at: datetime = row["done_at"]
    times = "once" if row["attempts"] == 1 else f"{row['attempts']} times"
    what = words.EFFECTS.get(row["kind"], words.readable(row["kind"]))
    why = (row["reason"] or "no reason given").rstrip(".")
    return f"{what} was not delivered, tried {times} until {at:%H:%M} UTC: {why}."


def send(who: Operator, session_id: str, effect_id: str, reason: str) -> Outcome:
    """What a click on Send again comes to, in words."""
    try:
        again = Again.model_validate({"session_id": session_id, "effect_id": effect_id, "reason": reason})
    except ValidationError as fault:
        problem = fault.errors(include_url=False)[0]
        return Outcome(False, f"{words.readable(str(problem['loc'][0])).capitalize()}: {problem['msg']}.", done=False)
    result = bridge.call(bridge.desk().send_again(who, again))
    if isinstance(result, Refused):
        return Outcome(False, result.why, done=result.guard == "still_failed")
    what = words.EFFECTS.get(result.kind, words.readable(result.kind))
    return Outcome(True, f"{what} is sent again, signed {result.audit_hash[:8]}.", done=True)
