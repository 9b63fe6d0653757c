"""Approvals: the queue on the left, one request on the right; on a phone one of the two."""

import streamlit as st

from graph.desk import Operator, Queue
from ui import approval_panel as panel
from ui import approval_view as view
from ui import bridge, decision, identity, push, told
from ui.components import mounts
from ui.faults import said_plainly

WHO: Operator = st.session_state["operator"]


def number_of(shown: str | None) -> int | None:
    digits = (shown or "").upper().removeprefix("A-")
    return int(digits) if digits.isdigit() and len(digits) < 12 else None


def open_item() -> None:
    """A card was chosen: it stays in the pane and in the address until it is left."""
    st.query_params["a"] = st.session_state["queue"].opened


def leave() -> None:
    st.query_params.pop("a", None)
    st.session_state.pop("pinned", None)


def press(number: int, rows: tuple[tuple[str, int], ...], approve: bool) -> None:
    """Approve or reject: who is there now is asked anew, and all checks are made again where the rows are locked."""
    desk, who = bridge.desk(), identity.current()
    if who is None:
        return
    outcome = decision.sign(
        bridge.call,
        desk.decide,
        who,
        number,
        rows,
        approve=approve,
        reason=(st.session_state.get(f"reason_{number}") or "").strip(),
        discount_pct=decision.exact(st.session_state.get(f"discount_{number}")),
    )
    told.keep(outcome, "notice")
    if outcome.done:
        leave()


@st.fragment(run_every="15s")
@said_plainly
def approvals() -> None:
    mounts.live(*push.channel(WHO.sub), key="live_approvals")
    told.show("notice")
    queue = bridge.call(bridge.desk().queue(WHO))
    asked = number_of(st.query_params.get("a"))
    with st.container(key="pagehead"):
        mounts.heading("Approvals", key="heading_approvals", sub=view.summary(queue), page=True)
    pinned = pin(queue, asked)
    if pinned is None:
        nothing(queue)
        return
    one_at_a_time(opened=asked is not None)
    left, right = st.columns([4, 9], gap="medium")
    with left, st.container(key="queuecol", gap="small"):
        items = [view.item(row, queue, WHO) for row in queue.items]
        mounts.queue(items, now=queue.now.timestamp(), selected=f"A-{pinned}", key="queue", on_open=open_item)
        if not items:
            st.caption("Nothing else is waiting.")
        done(queue)
    with right, st.container(key="detailcol"):
        st.button("All requests", key="wayback", icon=":material/arrow_back:", type="tertiary", on_click=leave)
        detail(pinned, queue)


def pin(queue: Queue, asked: int | None) -> int | None:
    """The request in the pane. A more urgent arrival never replaces what somebody reads or types into."""
    if asked is not None and bridge.call(bridge.desk().review(asked)) is not None:
        st.session_state["pinned"] = asked
        return asked
    kept: int | None = st.session_state.get("pinned")
    if kept in {row["number"] for row in queue.items}:
        return kept
    first = next((row["number"] for row in queue.items), None)
    st.session_state["pinned"] = first
    return first


def one_at_a_time(*, opened: bool) -> None:
    """A phone shows the queue, or the request alone with a way back."""
    hidden = ".st-key-queuecol, .st-key-pagehead" if opened else ".st-key-detailcol"
    st.html(f"<style>@media (max-width: 640px) {{ {hidden} {{ display: none !important; }} }}</style>")


def nothing(queue: Queue) -> None:
    with st.container(border=True, key="empty", gap="small"):
        mounts.heading(
            "Nothing waits for you",
            key="heading_empty",
            sub="Here appears what the agent may not decide alone: a discount above its limit, a large order, "
            "and, while it works at autonomy level 1, every contract before it leaves.",
        )
        st.markdown(
            "To try it: buy something in *Talk to it* and ask for 15 percent off once you have heard the price."
        )
        st.page_link("app_pages/talk.py", label="Talk to it", icon=":material/chat:")
    done(queue)


def done(queue: Queue) -> None:
    if queue.decided:
        with st.expander(f"Decided lately ({len(queue.decided)})", key="decided"):
            mounts.sheet([view.decided(queue.decided, queue.now)], key="sheet_decided")


def detail(number: int, queue: Queue) -> None:
    """The request in the pane, priced again for what was typed into its discount."""
    review = bridge.call(bridge.desk().review(number, decision.exact(st.session_state.get(f"discount_{number}"))))
    if review is None:
        st.info("There is no such request.")
        return
    panel.head(review)
    if review.row["status"] == "open":
        panel.bar(review, WHO, queue, press)
    else:
        panel.closed(review, leave)
    left, right = st.columns([11, 10], gap="large")
    with left:
        reasons = [view.said(review), view.rules(review), view.authority(review), view.deciders(review)]
        mounts.sheet(reasons, key=f"why_{number}")
    with right:
        panel.arguments(review, WHO)
        mounts.sheet([view.spoken(review), view.effect(review)], key=f"effect_{number}")


approvals()
