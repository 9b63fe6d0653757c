"""The demo caller in a real room: what it says, when it cuts in, what it hears, and how it leaves and comes back."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.errors import BadInput
from livekit.caller import DemoCaller, Nobody, murmur, plainly, recorded, words
from livekit.caller_line import FRAME, RATE, CallerLine, Sound, Speech
from livekit.caller_script import CallStep, script_of
from livekit.local_models import OneAtATime
from livekit.local_voices import resampled
from livekit.recogniser import RATE as HEARD_RATE
from tests.speech.room import access, running
from tools.rooms import RoomServer

ANSWER = "We have an opening on Tuesday afternoon, and another one on Friday morning. Which of them suits you?"
Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RoomServer]:
    with running(tmp_path_factory.mktemp("livekit")) as found:
        yield found


@asynccontextmanager
async def answering(server: RoomServer, room: str) -> AsyncIterator[list[Sound]]:
    """Somebody in the room who answers everything with the same line, and keeps what was heard."""
    heard: list[Sound] = []
    line = CallerLine(Speech(lambda at: None, lambda began, ended, sound: heard.append(sound)), lambda *a, **k: None)
    await line.join(*access(server, room, "agent-1"))
    answer = await asyncio.to_thread(words, ANSWER)

    async def answer_all() -> None:
        told = 0
        while True:
            if len(heard) > told:
                told = len(heard)
                await line.play(answer)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(answer_all())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await line.leave()


async def played(server: RoomServer, room: str, *steps: dict[str, Any]) -> Events:
    events: Events = []
    caller = DemoCaller(*access(server, room, "buyer-1"), events.append, listens=True)
    await caller.run(tuple(CallStep(**step) for step in steps))
    return events


def named(events: Events, *names: str) -> Events:
    return [event for event in events if event["event"] in names]


def text_of(ear: OneAtATime, sound: Sound) -> str:
    return ear.model.hear(resampled(sound.astype(np.float32) / 32768, RATE, HEARD_RATE)).text


async def test_it_speaks_hears_and_tells_when(server: RoomServer, ear: OneAtATime, mouth: OneAtATime) -> None:
    async with answering(server, "one") as heard:
        events = await played(server, "one", {"say": "Could we talk next week?"}, {"say": "Friday sounds good."})
    first, second = [text_of(ear, sound) for sound in heard]
    assert "talk next week" in first and "sounds good" in second
    answers = [event for event in named(events, "agent_speaks") if "after_ms" in event]  # the others follow a pause
    assert len(answers) == 2 and all(500 < answer["after_ms"] < 2500 for answer in answers)
    recognised = named(events, "heard")
    assert len([event for event in recognised if "Tuesday afternoon" in event["text"]]) == 2
    assert named(events, "hung_up") and [e["text"] for e in named(events, "said")] == [
        "Could we talk next week?",
        "Friday sounds good.",
    ]
    friday = next(event for event in events if event["event"] == "says" and event["text"].startswith("Friday"))
    assert friday["at"] > named(events, "agent_quiet")[0]["at"]


async def test_it_cuts_in_at_the_moment_it_is_told(server: RoomServer, ear: OneAtATime, mouth: OneAtATime) -> None:
    async with answering(server, "two"):
        cut = {"interrupt": "Hold on, what does it cost?", "after": 1.0}
        events = await played(server, "two", {"say": "Could we talk next week?"}, cut)
    began = named(events, "agent_speaks")[0]["at"]
    cuts_in = next(event for event in named(events, "says") if event["text"].startswith("Hold"))
    assert cuts_in["at"] - began == pytest.approx(1.0, abs=0.15)
    assert cuts_in["at"] < named(events, "agent_quiet")[0]["at"]


async def test_it_hangs_up_in_mid_sentence_and_comes_back(
    server: RoomServer, ear: OneAtATime, mouth: OneAtATime
) -> None:
    async with answering(server, "three") as heard:
        events = await played(
            server,
            "three",
            {"say": "I would like to move the meeting that we have on Monday.", "hang_up_after": 1.2},
            {"come_back": True, "after": 0.5},
            {"say": "Sorry, I was cut off."},
        )
    names = [event["event"] for event in events]
    assert names.index("hung_up_in_mid_sentence") < len(names) - 1 - names[::-1].index("joined")
    texts = [text_of(ear, sound) for sound in heard]
    assert "Monday" not in texts[0] and "cut off" in texts[-1]


async def test_nobody_understands_what_it_mumbles(server: RoomServer, ear: OneAtATime, mouth: OneAtATime) -> None:
    sound = resampled(murmur(1.5).astype(np.float32) / 32768, RATE, HEARD_RATE)
    heard = ear.model.hear(sound)
    assert not heard.text or heard.confidence < 0.65


async def test_it_gives_up_where_nobody_is(server: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livekit.caller._PATIENCE_S", 0.5)
    with pytest.raises(Nobody, match="nobody came"):
        await played(server, "empty", {"say": "Hello?"})
    with pytest.raises(Nobody, match="cannot be joined"):
        await DemoCaller("ws://127.0.0.1:9", "token", lambda event: None, listens=False).run(
            (CallStep.model_validate({"wait": 0}),)
        )


async def test_as_a_program_it_prints_events_as_json(server: RoomServer, mouth: OneAtATime, tmp_path: Path) -> None:
    script = tmp_path / "call.yaml"
    script.write_text("- say: Could we talk next week?\n- wait: 0.1\n- hang_up: true\n")
    url, token = access(server, "program", "buyer-1")
    command = ["-m", "graph.cli", "call", "--url", url, "--token", "-", "--json", "--script", str(script)]
    async with answering(server, "program"):
        program = await asyncio.create_subprocess_exec(
            sys.executable, *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        out, err = await program.communicate(token.encode())
    events = [json.loads(line) for line in out.decode().splitlines()]
    assert program.returncode in (0, 1), err.decode()
    assert {"joined", "says", "said", "hung_up"} <= {event["event"] for event in events}
    assert token not in out.decode() + err.decode()


# ---- without a room
def test_lines_and_files_are_scripts(tmp_path: Path) -> None:
    assert [step.say for step in script_of(["Hi", "Bye"], None)] == ["Hi", "Bye"]
    path = tmp_path / "steps.yaml"
    path.write_text("- wave: hello.wav\n- interrupt: Wait\n  after: 0.5\n- mumble: 1\n- hang_up: true\n")
    steps = script_of([], path)
    assert steps[0].wave == tmp_path / "hello.wav" and steps[1].after == 0.5 and steps[3].hang_up


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is nothing to do"),
        ("- say: Hi\n  wait: 1", "step 0: a step does one of"),
        ("- shout: Hi", "step 0.shout: Extra inputs"),
        ("- wait: -1", "step 0.wait: .*greater than or equal to 0"),
        ("- wait: 1\n  hang_up_after: 1", "about words of one's own"),
        ("just text", "step script|step : |valid tuple"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_bad_script_is_refused_with_the_step(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "steps.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=problem):
        script_of([], path)


def test_speech_is_cut_at_its_pauses() -> None:
    begins, ends = list[float](), list[tuple[float, float, int]]()
    speech = Speech(begins.append, lambda began, ended, sound: ends.append((began, ended, len(sound))))
    loud, quiet = np.full(FRAME, 9000, np.int16), np.zeros(FRAME, np.int16)
    for number in range(300):  # 1 s quiet, 1 s speech with a short pause in it, then quiet; a click at the end
        on = 50 <= number < 70 or 80 <= number < 100 or number == 250
        speech.add(loud if on else quiet, number * 0.02)
    assert begins == [pytest.approx(1.02)] and len(ends) == 1
    began, ended, length = ends[0]
    assert (began, ended) == (pytest.approx(1.02), pytest.approx(1.98)) and length > RATE


def test_a_file_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.wav").write_text("no sound")
    with pytest.raises(BadInput, match="16-bit WAV"):
        recorded(tmp_path / "x.wav")


def test_events_are_readable() -> None:
    line = plainly({"at": 1.5, "event": "heard", "text": "Hello", "confidence": 0.9})
    assert line.split() == ["1.50", "heard", "Hello", "confidence=0.9"]
