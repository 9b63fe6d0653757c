"""Nothing that the buyer says is lost or believed too much: at the end of a call, between two jobs, over a line."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from domain.errors import EventFailed
from domain.events import Event, EventKind
from domain.stages import Channel
from livekit.call_job import CallJob
from livekit.conversation import GRACE_S, Conversation
from livekit.log_privacy import keep_words_out
from tests.voice.rig import Call, calling
from tests.voice.test_on_the_line import QUICK, joined, spoken_acts


def rows(dsn: str, query: LiteralString) -> list[dict[str, Any]]:
    with psycopg.Connection[DictRow].connect(dsn, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()


async def test_an_opt_out_counts_however_soon_the_buyer_hangs_up(
    fresh_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    keep_words_out()
    with caplog.at_level(logging.DEBUG):
        async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
            await call.quiet()
            await call.caller.say("Stop calling me, take me off your list")
            await call.conversation.line_down()
    (contact,) = rows(fresh_dsn, "select dnc_at from contacts")
    assert contact["dnc_at"] is not None
    assert [r["line"] for r in rows(fresh_dsn, "select line from sessions")] == ["down"]
    for record in caplog.records:
        if record.name == "livekit.agents" and record.levelno >= logging.INFO:
            assert not [name for name in vars(record) if "pii" in name.split(".")]
            assert "off your list" not in record.getMessage()


async def test_clear_words_do_not_vouch_for_doubtful_ones(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, per_word_s=QUICK) as call:
        await call.quiet()
        await call.caller.say("We have fifteen people and", confidence=0.4)
        await asyncio.sleep(0.35)
        await call.caller.say("we miss many calls every day", confidence=0.97)
        await call.until(lambda: call.session.agent_state == "speaking")
        await call.quiet()
        heard = await call.rows("select confidence from call_turns where kind = 'words'")
        assert [round(t["confidence"], 2) for t in heard] == [0.4]
        assert not await call.rows("select 1 from facts where key = 'quantity'")


async def test_a_yes_to_are_you_still_there_is_an_answer(fresh_dsn: str) -> None:
    async with calling(
        fresh_dsn, detection="vad", per_word_s=0.3, change=lambda p: replace(p, silence_s=(1.5, 30.0, 60.0))
    ) as call:
        await call.until(lambda: call.conversation.mouth and call.conversation.mouth.line)
        await call.until(
            lambda: (line := call.conversation.mouth and call.conversation.mouth.line) and line.act == "silence_prompt",
            40,
        )
        await asyncio.sleep(0.3)
        await call.caller.say("Yes")
        await call.until(lambda: call.conversation.busy or call.session.agent_state == "thinking", 5)
        await call.quiet()
        assert [t["words"] for t in await call.turns() if t["words"]] == ["Yes"]


async def test_a_sentence_that_was_begun_is_heard_out_before_the_line_is_closed(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        await call.ask("Sorry, wrong number")
        await call.quiet()
        assert not call.conversation.over.is_set()
        turns = len(await call.turns())
        await call.caller.begin("Wait, wait a moment please, I do have a question about what it costs")
        await asyncio.sleep(GRACE_S + 0.5)
        assert not call.conversation.over.is_set()
        await call.caller.finish()
        async with asyncio.timeout(15):
            while len(await call.turns()) == turns:
                await asyncio.sleep(0.05)


async def test_who_hung_up_before_the_job_died_is_greeted_by_the_next_one(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        await call.conversation.line_down()
        before = len(await call.speech())
        new = await the_next(call)
        await new.take_over(call.house.clock.now() - timedelta(minutes=1))
        assert new.mouth
        await new.mouth.idle()
        assert [r["line"] for r in await call.rows("select line from sessions")] == ["up"]
        assert "ai" in (await call.speech())[before]["disclosure_keys"]
        await new.mouth.close()
        await new.settle()


async def test_what_a_failing_job_did_not_say_to_its_end_is_said_by_the_next(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.3) as call:
        await call.until(lambda: call.ear.times("first"))
        assert call.conversation.mouth
        await call.conversation.mouth.hand_on()
        assert {line["status"] for line in await call.speech()} == {"queued"}
        call.voice.per_word_s = QUICK
        new = await the_next(call)
        await new.take_over(call.house.clock.now() - timedelta(minutes=1))
        assert new.mouth
        await new.mouth.idle()
        await new.mouth.reported()
        assert {line["status"] for line in await call.speech()} == {"heard"}
        await new.mouth.close()
        await new.settle()


async def the_next(call: Call) -> Conversation:
    """The conversation of another job with the same call."""
    row = await call.calls.call(call.conversation.call.call_id)
    assert row and row.session_id == call.session_id
    return joined(call.session, Conversation(row, call.house.service, call.calls, "second"))


async def test_a_line_put_by_news_waits_until_the_buyer_has_finished(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        assert call.conversation.mouth
        lines = (await call.house.service.submit(call.session_id, silence(call))).speech
        await call.caller.begin("What I would like to know first is how long it takes to set it up for us")
        await asyncio.sleep(0.6)
        call.voice.per_word_s = 0.3
        call.conversation._say(list(lines), lines[0].speech_id.rpartition(":")[0], reply=False)
        await call.caller.finish()
        await call.quiet()
        status = {line["speech_id"]: line["status"] for line in await call.speech()}
        assert {status[line.speech_id] for line in lines} == {"heard"}
        assert "silence_prompt" in await spoken_acts(call)


def silence(call: Call) -> Any:
    return Event("news", EventKind.SILENCE, call.house.clock.now(), Channel.VOICE, {"level": 1})


async def test_an_event_that_fails_ends_no_news(fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        looked: list[str] = []

        async def fails() -> None:
            raise EventFailed("webhook")

        async def look() -> None:
            looked.append("looked")

        monkeypatch.setattr(call.conversation, "serve", fails)
        monkeypatch.setattr(call.conversation, "look", look)
        job: Any = CallJob.__new__(CallJob)
        job.call = call.conversation.call
        await job._learn(call.conversation, waits=True)
        assert looked == ["looked"]
