"""Entry script of the console: who is there, the pages, and the health line that stays in sight."""

from pathlib import Path

import streamlit as st

from domain.errors import ThroughlineError
from ui import bridge, call_bar, identity, push, words
from ui.components import mounts

HERE = Path(__file__).parent
# Section -> pages; each is a file in app_pages/ with its title, icon and the sentence under the pointer.
PAGES = {
    "Operate": (
        ("approvals", "Approvals", ":material/approval:", "What waits for a person's decision, most urgent first."),
        ("sessions", "Sessions", ":material/forum:", "All sessions, and everything about one of them."),
        ("talk", "Talk to it", ":material/chat:", "Be the buyer."),
    ),
}
DEFAULT = "approvals"


def pages(waiting: int) -> dict[str, list[st.Page]]:
    """The navigation, with the number of open requests beside the page that serves them."""
    return {
        section: [
            st.Page(
                f"app_pages/{name}.py",
                title=f"{title} ({waiting})" if name == DEFAULT and waiting else title,
                icon=icon,
                help=hint,
                url_path=name,
                default=name == DEFAULT,
            )
            for name, title, icon, hint in entries
        ]
        for section, entries in PAGES.items()
    }


def stay_closed() -> None:
    """What a visitor sees who is nobody we know."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.container(border=True, key="closed"):
        st.image(str(HERE / "static" / "icon.svg"), width=44)
        st.subheader("Throughline console", anchor=False)
        if identity.sign_in_configured():
            st.write("Sign in with your work account to see and decide what waits for people.")
            st.button("Sign in", type="primary", key="signin", on_click=st.login)
            st.caption("No account, or no role? Ask whoever runs this installation.")
        else:
            st.error("This console can be reached from other machines and has no sign-in, so it stays closed.")
            st.caption("Whoever runs it: use the address 127.0.0.1, or configure [auth] in ui/.streamlit/secrets.toml.")
    st.stop()


def operator() -> identity.Operator:
    try:
        found = identity.current()
    except identity.Expired:
        st.logout()
        st.stop()
    if found is None:
        stay_closed()
        st.stop()
    return found


@st.fragment(run_every="15s")
def machinery(who: identity.Operator) -> None:
    """Redrawn by every push: whether database and turn runner are there, which policy holds, what is new."""
    mounts.live(*push.channel(who.sub), key="live_all")
    try:
        desk = bridge.desk()
        health = bridge.call(desk.health())
        numbers = bridge.call(desk.open_numbers())
    except ThroughlineError as fault:
        lines = [("bad", "Database", "does not answer"), ("off", "Turn runner", "unknown")]
        mounts.health(lines, note=str(fault), key="health")
        return
    runner = "is running" if health.runner_up else "is not running: nobody answers buyers"
    lines = [
        ("ok", "Database", "answers"),
        ("ok" if health.runner_up else "bad", "Turn runner", runner),
        ("ok", "Policy", f"{health.policy_version}{f', {health.policy_label}' if health.policy_label else ''}"),
        call_bar.health_line(),
    ]
    mounts.health(lines, note=trouble(health), key="health")
    mounts.alerts(numbers, key="alerts")
    if st.session_state.get("nav_count") != len(numbers):
        st.session_state["nav_count"] = len(numbers)
        st.rerun()


def trouble(health: object) -> str:
    """What has been left lying, in one line; nothing where all is well."""
    counts = {
        "waiting for a turn": getattr(health, "waiting_events", 0),
        "failed turns": getattr(health, "dead_events", 0),
        "failed deliveries": getattr(health, "failed_effects", 0),
    }
    one = {"failed turns": "failed turn", "failed deliveries": "failed delivery"}
    return ", ".join(f"{n} {one.get(name, name) if n == 1 else name}" for name, n in counts.items() if n)


def signature(who: identity.Operator) -> None:
    """Under whose name decisions are signed."""
    roles = ", ".join(words.role(name) for name in identity.ROLES if who.holds(name))
    local = not identity.sign_in_configured()
    about = "Holds every role: this console can be reached from this machine only." if local else roles or "May look."
    mounts.person(who.name, about, key="person")
    if not local:
        st.button("Sign out", key="signout", on_click=st.logout, type="tertiary")


st.set_page_config(
    page_title="Throughline console",
    page_icon=str(HERE / "static" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=232,
)
st.html(HERE / "static" / "console.css")
st.logo(str(HERE / "static" / "logo.svg"), icon_image=str(HERE / "static" / "icon.svg"), size="large")
who = operator()
st.session_state["operator"] = who
page = st.navigation(pages(st.session_state.get("nav_count", 0)), expanded=True)
with st.sidebar:
    if page.url_path != "talk":
        call_bar.way_back()
    machinery(who)
    signature(who)
page.run()
