"""The console's own components: plain files without a build, in which every text is text and never markup."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from streamlit.components.v2 import component as register

Json = Mapping[str, Any]
Call = Callable[[], None]
_HERE = Path(__file__).parent


def _nothing() -> None:
    """A component keeps its state only where a callback is named."""


def _read(name: str) -> str:
    return (_HERE / name).read_text("utf-8")


def _component(name: str, html: str, *, styled: bool = True, before: str = "") -> Any:
    css = f"{_read('base.css')}\n{_read(f'{name}.css')}" if styled else None
    script = "\n".join((_read("dom.js"), before, _read(f"{name}.js")))
    return register(f"throughline_{name}", html=html, css=css, js=script)


_LIVE = _component("live", '<i aria-hidden="true" style="display:none"></i>', styled=False)
_ALERTS = _component(
    "alerts",
    '<div class="root"><button type="button" role="switch" aria-checked="false">'
    '<span class="track"></span><span class="says"></span></button></div>',
)
_HEALTH = _component("health", '<div class="root health" role="status"></div>')
_PERSON = _component("person", '<div class="root person"></div>')
_QUEUE = _component("queue", '<div class="root queue"></div>')
_HEADING = _component("heading", '<div class="root heading"></div>')
_SHEET = _component("sheet", '<div class="root sheet"></div>')
_BANNER = _component("banner", '<div class="root banner" role="note"></div>')
_NOTICE = _component("notice", '<div class="root notice" role="status" hidden></div>')
_ROSTER = _component("roster", '<div class="root roster"></div>')
_RIBBON = _component("ribbon", '<div class="root ribbon"></div>')
_THREAD = _component("thread", '<div class="root thread" tabindex="0"></div>')
_CHAT = _component(
    "chat",
    '<div class="root chat"><div class="scroll"><div class="empty"><b>Nobody has said anything yet</b>'
    "Write as the buyer, or pick one of the lines below.</div>"
    '<div class="log"></div><div class="typing" role="status" aria-label="The agent is writing" hidden>'
    "<i></i><i></i><i></i></div>"
    '<div class="sorry" role="status" hidden></div></div></div>',
)
_CALL = _component(
    "call",
    '<section class="root callbar" aria-label="Call"><div class="top" role="status"><i class="lamp"></i>'
    '<span class="state"></span><span class="clock"></span></div><div class="acts">'
    '<button type="button" class="begin">Call</button>'
    '<button type="button" class="mute" aria-pressed="false" hidden>Mute</button>'
    '<button type="button" class="hangup" hidden>Hang up</button></div>'
    '<p class="fault" role="alert" hidden></p><p class="voice"></p>'
    '<ol class="said" aria-label="What is said" hidden></ol><p class="took" hidden></p></section>',
    before=(_HERE.parent / "static" / "phone_line.js").read_text("utf-8"),
)


def live(token: str, path: str, seen: str, *, key: str, session: str = "") -> None:
    """The page's end of the push; a change reruns the fragment it stands in. Call it before reading anything."""
    data = {"token": token, "path": path, "session": session, "seen": seen}
    _LIVE(key=key, data=data, on_tick_change=_nothing, height="content")


def alerts(numbers: Sequence[int], *, key: str) -> None:
    """The switch for notification and sound, which also notices new numbers."""
    _ALERTS(key=key, data={"open": list(numbers)}, height="content")


def health(lines: Sequence[tuple[str, str, str]], *, note: str, key: str) -> None:
    """Lamp, name and word of each part of the machinery."""
    _HEALTH(key=key, data={"lines": [list(line) for line in lines], "note": note}, height="content")


def person(name: str, about: str, *, key: str) -> None:
    _PERSON(key=key, data={"name": name, "about": about}, height="content")


def banner(text: str, more: str, *, key: str) -> None:
    _BANNER(key=key, data={"text": text, "more": more}, height="content")


def notice(text: str, *, ok: bool, until: float, now: float, key: str) -> None:
    """What came of a click, until its time is over."""
    data = {"id": f"{until}:{text}", "text": text, "ok": ok, "until": until, "now": now}
    _NOTICE(key=key, data=data, height="content")


def queue(items: Sequence[Json], *, now: float, selected: str | None, key: str, on_open: Call) -> None:
    _QUEUE(
        key=key,
        data={"items": list(items), "now": now, "selected": selected},
        on_opened_change=on_open,
        height="content",
    )


def heading(
    title: str,
    *,
    key: str,
    sub: str = "",
    badge: Json | None = None,
    meta: Sequence[Json] = (),
    page: bool = False,
    due: float | None = None,
    now: float = 0.0,
) -> None:
    """A title with badges and, where a time runs, its clock."""
    data = {"title": title, "sub": sub, "badge": badge, "meta": list(meta), "due": due, "now": now}
    _HEADING(key=key, data={**data, "size": "page" if page else "part"}, height="content")


def sheet(sections: Sequence[Json], *, key: str, on_turn: Call = _nothing) -> None:
    """Tables of text. A row with a `turn` leads to it."""
    _SHEET(key=key, data={"sections": list(sections)}, on_turn_change=on_turn, height="content")


def roster(rows: Sequence[Json], *, key: str, empty: str, on_open: Call) -> None:
    """The list of sessions; the browser sorts it."""
    _ROSTER(key=key, data={"rows": list(rows), "empty": empty}, on_opened_change=on_open, height="content")


def ribbon(parts: Sequence[Json], *, key: str, on_turn: Call) -> None:
    _RIBBON(key=key, data={"parts": list(parts)}, on_turn_change=on_turn, height="content")


def thread(items: Sequence[Json], *, key: str, selected: int | None, on_turn: Call) -> None:
    _THREAD(key=key, data={"items": list(items), "selected": selected}, on_turn_change=on_turn, height="content")


def chat(
    items: Sequence[Json],
    *,
    key: str,
    typing: bool,
    sorry: str,
    unshown: Sequence[str],
    prefixes: Sequence[str],
    on_shown: Call,
) -> None:
    """The conversation; `unshown` are the lines to acknowledge once they were on screen."""
    data = {
        "items": list(items),
        "typing": typing,
        "sorry": sorry,
        "unshown": list(unshown),
        "prefixes": list(prefixes),
    }
    _CHAT(key=key, data=data, on_shown_change=on_shown, height="content")


def call(state: Json, *, key: str, on_call: Call, on_left: Call) -> None:
    """The bar to call with. `call` is a wish that comes with a number; `left` is a call that the browser is off."""
    _CALL(key=key, data=state, on_call_change=on_call, on_left_change=on_left, height="content")
