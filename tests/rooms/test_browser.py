"""A browser calls: from Talk to it, and from the page that a buyer is sent a link to."""

import asyncio
import os
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.contact import Identity
from tests.rooms.installation import Installation, eventually, installed
from tests.rooms.server import LiveKit
from tests.screens.conftest import CHROMIUM, FLAGS, SETTLED
from tests.voice.audio import RATE, spoken

pytestmark = pytest.mark.browser
BUYER = Identity("phone", "+15125550177")
QUIET_S = 2.5
PICTURES = os.environ.get("PICTURES", "")  # a folder to leave pictures in, for a person to look at


@pytest.fixture
async def at(fresh_dsn: str, livekit_server: LiveKit, tmp_path: Path) -> AsyncIterator[Installation]:
    """With two processes ready: the calls of a test follow each other closely."""
    if not CHROMIUM:
        assert os.environ.get("REQUIRE_BROWSER") != "1", "no Chromium: install it, or set CHROMIUM to its path"
        pytest.skip("no Chromium")
    async with installed(fresh_dsn, livekit_server, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Any]:
    """A Chromium whose microphone hears a sentence again and again, with quiet around it."""
    from playwright.async_api import async_playwright

    microphone = folder / "microphone.wav"
    quiet = np.zeros(int(QUIET_S * RATE), np.int16)
    sound = np.concatenate((quiet, await asyncio.to_thread(spoken, "Hello, I would like to talk to you")))
    with wave.open(str(microphone), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    flags = (
        *FLAGS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=user-gesture-required",
    )
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(flags))
        try:
            yield chromium
        finally:
            await chromium.close()


@asynccontextmanager
async def watched(chromium: Any, allowed: tuple[str, ...]) -> AsyncIterator[Any]:
    """A page that breaks no rule of its policy, throws nothing and asks no stranger for anything."""
    page = await chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(30_000)
    faults: list[str] = []
    known = (*allowed, "data:", "blob:")
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Security" in said.text else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith(known) else faults.append(asked.url),
    )
    page.on("websocket", lambda asked: None if asked.url.startswith(allowed) else faults.append(asked.url))
    try:
        yield page
    finally:
        await page.close()
    assert faults == []


async def picture(page: Any, name: str) -> None:
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


async def live_call(at: Installation) -> str:
    found = await eventually(at.calls.calls.live)
    assert len(found) == 1, found
    (call,) = found
    return str(call.call_id)


async def over(at: Installation, call_id: str) -> bool:
    call = await at.calls.calls.call(call_id)
    return bool(call and call.ended_at)


async def all_heard(at: Installation, session_id: str) -> bool:
    lines = await at.speech(session_id)
    return bool(lines) and all(line["status"] == "heard" for line in lines)


async def test_a_browser_calls_from_talk_to_it_and_from_a_link(
    at: Installation, tmp_path: Path, livekit_server: LiveKit
) -> None:
    rooms = livekit_server.place.url
    console, api = f"http://127.0.0.1:{at.world.settings.console_port}", at.world.settings.buyers_url
    async with asyncio.timeout(200), browser(tmp_path) as chromium:
        async with watched(chromium, (console, console.replace("http", "ws"), rooms)) as page:
            await page.goto(f"{console}/talk?as=%2B{BUYER.value[1:]}")
            await page.wait_for_selector(SETTLED)
            await from_talk_to_it(at, page)
        link = await at.calls.link(BUYER)
        assert BUYER.value[2:] not in link
        async with watched(chromium, (api, rooms)) as page:
            await page.goto(link)
            await from_a_link(at, page)


async def from_talk_to_it(at: Installation, page: Any) -> None:
    bar, chat = page.locator(".callbar"), page.get_by_role("log")
    await bar.get_by_role("button", name="Call", exact=True).click()
    call_id = await live_call(at)
    await bar.get_by_role("button", name="Mute").click()
    session_id = str((await eventually(lambda: at.session(BUYER)))["session_id"])
    await eventually(lambda: all_heard(at, session_id))
    await bar.get_by_text("You are muted").wait_for()

    # Words of the buyer, and what answers them, in the bar and in the thread.
    at.heard(call_id, "Hi, this is Dana Whitfield")
    await bar.get_by_role("button", name="Unmute").click()
    await bar.get_by_text("Hi, this is Dana Whitfield").wait_for()
    await chat.get_by_text("Hi, this is Dana Whitfield").wait_for()
    await bar.get_by_text("ms after the end of the words").wait_for()
    await eventually(lambda: all_heard(at, session_id))
    await picture(page, "answered")

    # Another page of the console does not end the call, and leads back to it.
    await page.get_by_role("link", name="Sessions").click()
    await page.get_by_role("heading", name="Sessions").first.wait_for()
    await page.get_by_role("link", name="On a call: back to it").click()
    await bar.get_by_role("button", name="Hang up").wait_for()
    assert not await over(at, call_id)

    await bar.get_by_role("button", name="Hang up").click()
    await bar.get_by_text("The call is over").wait_for()
    await eventually(lambda: over(at, call_id))
    await page.get_by_role("button", name="Make a link to call").click()
    await page.get_by_text("/call/").wait_for()
    await picture(page, "over")


async def from_a_link(at: Installation, page: Any) -> None:
    """The same buyer as before, so the agent greets nobody anew; muted until it has spoken."""
    call_id = await live_call(at)
    await picture(page, "page_before")
    await page.get_by_role("button", name="Call").click()
    await page.get_by_role("button", name="Mute").click()
    await page.locator("#said .agent").first.wait_for()
    session_id = str((await at.session(BUYER))["session_id"])
    await eventually(lambda: all_heard(at, session_id))
    at.heard(call_id, "We are 12 people and we miss calls")
    await page.get_by_role("button", name="Unmute").click()
    await page.get_by_text("We are 12 people and we miss calls").wait_for()
    await picture(page, "page_answered")
    await page.get_by_role("button", name="Hang up").click()
    await page.get_by_text("The call is over").wait_for()
    await eventually(lambda: over(at, call_id))
