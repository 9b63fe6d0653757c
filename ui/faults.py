"""The edge of every page: a fault of ours becomes a plain sentence, and the page tries again by itself."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from domain.errors import ThroughlineError

P = ParamSpec("P")


def said_plainly(body: Callable[P, None]) -> Callable[P, None]:
    """Put under `st.fragment`: there Streamlit would show the fault's name only."""

    @wraps(body)
    def shown(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            body(*args, **kwargs)
        except ThroughlineError as fault:
            st.error(
                "This part of the page cannot be shown now; it tries again every few seconds.", icon=":material/error:"
            )
            st.text(str(fault))

    return shown
