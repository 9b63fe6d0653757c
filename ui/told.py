"""What came of the last click, kept for as long as it takes to read it: a push redraws the page meanwhile."""

import time

import streamlit as st

from ui.components import mounts
from ui.decision import Outcome

_READ_S = 15.0


def keep(outcome: Outcome, key: str) -> None:
    """Kept, not shown once: the push of this very click redraws the page, and a toast would be lost with the run."""
    st.session_state[f"told_{key}"] = (outcome, time.time() + _READ_S)


def show(key: str) -> None:
    told: tuple[Outcome, float] | None = st.session_state.get(f"told_{key}")
    now = time.time()
    if told and told[1] > now:
        mounts.notice(told[0].text, ok=told[0].ok, until=told[1], now=now, key=key)
