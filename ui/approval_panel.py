"""The pane of one request: its head with the clock, the decision right under it, and the arguments one may change."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from graph.desk import Operator, Queue, Review
from ui import approval_view as view
from ui import words
from ui.components import mounts

Press = Callable[[int, tuple[tuple[str, int], ...], bool], None]


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


def bar(review: Review, who: Operator, queue: Queue, press: Press) -> None:
    """The decision, directly under the title."""
    number = review.row["number"]
    rows = tuple((a["approval_id"], a["version"]) for a in view.mine(review, who))
    why = view.shut(review, who, queue.beyond, queue.most)
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


def closed(review: Review, leave: Callable[[], None]) -> None:
    status = review.row["status"]
    with st.container(border=True, key="decision", gap="xsmall"):
        mounts.sheet([{"note": f"{words.OUTCOMES.get(status, status)}: nothing is left to decide here."}], key="closed")
        st.button("Go on", key="go_on", icon=":material/arrow_forward:", on_click=leave)


def arguments(review: Review, who: Operator) -> None:
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
            disabled=not review.editable or review.row["status"] != "open" or not view.mine(review, who),
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
