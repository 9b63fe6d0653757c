"""What only a browser shows: push, focus, hostile text, deep links, the phone's layout, and no stranger asked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.screens.conftest import Console, Tab
from tests.screens.seed import price
from tests.screens.story import Story

pytestmark = pytest.mark.browser


def number(console: Console, name: str) -> int:
    return console.seeded.numbers[name]


def raise_request(console: Console, phone: str, *, line: str = "none", minutes: float = 50) -> int:
    """Another buyer asks for a discount; a runner committed it and said so. Returns the request's number."""
    now = datetime.now(UTC)
    with psycopg.connect(console.dsn, autocommit=True) as db:
        story = Story(db, console.sealer, phone=phone, opened=now - timedelta(minutes=1))
        story.turn("15 percent off, please", "CLOSE.price", 0.83, rows=("T41",))
        story.head(line=line, channel="voice" if line == "up" else "chat")
        quote = price("team", 8, "15", 1, now)
        rules, roles = ("A1",), ("sales_manager",)
        proposal_id = story.propose(quote, rules, roles, ("discount.apply",), now + timedelta(minutes=minutes))
    console.run("select pg_notify('throughline_change', %s)", f'{{"session": "{story.session_id}"}}')
    return int(console.run("select number from proposals where proposal_id = %s", proposal_id)[0][0])


def answer(console: Console, phone: str, text: str) -> str:
    """A runner takes up the buyer's last words and commits one line; returns its speech id."""
    digest = console.sealer.digest("phone", phone)
    found = console.run(
        "select session_id::text from identities join sessions using (contact_id) where identity_hash = %s"
        " order by opened_at desc limit 1",
        digest,
    )
    with psycopg.connect(console.dsn, autocommit=True) as db:
        story = Story.going_on(db, console.sealer, found[0][0])
        story.turn("(words)", "BOOK.discovery", 0.3, says=(("answer_article", text),), status="queued")
        db.execute("update inbox set status = 'done' where session_id = %s", (found[0][0],))
    console.run("select pg_notify('throughline_change', %s)", f'{{"session": "{found[0][0]}"}}')
    return f"{story.turn_id}:0"


def card(page: Any, request: int) -> Any:
    return page.locator(f'.queue .item[data-id="A-{request}"]')


# ---- approvals
def test_the_clock_ticks(tab: Tab) -> None:
    page = tab.open()
    clock = page.locator(".queue .clock").first
    clock.wait_for()
    before = clock.inner_text()
    page.wait_for_timeout(2200)
    assert re.fullmatch(r"\d+:\d\d", before) and clock.inner_text() != before


def test_a_new_request_arrives_by_push_and_disturbs_nobody_who_types(tab: Tab, console: Console) -> None:
    page = tab.open(f"?a=A-{number(console, 'Dana')}")
    reason = page.get_by_role("textbox", name="Reason")
    reason.click()
    page.keyboard.type("half a sen")
    arrived = raise_request(console, "+15125550301", line="up", minutes=5)
    card(page, arrived).wait_for()
    tab.settle()
    assert card(page, number(console, "Dana")).get_attribute("aria-selected") == "true"
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Reason"
    page.keyboard.type("tence")
    assert reason.input_value() == "half a sentence"
    console.run("update proposals set status = 'withdrawn' where number = %s", arrived)


def test_an_edit_recomputes_everything_and_is_approved_with_changes(tab: Tab, console: Console) -> None:
    request = raise_request(console, "+15125550302")
    page = tab.open(f"?a=A-{request}")
    discount = page.get_by_role("spinbutton", name="Discount, %")
    discount.fill("40")
    discount.press("Tab")
    page.get_by_text("which nobody may approve").first.wait_for()
    approve = page.get_by_role("button", name="Approve with changes")
    approve.wait_for()
    assert approve.is_disabled()
    discount.fill("12")
    discount.press("Tab")
    page.locator(".sheet").get_by_text("1,400.96 USD").first.wait_for()  # 8 seats of 199 less 12 percent
    page.locator("blockquote", has_text="12 percent").wait_for()
    page.locator(".sheet").get_by_text("60.0 %").wait_for()
    page.get_by_role("button", name="Approve with changes").click()
    page.get_by_text(f"A-{request} approved with 12 % instead of 15 %").wait_for()
    card(page, request).wait_for(state="detached")
    assert console.run("select status from proposals where number = %s", request) == [("approved",)]
    assert f"a=A-{request}" not in page.url


def test_a_rejection_asks_for_its_reason(tab: Tab, console: Console) -> None:
    request = raise_request(console, "+15125550303")
    page = tab.open(f"?a=A-{request}")
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("A rejection needs a reason").wait_for()
    reason = page.get_by_role("textbox", name="Reason")
    reason.fill("not for eight seats")
    reason.press("Tab")
    tab.settle()
    page.get_by_role("button", name="Reject").click()
    page.get_by_text(f"A-{request} rejected").wait_for()
    assert console.run(
        "select reason from approvals join proposals using (proposal_id) where number = %s", request
    ) == [("not for eight seats",)]


def test_somebody_elses_decision_is_seen_without_a_reload(tab: Tab, console: Console) -> None:
    request = raise_request(console, "+15125550304")
    page = tab.open(f"?a=A-{request}")
    page.get_by_role("button", name="Approve", exact=True).wait_for()
    console.run("update proposals set status = 'withdrawn' where number = %s", request)
    console.announce("Dana")
    page.get_by_text("nothing is left to decide here").wait_for()


def test_a_phone_shows_the_queue_or_the_request_alone(phone: Tab, console: Console) -> None:
    page = phone.open()
    mine = card(page, number(console, "Dana"))
    mine.wait_for()
    assert not page.locator(".st-key-detailcol").is_visible()
    mine.click()
    back = page.get_by_role("button", name="All requests")
    back.wait_for()
    page.get_by_role("button", name="Approve", exact=True).wait_for()
    assert not page.locator(".st-key-queuecol").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert f"a=A-{number(console, 'Dana')}" in page.url
    back.click()
    mine.wait_for()
    assert not page.locator(".st-key-detailcol").is_visible()


def test_an_alert_is_given_for_a_new_request_and_only_where_it_is_wanted(tab: Tab, console: Console) -> None:
    page = tab.open()
    switch = page.get_by_role("switch")
    switch.wait_for()
    page.evaluate(
        """() => { window.Notification = class {
            constructor(title, more) { window.told = (window.told ?? []).concat(`${title} ${more.body}`) }
            static permission = "granted"
        } }"""
    )
    first = raise_request(console, "+15125550305")
    card(page, first).wait_for()
    page.locator('[data-fresh="1"]').wait_for(state="attached")
    assert page.evaluate("window.told") is None
    switch.click()
    page.get_by_role("switch", checked=True).wait_for()
    second = raise_request(console, "+15125550306")
    card(page, second).wait_for()
    for _ in range(100):  # wait_for_function evaluates text, which the page's policy forbids where it has to wait
        if page.evaluate("window.told"):
            break
        page.wait_for_timeout(50)
    assert page.evaluate("window.told") == [f"A request waits for a decision A-{second}"]
    for request in (first, second):
        console.run("update proposals set status = 'withdrawn' where number = %s", request)


# ---- hostile text
@pytest.mark.parametrize("path", ["?a=A-{number}", "sessions", "sessions?s={session}", "talk?as=%2B15125550133"])
def test_hostile_text_stays_text(tab: Tab, console: Console, path: str) -> None:
    page = tab.open(path.format(number=number(console, "Rolf"), session=console.seeded.sessions["Rolf"]))
    page.get_by_text("<img src=x onerror").first.wait_for()
    page.wait_for_timeout(800)
    assert page.title() != "pwned"
    assert page.locator("img[src='x'], a[href*='evil'], a[href^='javascript']").count() == 0
    assert page.get_by_text("APPROVED", exact=True).count() == 0  # a forged badge would stand alone


# ---- sessions
def test_the_list_sorts_and_opens(tab: Tab, console: Console) -> None:
    page = tab.open("sessions")
    page.locator(".roster tbody tr").first.wait_for()
    assert "waits for a decision" in page.locator(".roster tbody tr").first.inner_text()
    page.get_by_role("button", name="Buyer", exact=True).click()
    names = page.locator(".roster .open").all_inner_texts()
    assert names == sorted(names, key=str.lower)
    page.locator(f'.roster tr[data-id="{console.seeded.sessions["Tom"]}"]').click()
    page.get_by_role("heading", name="Tom Okafor").wait_for()
    assert console.seeded.sessions["Tom"] in page.url
    page.get_by_role("button", name="All sessions").click()
    page.locator(".roster tbody tr").first.wait_for()


def test_a_turn_chosen_in_a_table_is_shown_in_the_thread(tab: Tab, console: Console) -> None:
    page = tab.open(f"sessions?s={console.seeded.sessions['Dana']}")
    page.locator('.thread .line[data-turn="5"]').first.wait_for()
    page.get_by_role("tab", name="Guards").click()
    page.locator(".sheet .turn", has_text="turn 4").first.click()
    page.locator(".thread .line.current").first.wait_for()
    assert page.locator(".thread .line.current").first.get_attribute("data-turn") == "4"
    page.locator('.thread .line[data-turn="5"]').first.click()
    page.locator('.thread .line.current[data-turn="5"]').first.wait_for()
    page.get_by_role("tab", name="Audit").click()
    page.get_by_text(re.compile(r"The chain of \d+ rows holds")).wait_for()


def test_no_word_of_a_call_that_declined_recording(tab: Tab, console: Console) -> None:
    page = tab.open(f"sessions?s={console.seeded.sessions['Marta']}")
    page.get_by_text("recording declined: facts only").wait_for()
    page.locator(".thread .line").first.wait_for()
    text = page.locator(".thread").inner_text()
    assert "not kept: the recording of this call was declined" in text and "Who am I speaking with" not in text
    page.locator(".sheet").get_by_text("we want the calls of our clinic answered").wait_for()  # the fact


def test_one_time_links_are_the_buyers_alone(tab: Tab, console: Console) -> None:
    """Whoever holds such a link can accept for the buyer: operators see that it was sent, not the link."""
    token = "ab" * 32
    console.run(
        "update speech set sealed = %s where session_id = %s and act = 'commit_sent'",
        console.sealer.seal({"words": f"Sign here: http://127.0.0.1:8502/accept/{token}", "slots": {}}),
        console.seeded.sessions["Hugo"],
    )
    page = tab.open(f"sessions?s={console.seeded.sessions['Hugo']}")
    page.locator(".thread", has_text="Sign here").wait_for()
    assert token not in page.locator(".thread").inner_text() and token[:8] in page.locator(".thread").inner_text()


# ---- talk to it
def test_words_appear_at_once_and_the_answer_by_push(tab: Tab, console: Console) -> None:
    page = tab.open("talk?as=%2B15125550311")
    page.get_by_text("Nobody has said anything yet").wait_for()
    box = page.get_by_placeholder("Say something as the buyer")
    box.fill("we miss **calls** <b>after</b> hours")
    box.press("Enter")
    page.locator(".chat .row.buyer", has_text="we miss **calls** <b>after</b> hours").wait_for()
    page.locator(".chat .typing").wait_for()
    box.click()
    page.keyboard.type("and an")
    link = "http://127.0.0.1:8502/contract/abc"
    speech = answer(
        console, "+15125550311", f"Sure. {link} and not http://evil.example/x or https://127.0.0.1:8502.evil/"
    )
    page.locator(".chat .row.agent", has_text="Sure.").wait_for()
    tab.settle()
    page.keyboard.type("other")
    assert box.input_value() == "and another"
    assert page.locator(".chat a").evaluate_all("all => all.map(a => a.href)") == [link]
    assert page.locator(".chat a").get_attribute("rel") == "noopener noreferrer"
    for _ in range(100):
        if console.run("select status from speech where speech_id = %s", speech) == [("heard",)]:
            break
        page.wait_for_timeout(100)
    assert console.run("select status from speech where speech_id = %s", speech) == [("heard",)]
    page.reload()
    page.locator(".chat .row.agent", has_text="Sure.").wait_for()


def test_nobody_at_the_machine_is_said_in_plain_words(tab: Tab) -> None:
    page = tab.open("talk?as=%2B15125550312")
    page.locator('[data-testid="stPills"] button, [data-testid="stButtonGroup"] button').first.click()
    page.get_by_text("Nobody runs turns right now").wait_for()
    page.locator(".health .bad", has_text="is not running").wait_for()


def test_the_pushs_socket_is_open_on_every_page(tab: Tab) -> None:
    for path in ("", "sessions", "talk"):
        page = tab.open(path)
        page.locator('i[data-state="open"]').first.wait_for(state="attached")


def test_push_comes_back_after_the_database_dropped_every_connection(tab: Tab, console: Console) -> None:
    page = tab.open()
    page.locator(".queue .item").first.wait_for()
    console.run(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid() and application_name <> ''"
    )
    page.wait_for_timeout(3000)
    request = raise_request(console, "+15125550321")
    card(page, request).wait_for()
    assert page.locator(".health .ok", has_text="Database").count() == 1
    console.run("update proposals set status = 'withdrawn' where number = %s", request)
