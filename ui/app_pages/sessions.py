"""Sessions: the list, and with `?s=` the inspector of one: its way, its score, its thread, what held at any turn."""

from typing import Any

import streamlit as st

from graph.desk import Operator, SessionView
from ui import bridge, charts, identity, push, roster, told, undelivered, words
from ui import session_view as view
from ui.components import mounts
from ui.faults import said_plainly
from ui.thread_items import inspected

WHO: Operator = st.session_state["operator"]
TABS = ("Facts", "Tools and authority", "Guards", "Audit")


def open_session() -> None:
    st.query_params["s"] = st.session_state["roster"].opened


def back() -> None:
    st.query_params.pop("s", None)


@st.fragment(run_every="15s")
@said_plainly
def overview() -> None:
    mounts.live(*push.channel(WHO.sub), key="live_sessions")
    desk = bridge.desk()
    rows = bridge.call(desk.sessions())
    mounts.heading("Sessions", key="heading_sessions", sub="What needs a person stands first.", page=True)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        stage = st.segmented_control(
            "Stage",
            list(roster.STAGE_FILTERS),
            default=roster.ALL,
            required=True,
            label_visibility="collapsed",
            key="stage",
        )
        text = st.text_input(
            "Search",
            placeholder="Buyer, words or session",
            label_visibility="collapsed",
            width=300,
            type="search",
            key="find",
        )
    shown = roster.rows(rows, desk.clock.now(), stage or roster.ALL, text or "")
    empty = "No session fits." if rows else "No session yet. Begin one in Talk to it."
    mounts.roster(shown, key="roster", empty=empty, on_open=open_session)
    if st.query_params.get("s"):
        st.rerun()


def choose(turn: int | None) -> None:
    if turn:
        st.session_state["turn"] = int(turn)


def chosen_from(key: str) -> Any:
    return lambda: choose(st.session_state[key].turn)


def chosen_in_chart() -> None:
    picked = st.session_state["intent"].selection.get("pick") or []
    choose(picked[0].get("turn") if picked else None)


@st.fragment(run_every="15s")
@said_plainly
def inspector(session_id: str) -> None:
    mounts.live(*push.channel(WHO.sub, session_id), key="live_session", session=session_id)
    session = bridge.call(bridge.desk().session(session_id))
    st.button("All sessions", icon=":material/arrow_back:", type="tertiary", key="back", on_click=back)
    if not st.query_params.get("s"):
        st.rerun()
    if session is None:
        st.info("There is no such session.")
        return
    if st.session_state.get("inspected") != session_id:
        for key in ("turn", "upto"):
            st.session_state.pop(key, None)
        st.session_state["inspected"] = session_id
    upto = state_as_of(session)
    top(session, upto)
    told.show("notice_again")
    undelivered.strip(session.undelivered, session_id, press_again)
    score(session, upto)
    slider(session)
    left, right = st.columns([7, 6], gap="large")
    with left:
        items = inspected(session.thread(upto), session.head["buyer"])
        mounts.thread(items, key="thread", selected=st.session_state.get("turn"), on_turn=chosen_from("thread"))
    with right:
        tables(session, upto)


def press_again(session_id: str, effect_id: str) -> None:
    """Send again: who is there now is asked anew, and all checks are made again where the rows are locked."""
    who = identity.current()
    if who is None:
        return
    reason = (st.session_state.get(f"again_reason_{effect_id}") or "").strip()
    told.keep(undelivered.send(who, session_id, effect_id, reason), "notice_again")


def state_as_of(session: SessionView) -> int | None:
    """The turn that the slider stands at; None while it stands at the newest, so that new turns are followed."""
    upto: int | None = st.session_state.get("upto")
    return None if upto is None or upto >= session.last_turn else upto


def top(session: SessionView, upto: int | None) -> None:
    head = session.head
    meta: list[dict[str, Any]] = [
        {"text": words.CHANNELS.get(head["channel"] or "", "") or "no channel yet"},
        {"text": f"readiness {head['score']:.2f}"},
        {"text": f"confidence {head['confidence']:.2f}"},
        {"text": f"epoch {head['epoch']}"},
    ]
    if head["overlay"]:
        meta.append({"badge": words.OVERLAYS[head["overlay"]], "color": "orange"})
    if head["recording"] == "declined":
        meta.append({"badge": "recording declined: facts only", "color": "orange"})
    if head["label"] in ("talk", "test"):
        meta.append({"badge": {"talk": "demo", "test": "test"}[head["label"]], "color": "gray"})
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(width="stretch"):
            mounts.heading(
                head["buyer"],
                key="heading_session",
                badge={"text": words.stage(head["stage"]), "color": words.tint(head["stage"])},
                meta=meta,
                page=True,
            )
        for row in session.open_proposals[:2]:
            st.page_link(
                "app_pages/approvals.py",
                label=f"A-{row['number']} waits for a decision",
                icon=":material/approval:",
                query_params={"a": f"A-{row['number']}"},
            )
    mounts.ribbon(view.ribbon(session, upto), key="ribbon", on_turn=chosen_from("ribbon"))


def score(session: SessionView, upto: int | None) -> None:
    points = session.points(upto)
    if not points:
        st.caption("No turn was committed yet.")
        return
    chart = charts.intent(
        points,
        session.gates(),
        session.fading,
        theme=st.context.theme.type or "light",
        selected=st.session_state.get("turn"),
    )
    alt = f"Readiness over the turns, now {points[-1]['score']:.2f}"
    st.altair_chart(chart, key="intent", theme=None, on_select=chosen_in_chart, selection_mode="pick", alt=alt)


def slider(session: SessionView) -> None:
    if session.last_turn <= session.first_turn:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("State as of turn", width="content")
        st.slider(
            "State as of turn",
            session.first_turn,
            session.last_turn,
            value=session.last_turn,
            key="upto",
            label_visibility="collapsed",
            width="stretch",
        )


def tables(session: SessionView, upto: int | None) -> None:
    """Only the open tab is computed."""
    for tab, name in zip(st.tabs(TABS, key="tabs", on_change="rerun"), TABS, strict=True):
        if not tab.open:
            continue
        with tab:
            key = f"sheet_{name.split()[0].lower()}"
            if name == "Facts":
                sections = view.facts(session, upto)
            elif name == "Guards":
                sections = view.guards(session, upto)
            elif name == "Audit":
                sections = view.audit(*bridge.call(bridge.desk().audit(str(session.head["session_id"]))))
            else:
                sections = view.tools(session, upto)
            mounts.sheet(sections, key=key, on_turn=chosen_from(key))


asked = st.query_params.get("s")
if asked:
    inspector(asked)
else:
    overview()
