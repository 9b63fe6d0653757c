"""The main promise, as a newcomer sees it: start everything, buy in the browser, approve, sign, pay, and come back."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from memory.embedded import stop
from tests.screens.conftest import ROOT, free_port

pytestmark = pytest.mark.browser

PATIENCE_MS = 60_000
NUMBER = "+1 512 555 0100"


@dataclass(frozen=True, slots=True)
class Installation:
    """`throughline run` in a folder of its own."""

    console: str
    api: str
    environment: dict[str, str]


@pytest.fixture
def installation(make_server_folder: Any) -> Iterator[Installation]:
    folder: Path = make_server_folder()
    console, api = free_port(), free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("THROUGHLINE_")},
        "THROUGHLINE_DATA_DIR": str(folder),
        "THROUGHLINE_CONSOLE_PORT": str(console),
        "THROUGHLINE_API_PORT": str(api),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "graph.cli", "run"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if "ready: open" in line:
                break
        assert said and "ready: open" in said[-1], "".join(said)
        yield Installation(f"http://127.0.0.1:{console}", f"http://127.0.0.1:{api}", environment)
    finally:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait(5)
        process.stdout.close()
        stop(folder / "postgres")


class Buyer:
    """Talks in *Talk to it* and waits for what the page shows."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def says(self, words: str, until: str) -> None:
        box = self.page.locator('[data-testid="stChatInputTextArea"]')
        box.fill(words)
        box.press("Enter")
        self.sees(until)

    def sees(self, pattern: str) -> None:
        self.page.get_by_text(re.compile(pattern)).last.wait_for(timeout=PATIENCE_MS)

    def links(self, part: str) -> list[str]:
        found: list[str] = self.page.eval_on_selector_all("a", "all => all.map(a => a.href)")
        return [link for link in found if part in link]


def open_page(context: Any, url: str) -> Any:
    page = context.new_page()
    page.goto(url, wait_until="domcontentloaded")
    return page


def talk_by_sms(installation: Installation, *lines: str) -> str:
    command = [sys.executable, "-m", "graph.cli", "talk", "--as", NUMBER, "--channel", "sms"]
    text = "\n".join([*lines, "/where", "/quit", ""])
    done = subprocess.run(
        command, cwd=ROOT, env=installation.environment, input=text, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_whole_sale_with_an_approval(desktop: Any, installation: Installation) -> None:
    talk = open_page(desktop, f"{installation.console}/talk")
    buyer = Buyer(talk)
    buyer.says("Hi, we miss calls in our office, 12 people on the phones, we start next month", "an AI assistant of")
    buyer.says("I'm Sam Lee", "Who decides")
    buyer.says("It's my call and the budget is there", r"Shall I|settle it")
    buyer.says("Yes, let's do it now", "12 Team seats, month to month")
    talk.reload(wait_until="domcontentloaded")
    buyer.sees("12 Team seats, month to month")  # a reload goes on with the same session
    buyer.says("12 team seats, monthly, right", "2,388.00 USD per month")
    by_sms = talk_by_sms(installation, "2388 a month is fine")  # and so does another channel
    assert "AI assistant" in by_sms and "Before you decide, the terms" in by_sms and "CLOSE." in by_sms, by_sms

    approvals = open_page(desktop, installation.console)
    approvals.get_by_role("button", name="Approve", exact=True).click(timeout=PATIENCE_MS)
    buyer.sees("Shall I send you the contract")
    buyer.says("Yes, send it", "contract to sign")

    contract = open_page(desktop, buyer.links("/accept/")[0])
    contract.get_by_role("textbox").fill("Sam Lee")
    contract.get_by_role("checkbox").check()
    contract.get_by_role("button").first.click()
    buyer.sees("only the payment is missing")
    payment = open_page(desktop, buyer.links("/pay/")[0])
    payment.get_by_role("button", name=re.compile("Pay 2,388.00")).click()
    buyer.sees("Signed and paid")
    assert "WON" in talk_by_sms(installation, "thanks")
    sessions = open_page(desktop, f"{installation.console}/sessions")
    sessions.get_by_text("Won").first.wait_for(timeout=PATIENCE_MS)
    for page in (talk, approvals, contract, payment, sessions):
        page.close()
