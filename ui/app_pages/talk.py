"""Talk to it: be the buyer in a chat, and watch stage, readiness and authority move beside it."""

from typing import Any

import streamlit as st

from domain.contact import Identity
from domain.errors import BadInput, ThroughlineError
from graph.desk import Health, Operator, SessionView
from ui import bridge, buyer, charts, push, words
from ui.call_bar import call_bar
from ui.components import mounts
from ui.faults import said_plainly
from ui.suggestions import suggestions
from ui.thread_items import chatted

WHO: Operator = st.session_state["operator"]
SORRY_AFTER_S = 6.0
NOBODY_RUNS = (
    "Nobody runs turns right now, so no answer can come. Your words are kept, and they are answered "
    "as soon as a turn runner is back (make run starts it)."
)


def you() -> Identity:
    """Whoever stands in the address or, where a link of the console dropped that, who was played before."""
    if "as" not in st.query_params and "played" in st.session_state:
        st.query_params["as"] = st.session_state["played"]
    found = buyer.of_address(st.query_params.get("as", ""))
    if "as" in st.query_params:
        st.session_state["played"] = found.value
    return found


def become() -> None:
    try:
        found = buyer.of_typed(st.session_state["you_are"])
    except BadInput as fault:
        st.session_state["talk_fault"] = str(fault)
        return
    st.query_params["as"] = found.value


def somebody_new() -> None:
    """A reserved number that has never been here."""
    desk = bridge.desk()
    number = buyer.invented()
    for _ in range(60):
        if bridge.call(desk.session_of(Identity("phone", number))) is None:
            break
        number = buyer.invented()
    st.query_params["as"] = number
    st.session_state["you_are"] = buyer.shown(number)


def send(text: str | None) -> None:
    """Store the words and wake a runner; the answer comes by push."""
    seen: str | None = st.session_state.get("seen_line")
    desk = bridge.desk()
    try:
        bridge.call(desk.say(you(), text, desk.turn_id(), seen=seen))
    except ThroughlineError as fault:
        st.session_state["talk_fault"] = str(fault)


def send_typed() -> None:
    send(st.session_state["say"])


def send_pill() -> None:
    picked = st.session_state.get(st.session_state["pill_key"])
    if picked:
        send(picked)


def acknowledge() -> None:
    """What was on the buyer's screen counts as delivered, and only that."""
    shown = st.session_state["chat"].shown
    session_id = st.session_state.get("talk_session")
    if shown and session_id:
        known = set(st.session_state.get("talk_unshown", ()))
        bridge.call(bridge.desk().delivered(session_id, [line for line in shown if line in known]))


@st.fragment(run_every="15s")
@said_plainly
def talk() -> None:
    desk, identity = bridge.desk(), you()
    session_id = bridge.call(desk.session_of(identity))
    mounts.live(*push.channel(WHO.sub, session_id or ""), key="live_talk", session=session_id or "")
    session = bridge.call(desk.session(session_id, 80)) if session_id else None
    health = bridge.call(desk.health())
    st.session_state["talk_session"] = session_id
    if health.policy_label == "local":
        with st.container(key="localpolicy"):
            mounts.banner(
                "Local policy: the AI may close.", "Each contract still waits for a person in Approvals.", key="banner"
            )
    chat, side = st.columns([7, 5], gap="large")
    with chat:
        mounts.heading(
            "Talk to it",
            key="heading_talk",
            sub="You are the buyer. The same graph, memory and policy as on a call.",
            page=True,
        )
        who_are_you(identity, new=session is None)
        conversation(session, health)
    with side:
        call_bar(identity)
        beside(session)


def who_are_you(identity: Identity, *, new: bool) -> None:
    if "you_are" not in st.session_state:
        st.session_state["you_are"] = buyer.shown(identity.value)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "You are",
            key="you_are",
            on_change=become,
            width=220,
            help="An invented number. It stands in the address of this page: a reload goes on with the same session.",
        )
        st.button("Be somebody new", key="new_number", on_click=somebody_new, icon=":material/person_add:")
        if new:
            st.button(
                "Open the chat",
                key="arrive",
                type="tertiary",
                on_click=send,
                args=(None,),
                help="Without a word: the agent greets first.",
            )
    fault = st.session_state.pop("talk_fault", None)
    if fault:
        mounts.sheet([{"alert": fault}], key="talk_fault_sheet")


def conversation(session: SessionView | None, health: Health) -> None:
    entries = session.thread() if session else []
    waiting = [row for row in session.waiting if row["status"] == "new"] if session else []
    unshown = session.unshown if session else []
    st.session_state["talk_unshown"] = unshown
    st.session_state["seen_line"] = session.last_line if session else None
    mounts.chat(
        chatted(entries),
        key="chat",
        typing=bool(waiting),
        sorry=sorry(session, waiting, health),
        unshown=unshown,
        prefixes=(bridge.links(),),
        on_shown=acknowledge,
    )
    head = session.head if session else {"step": "ENTRY.new", "overlay": None}
    pills(head["step"], head["overlay"], on_the_table(entries), len(entries))
    st.chat_input("Say something as the buyer", key="say", on_submit=send_typed, max_chars=10_000)


def on_the_table(entries: list[dict[str, Any]]) -> str | None:
    """The question that the agent's last lines put, if they put one."""
    for entry in reversed(entries):
        if entry["kind"] == "buyer":
            return None
        if entry["kind"] == "agent" and entry["asks"]:
            return str(entry["asks"])
    return None


def pills(step: str, overlay: str | None, asked: str | None, count: int) -> None:
    st.session_state["pill_key"] = key = f"pill_{count}"
    st.pills(
        "Suggestions",
        suggestions(step, overlay, asked),
        key=key,
        label_visibility="collapsed",
        on_change=send_pill,
        wrap=True,
    )


def sorry(session: SessionView | None, waiting: list[dict[str, Any]], health: Health) -> str:
    """Never silence: who waits is told why."""
    if not waiting or session is None:
        return ""
    if not health.runner_up:
        return NOBODY_RUNS
    late = (session.now - min(row["at"] for row in waiting)).total_seconds() > SORRY_AFTER_S
    return "This takes longer than usual. Your words are stored and will be answered." if late else ""


def beside(session: SessionView | None) -> None:
    if session is None:
        with st.container(border=True, key="beside"):
            mounts.sheet(
                [{"title": "Stage", "note": "No session yet. It begins with the first word."}], key="beside_empty"
            )
        return
    head = session.head
    with st.container(border=True, key="beside", gap="small"):
        where = words.step(head["step"])
        meta = [{"text": where}] if where else []
        if head["overlay"]:
            meta.append({"badge": words.OVERLAYS[head["overlay"]], "color": "orange"})
        mounts.heading(
            f"Readiness {head['score']:.2f}",
            key="heading_beside",
            badge={"text": words.stage(head["stage"]), "color": words.tint(head["stage"])},
            meta=meta,
        )
        points = session.points()
        if points:
            chart = charts.intent(
                points, session.gates(), session.fading, theme=st.context.theme.type or "light", height=180
            )
            st.altair_chart(
                chart, key="talk_intent", theme=None, alt=f"Readiness so far, now {points[-1]['score']:.2f}"
            )
        chips = [{"text": session.limit_of(scope), "color": words.tint(head["stage"])} for scope in session.scopes()]
        mounts.sheet(
            [{"title": "May do now", "chips": chips} if chips else {"title": "May do now", "note": "Nothing."}],
            key="may_do",
        )
    for row in session.open_proposals:
        with st.container(border=True, key=f"waits_{row['number']}", gap="xsmall"):
            mounts.heading(
                words.title(row),
                key=f"waits_heading_{row['number']}",
                meta=[{"badge": "waits for a person", "color": "orange"}, {"text": f"A-{row['number']}"}],
                due=row["deadline"].timestamp(),
                now=session.now.timestamp(),
            )
            st.page_link(
                "app_pages/approvals.py",
                label="Decide it in Approvals",
                icon=":material/approval:",
                query_params={"a": f"A-{row['number']}"},
            )
    st.page_link(
        "app_pages/sessions.py",
        label="Open this session in the inspector",
        icon=":material/arrow_outward:",
        query_params={"s": str(head["session_id"])},
    )


talk()
