"""Pages without a browser: roles, conflicts, edits, limits, hostile text, what is said where nothing can be shown."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from graph.clock import FixedClock
from graph.desk import Operator
from tests.screens.seed import HOSTILE, HOSTILE_NAME, ROOT, Seeded
from ui import bridge, identity

APP = str(ROOT / "ui" / "app.py")
pytestmark = pytest.mark.usefixtures("joined", "here")
Run = Any


@pytest.fixture
def db(seeded_dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(seeded_dsn, autocommit=True) as connection:
        yield connection


def opened(page: str | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"app_pages/{page}.py").run()
    assert not app.exception, app.exception
    return app


def act_as(monkeypatch: pytest.MonkeyPatch, name: str, *roles: str) -> None:
    monkeypatch.setattr(identity, "current", lambda: Operator(f"idp|{name}", name, frozenset(roles)))


def told(app: AppTest) -> str:
    """What the page says about the last click."""
    return str(shown(app, "notice")["text"])


def shown(app: AppTest, key: str) -> Any:
    """What a component was given."""
    import json

    found = next(
        node for node in app.get("bidi_component") if f"-{key}" in node.proto.id or node.proto.id.endswith(key)
    )
    return json.loads(found.proto.json)


# ---- approvals
def test_the_most_urgent_request_is_open_and_can_be_decided(seeded: Seeded) -> None:
    app = opened()
    number = seeded.numbers["Priya"]
    assert app.button(key=f"approve_{number}").label == "Approve" and not app.button(key=f"approve_{number}").disabled


def test_an_approval_is_told_and_leaves_the_queue(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    app.button(key=f"approve_{number}").click().run()
    assert f"A-{number} approved, signed" in told(app)
    found = db.execute("select status, decided_at is not null from proposals where number = %s", (number,)).fetchone()
    assert found == ("approved", True)
    assert "a" not in app.query_params


def test_one_click_signs_for_every_role_that_one_person_holds(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    number = seeded.numbers["Priya"]
    app = opened()
    app.button(key=f"approve_{number}").click().run()
    rows = db.execute(
        "select decided_by, status from approvals where proposal_id = %s", (seeded.proposals["Priya"],)
    ).fetchall()
    assert len(rows) == 2 and {status for _, status in rows} == {"approved"}
    assert len({by for by, _ in rows}) == 1


def test_an_edit_renames_the_button_and_is_signed_with_its_figures(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    app.number_input(key=f"discount_{number}").set_value(12.0).run()
    assert app.button(key=f"approve_{number}").label == "Approve with changes"
    app.button(key=f"approve_{number}").click().run()
    assert "with 12 % instead of 15 %" in told(app)
    body = db.execute("select body from proposals where number = %s", (number,)).fetchone()
    assert body is not None and body[0]["draft"]["amount"] == "2101.44"


@pytest.mark.parametrize(("name", "percent"), [("Dana", 22.0), ("Dana", 40.0), ("Rolf", 35.0)])
def test_an_impossible_edit_shuts_the_button(seeded: Seeded, name: str, percent: float) -> None:
    number = seeded.numbers[name]
    app = opened(a=f"A-{number}")
    app.number_input(key=f"discount_{number}").set_value(percent).run()
    assert app.button(key=f"approve_{number}").disabled and not app.button(key=f"reject_{number}").disabled


def test_a_limit_that_changed_after_drawing_is_checked_again(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    """What a page sends was typed into a browser: the desk does not believe it."""
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    app.session_state[f"discount_{number}"] = 34.0
    app.button(key=f"approve_{number}").click().run()
    assert "sales director" in told(app)
    assert db.execute("select status from proposals where number = %s", (number,)).fetchone() == ("open",)


def test_a_rejection_needs_a_reason(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    app.button(key=f"reject_{number}").click().run()
    assert "needs a reason" in told(app) and app.button(key=f"reject_{number}")
    app.text_input(key=f"reason_{number}").set_value("margin is too thin").run()
    app.button(key=f"reject_{number}").click().run()
    found = db.execute(
        "select p.status, a.reason from proposals p join approvals a using (proposal_id) where number = %s", (number,)
    ).fetchone()
    assert found == ("denied", "margin is too thin")


def test_the_second_of_two_operators_hears_who_was_first(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch, db: psycopg.Connection[Any]
) -> None:
    number = seeded.numbers["Dana"]
    act_as(monkeypatch, "Mia", "sales_manager")
    first = opened(a=f"A-{number}")
    act_as(monkeypatch, "Max", "sales_manager")
    second = opened(a=f"A-{number}")
    first.session_state["operator"] = Operator("idp|Mia", "Mia", frozenset({"sales_manager"}))
    first.button(key=f"approve_{number}").click().run()
    second.button(key=f"approve_{number}").click().run()
    assert "Already approved by" in told(second)
    assert db.execute("select count(*) from audit where action = 'approval_decided'").fetchone() == (1,)


def test_a_click_after_the_deadline_is_told_as_expired(seeded: Seeded, clock: FixedClock) -> None:
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    clock.advance(timedelta(minutes=31))
    app.button(key=f"approve_{number}").click().run()
    assert "time for an answer is over" in told(app)


def test_without_the_role_the_buttons_are_shut_and_say_why(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> None:
    act_as(monkeypatch, "Lea", "legal")
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    assert app.button(key=f"approve_{number}").disabled and app.button(key=f"reject_{number}").disabled
    assert app.number_input(key=f"discount_{number}").disabled


def test_a_role_taken_away_after_drawing_is_noticed_by_the_desk(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch, db: psycopg.Connection[Any]
) -> None:
    number = seeded.numbers["Dana"]
    act_as(monkeypatch, "Mia", "sales_manager")
    app = opened(a=f"A-{number}")
    act_as(monkeypatch, "Mia", "legal")
    app.button(key=f"approve_{number}").click().run()
    assert db.execute("select status from proposals where number = %s", (number,)).fetchone() == ("open",)


def test_a_request_that_was_decided_elsewhere_stays_in_the_pane_as_decided(
    seeded: Seeded, db: psycopg.Connection[Any]
) -> None:
    number = seeded.numbers["Dana"]
    app = opened(a=f"A-{number}")
    db.execute("update proposals set status = 'withdrawn' where number = %s", (number,))
    app.run()
    assert app.button(key="go_on") and all(button.key != f"approve_{number}" for button in app.button)


def test_a_selection_survives_a_more_urgent_arrival(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    app = opened()
    pinned = app.session_state["pinned"]
    db.execute(
        "update proposals set deadline = deadline - interval '29 minutes' where number = %s", (seeded.numbers["Dana"],)
    )
    db.execute("update sessions set line = 'up' where session_id = %s", (seeded.sessions["Dana"],))
    app.run()
    assert app.session_state["pinned"] == pinned == seeded.numbers["Priya"]


def test_an_empty_queue_says_what_appears_here_and_how_to_try_it(db: psycopg.Connection[Any]) -> None:
    db.execute("update proposals set status = 'denied', decided_at = opened_at")
    app = opened()
    assert any("15 percent off" in text.value for text in app.markdown)
    assert any(link.value == "Talk to it" for link in app.page_link) and app.expander(key="decided")


def test_a_deep_link_that_is_no_number_shows_the_queue() -> None:
    for address in ("A-x", "<script>", "A-99999999999999999999", "A-424242"):
        assert opened(a=address).session_state["pinned"]


# ---- who may come in
def test_a_public_address_without_sign_in_stays_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "listens_on_loopback", lambda: False)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert "stays closed" in app.error[0].value and not app.button and not app.get("bidi_component")


def test_sign_in_gives_the_roles_of_the_claims_and_no_others(monkeypatch: pytest.MonkeyPatch, seeded: Seeded) -> None:
    monkeypatch.setattr(identity, "sign_in_configured", lambda: True)
    number = seeded.numbers["Dana"]
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["a"] = f"A-{number}"
    app.user = {
        "is_logged_in": True,
        "sub": "u1",
        "iss": "https://idp",
        "name": "Mia",
        "groups": ["sales_manager", "root"],
    }
    app.run()
    assert not app.exception and not app.button(key=f"approve_{number}").disabled
    who = app.session_state["operator"]
    assert (who.sub, who.roles) == ("https://idp|u1", frozenset({"sales_manager"}))
    stranger = AppTest.from_file(APP, default_timeout=60)
    stranger.user = {"is_logged_in": False}
    stranger.run()
    assert stranger.button(key="signin") and not stranger.get("bidi_component")


def test_an_old_sign_in_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit does not look at the token's age."""
    monkeypatch.setattr(identity, "sign_in_configured", lambda: True)
    app = AppTest.from_file(APP, default_timeout=60)
    app.user = {"is_logged_in": True, "sub": "u1", "exp": 1_000_000_000, "groups": ["sales_manager"]}
    app.run()
    assert app.user == {"is_logged_in": False} and not app.get("bidi_component")


# ---- sessions
def test_the_inspector_follows_the_slider(seeded: Seeded) -> None:
    app = opened()
    app.query_params["s"] = seeded.sessions["Tom"]
    app.switch_page("app_pages/sessions.py").run()
    assert not app.exception
    ledger = [row["cells"] for row in shown(app, "sheet_facts")["sections"][0]["rows"]]
    assert next(cells[1]["t"] for cells in ledger if cells[0]["t"] == "quantity") == "10"
    app.slider(key="upto").set_value(5).run()
    assert not app.exception
    ledger = [row["cells"] for row in shown(app, "sheet_facts")["sections"][0]["rows"]]
    assert next(cells[1]["t"] for cells in ledger if cells[0]["t"] == "quantity") == "12"


def test_an_unknown_session_is_said_so() -> None:
    app = opened()
    app.query_params["s"] = "no-such-session"
    app.switch_page("app_pages/sessions.py").run()
    assert not app.exception and app.info[0].value == "There is no such session."


def test_hostile_text_reaches_components_only(seeded: Seeded) -> None:
    """Everything that Streamlit would read as Markdown was written by us."""
    number = seeded.numbers["Rolf"]
    pages = [opened(a=f"A-{number}"), opened("sessions"), opened("talk")]
    inspector = opened()
    inspector.query_params["s"] = seeded.sessions["Rolf"]
    inspector.switch_page("app_pages/sessions.py").run()
    chat = opened()
    chat.query_params["as"] = "+15125550133"
    chat.switch_page("app_pages/talk.py").run()
    for app in (*pages, inspector, chat):
        assert not app.exception
        for kind in ("markdown", "caption", "header", "subheader", "title", "text", "info", "toast"):
            for element in app.get(kind):
                value = str(getattr(element, "value", ""))
                assert "evil.example" not in value and "Haas" not in value
        for button in [*app.button, *app.get("page_link")]:
            assert "Haas" not in str(getattr(button, "label", ""))
    seen = str([node.proto.json for node in inspector.get("bidi_component")])
    assert "evil.example" in seen and "Haas" in seen and HOSTILE and HOSTILE_NAME


# ---- talk to it
def test_a_buyer_writes_and_the_words_are_there_at_once(db: psycopg.Connection[Any]) -> None:
    app = opened()
    app.query_params["as"] = "+15125550198"
    app.switch_page("app_pages/talk.py").run()
    app.chat_input(key="say").set_value("hello, we miss calls").run()
    assert not app.exception
    chat = shown(app, "chat")
    assert [(item["kind"], item["text"], item["note"]) for item in chat["items"]] == [
        ("buyer", "hello, we miss calls", "sent")
    ]
    assert chat["typing"] and "Nobody runs turns right now" in chat["sorry"]
    assert db.execute("select kind, channel from inbox").fetchall() == [("words", "chat")]


def test_a_runner_that_is_alive_needs_no_excuse(db: psycopg.Connection[Any]) -> None:
    db.execute("insert into heartbeats (process, kind) values ('api:here:1', 'api')")
    app = opened()
    app.query_params["as"] = "+15125550198"
    app.switch_page("app_pages/talk.py").run()
    app.chat_input(key="say").set_value("hello").run()
    assert shown(app, "chat")["sorry"] == "" and shown(app, "chat")["typing"]


def test_a_suggestion_is_said_like_typed_words(seeded: Seeded, db: psycopg.Connection[Any]) -> None:
    app = opened("talk")
    pills: Any = app.get("pills")[0]
    assert "Can you take 15 percent off?" in pills.options
    pills.set_value("Can you take 15 percent off?").run()
    assert not app.exception
    found = db.execute("select session_id::text, kind from inbox").fetchall()
    assert found == [(seeded.sessions["Dana"], "words")]


def test_a_reload_goes_on_with_the_session_of_the_number(seeded: Seeded) -> None:
    app = opened("talk")
    assert app.session_state["talk_session"] == seeded.sessions["Dana"]
    app.text_input(key="you_are").set_value("+1 512 555 0155").run()
    assert app.session_state["talk_session"] == seeded.sessions["Tom"]
    again = opened()
    again.query_params["as"] = app.query_params["as"]
    again.switch_page("app_pages/talk.py").run()
    assert again.session_state["talk_session"] == seeded.sessions["Tom"]
    again.text_input(key="you_are").set_value("my cat").run()
    assert again.session_state["talk_session"] == seeded.sessions["Tom"]
    again.button(key="new_number").click().run()
    assert again.session_state["talk_session"] is None and "555 01" in str(again.text_input(key="you_are").value)


def test_the_local_policy_is_labelled(db: psycopg.Connection[Any]) -> None:
    app = opened("talk")
    assert shown(app, "banner")["text"] == "Local policy: the AI may close."
    db.execute("update policies set label = ''")
    assert not any("banner" in node.proto.id for node in opened("talk").get("bidi_component"))


def test_pages_say_plainly_that_the_database_is_gone(joined: bridge.Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened()

    def gone() -> Any:
        raise bridge.Unanswered("No answer within 12 seconds; the database may be busy or gone.")

    monkeypatch.setattr(bridge, "desk", gone)
    app.run()
    assert not app.exception and "cannot be shown now" in app.error[0].value
    assert next(line[2] for line in shown(app, "health")["lines"]) == "does not answer"


def test_no_file_of_the_console_trusts_text_as_markup() -> None:
    """`innerHTML` and friends have no place in a component, nor unsafe HTML in a page."""
    for path in (ROOT / "ui").rglob("*"):
        if path.suffix == ".js":
            text = path.read_text("utf-8")
            assert not any(
                word in text for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
            )
        if path.suffix == ".py":
            assert "unsafe_allow" not in path.read_text("utf-8"), Path(path).name
