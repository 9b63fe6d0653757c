"""The call bar of Talk to it: a place on a call for the buyer who is played here or, where there is none, why."""

from functools import partial
from typing import Any

import streamlit as st

from domain.contact import Identity
from domain.errors import ThroughlineError
from graph.calling import Readiness, RoomsUnreachable, readiness
from graph.settings import load_settings
from ui import bridge, buyer
from ui.components import mounts
from ui.livekit_client import ADDRESS, MISSING, fetched

_KEY = "call"
_WRITE = "Until then write: it is the same session."


@st.cache_data(ttl=2.0, show_spinner=False)
def voice() -> Readiness:
    """Asked once for all pages that are drawn within two seconds."""
    return readiness(load_settings())


def call_bar(identity: Identity) -> None:
    found = voice()
    lamp = "ok" if found.ready else "bad" if found.broken else "wait"
    if found.ready and not fetched():
        lamp, says = "bad", MISSING
    else:
        says = line_of(found)
    state: dict[str, Any] = {
        "ready": lamp == "ok",
        "lamp": lamp,
        "voice": says,
        "lib": ADDRESS,
        "missing": MISSING,
        "join": st.session_state.get("on_call"),
        "refused": st.session_state.get("call_refused"),
        "took": took(st.session_state.get("last_call"), identity),
        "who": buyer.shown(identity.value),
    }
    mounts.call(state, key=_KEY, on_call=partial(begin, identity), on_left=left)
    if lamp == "ok":
        link_to_call(identity)


def link_to_call(identity: Identity) -> None:
    """For a call from somebody else's browser, as the same buyer."""
    whose = (identity.kind, identity.value)
    made = st.session_state.get("call_link")
    if made and made[0] == whose:
        st.code(made[1], language=None, wrap_lines=True)
        st.caption("Whoever has this link calls as this buyer, for a day.")
    else:
        st.button(
            "Make a link to call",
            key="make_call_link",
            type="tertiary",
            on_click=make_link,
            args=(identity,),
            icon=":material/link:",
            help="A page of its own that a buyer can be sent.",
        )


def make_link(identity: Identity) -> None:
    calls = bridge.calls()
    if calls:
        made = bridge.call(calls.link(identity, "talk"))
        st.session_state["call_link"] = ((identity.kind, identity.value), made)


def way_back() -> None:
    """On every other page: a call goes on there, and its bar is in Talk to it."""
    if st.session_state.get("on_call"):
        st.page_link("app_pages/talk.py", label="On a call: back to it", icon=":material/call:")


def health_line() -> tuple[str, str, str]:
    """For the line of the machinery's state."""
    found = voice()
    return ("ok" if found.ready else "bad" if found.broken else "wait", "Voice", found.text)


def line_of(found: Readiness) -> str:
    """How voice is doing and, where it is not well, what to do."""
    if found.ready:
        return f"Voice {found.text}."
    if not found.broken:
        return f"Voice {found.text}. {_WRITE}"
    return f"Voice {found.text}. Its log: {load_settings().log_dir / 'media.log'}. {_WRITE}"


def begin(identity: Identity) -> None:
    """The browser has a microphone: a place on the call for it."""
    wish = st.session_state[_KEY].call
    try:
        calls = bridge.calls()
        if calls is None:
            raise RoomsUnreachable("no LiveKit server was started for this console")
        joined = bridge.call(calls.join(identity, "talk"))
    except ThroughlineError as fault:
        st.session_state["call_refused"] = {"wish": wish, "text": f"The call could not begin: {fault}. {_WRITE}"}
        return
    st.session_state["last_call"] = (identity.value, joined.call_id)
    st.session_state["on_call"] = {"wish": wish, "call": joined.call_id, "url": joined.url, "token": joined.token}


def left() -> None:
    """The browser is off the call. Only a buyer who hung up ends it; a lost line is waited for."""
    told = st.session_state[_KEY].left
    st.session_state["on_call"] = None
    calls = bridge.calls()
    if calls and told["hung_up"]:
        try:
            bridge.call(calls.hang_up(str(told["call"])))
        except ThroughlineError as fault:
            st.session_state["talk_fault"] = f"The call was left, and could not be ended: {fault}."


def took(last: tuple[str, str] | None, identity: Identity) -> str:
    """How long this buyer waited for the newest answer."""
    if last is None or last[0] != identity.value:
        return ""
    calls = bridge.calls()
    answer = bridge.call(calls.last_answer(last[1])) if calls else None
    return f"Last answer {answer.voice_ms} ms after the end of the words" if answer else ""
