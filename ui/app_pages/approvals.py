"""Approvals: the queue on the left, one request on the right; on a phone one of the two."""

from typing import Any

import streamlit as st

from graph.desk import Operator, Queue, Review
from ui import approval_view as view
from ui import bridge, decision, identity, push, words
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
    st.session_state["flash"] = outcome
    if outcome.done:
        leave()


@st.fragment(run_every="15s")
@said_plainly
def approvals() -> None:
    mounts.live(*push.channel(WHO.sub), key="live_approvals")
    flash: decision.Outcome | None = st.session_state.pop("flash", None)
    if flash:
        st.toast(flash.text, icon=":material/check:" if flash.ok else ":material/error:", duration="long")
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
    desk = bridge.desk()
    review = bridge.call(desk.review(number, decision.exact(st.session_state.get(f"discount_{number}"))))
    if review is None:
        st.info("There is no such request.")
        return
    head(review)
    if review.row["status"] == "open":
        bar(review, queue)
    else:
        closed(review)
    left, right = st.columns([11, 10], gap="large")
    with left:
        reasons = [view.said(review), view.rules(review), view.authority(review), view.deciders(review)]
        mounts.sheet(reasons, key=f"why_{number}")
    with right:
        arguments(review)
        mounts.sheet([view.spoken(review), view.effect(review)], key=f"effect_{number}")


def head(review: Review) -> None:
    row = review.row
    waiting = row["waiting"].value
    meta: list[dict[str, Any]] = [
        {"text": f"A-{row['number']}"},
        {"text": row["buyer"]},
        {"text": f"readiness {row['score']:.2f}"},
        {"badge": words.WAITING[waiting], "color": {"on_line": "red", "in_chat": "orange"}.get(waiting, "gray")},
    ]
    open_now = row["status"] == "open"
    mounts.heading(
        words.title(row),
        key=f"heading_{row['number']}",
        sub=view.reason(review),
        badge={"text": words.stage(row["stage"]), "color": words.tint(row["stage"])},
        meta=meta,
        due=row["deadline"].timestamp() if open_now else None,
        now=review.now.timestamp(),
    )


def bar(review: Review, queue: Queue) -> None:
    """The decision, directly under the title."""
    number = review.row["number"]
    rows = tuple((a["approval_id"], a["version"]) for a in view.mine(review, WHO))
    why = view.shut(review, WHO, queue.beyond, queue.most)
    edited = review.draft is not None and review.seen.discount_pct != review.draft.discount_pct
    with st.container(border=True, key="decision", gap="xsmall"):
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.button(
                "Approve with changes" if edited else "Approve",
                type="primary",
                icon=":material/check:",
                key=f"approve_{number}",
                on_click=press,
                args=(number, rows, True),
                disabled=bool(why),
            )
            st.button(
                "Reject",
                icon=":material/close:",
                key=f"reject_{number}",
                on_click=press,
                args=(number, rows[:1], False),
                disabled=not rows or review.row["late"],
            )
            st.text_input(
                "Reason",
                key=f"reason_{number}",
                placeholder="Reason or note; needed to reject",
                label_visibility="collapsed",
                max_chars=500,
                width="stretch",
            )
        if why:
            mounts.sheet([{"alert": why}], key=f"shut_{number}")
        with st.container(horizontal=True, wrap=False, gap="small", vertical_alignment="center", key="fallback"):
            st.caption(view.fallback(review), width="stretch")
            st.page_link(
                "app_pages/sessions.py",
                label="Open the session",
                icon=":material/arrow_outward:",
                icon_position="right",
                query_params={"s": str(review.row["session_id"])},
            )


def closed(review: Review) -> None:
    status = review.row["status"]
    with st.container(border=True, key="decision", gap="xsmall"):
        mounts.sheet([{"note": f"{words.OUTCOMES.get(status, status)}: nothing is left to decide here."}], key="closed")
        st.button("Go on", key="go_on", icon=":material/arrow_forward:", on_click=leave)


def arguments(review: Review) -> None:
    """The typed arguments; what may be changed is a field, the rest stands beside it."""
    number, draft = review.row["number"], review.draft
    mounts.sheet([{"title": "Proposed action", "chips": [{"text": use, "color": "gray"} for use in review.row["uses"]]}], key=f"uses_{number}")  # noqa: E501  # fmt: skip
    if draft is None:
        return
    one, two, three = st.columns(3, gap="small")
    forget_stale_edit(number, draft.quote_hash)
    with one:
        st.number_input(
            "Discount, %",
            min_value=0.0,
            max_value=100.0,
            value=float(draft.discount_pct),
            step=0.5,
            format="%.2f" if draft.discount_pct % 1 else "%.1f",
            key=f"discount_{number}",
            disabled=not review.editable or review.row["status"] != "open" or not view.mine(review, WHO),
            help=None
            if review.editable
            else "The buyer has heard and acknowledged this price: it cannot be changed here.",
        )
    with two:
        st.text_input(
            "Seats",
            value=f"{draft.scope.quantity} {words.readable(draft.scope.product)}",
            disabled=True,
            key=f"seats_{number}",
        )
    with three:
        st.text_input("Term", value=draft.term, disabled=True, key=f"term_{number}")


def forget_stale_edit(number: int, quote_hash: str) -> None:
    """Somebody else's edit replaced the draft: what was typed over the old one is gone with it."""
    if st.session_state.get(f"draft_{number}", quote_hash) != quote_hash:
        st.session_state.pop(f"discount_{number}", None)
    st.session_state[f"draft_{number}"] = quote_hash


approvals()
