"""What happens on the line besides words: silence, leaving and returning, a job that dies, a call that is too long."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from livekit.agents import AgentSession

from domain.stages import Channel, Overlay
from livekit.conversation import Conversation
from livekit.heard import Receipt
from livekit.voice import WARNED_BEFORE_S
from tests.voice.rig import Call, calling

QUICK = 0.03


async def spoken_acts(call: Call) -> list[str]:
    return [line["act"] for line in await call.speech()]


async def test_silence_is_asked_about_twice_and_then_ends_the_call(fresh_dsn: str) -> None:
    ladder = (1.0, 2.0, 3.0)
    async with calling(
        fresh_dsn, detection="vad", per_word_s=QUICK, change=lambda p: replace(p, silence_s=ladder)
    ) as call:
        await call.quiet()
        await asyncio.wait_for(call.conversation.over.wait(), 15)
        acts = [act for act in await spoken_acts(call) if act.startswith("silence_")]
        assert acts == ["silence_prompt", "silence_still_there", "silence_bye"]
        place = await call.house.service.inbox.place(call.session_id)
        assert place["overlay"] == Overlay.PARKED
        first, second, third = (t["at"] for t in await call.turns() if t["kind"] == "silence")
        assert timedelta(seconds=0.6) < second - first < timedelta(seconds=2)
        assert timedelta(seconds=0.6) < third - second < timedelta(seconds=2)


async def test_words_in_time_start_the_silence_anew(fresh_dsn: str) -> None:
    async with calling(
        fresh_dsn, detection="vad", per_word_s=QUICK, change=lambda p: replace(p, silence_s=(3.0, 6.0, 9.0))
    ) as call:
        await call.quiet()
        for _ in range(3):
            await call.ask("Just a moment please")
            await call.quiet()
            await asyncio.sleep(1.0)
        assert not [act for act in await spoken_acts(call) if act.startswith("silence_")]


async def test_a_buyer_who_hangs_up_in_mid_sentence_and_returns_goes_on(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.3) as call:
        await call.until(lambda: call.ear.times("first"))
        await asyncio.sleep(0.5)
        await call.conversation.line_down()
        before = await call.speech()
        assert {line["status"] for line in before} == {"partly", "unheard"}
        assert [r["line"] for r in await call.rows("select line from sessions")] == ["down"]
        call.voice.per_word_s = QUICK
        await call.conversation.arrive()
        await call.quiet()
        assert [r["line"] for r in await call.rows("select line from sessions")] == ["up"]
        assert len(await call.rows("select 1 from sessions")) == 1
        again = (await call.speech())[len(before) :]
        assert "ai" in again[0]["disclosure_keys"] and {line["status"] for line in again} == {"heard"}


async def test_words_that_were_on_their_way_when_the_line_was_lost_are_answered_to_nobody(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        said = len(call.voice.asked)
        await call.caller.say("This is Dana, we need something that answers our phone")
        await call.conversation.line_down()
        async with asyncio.timeout(5):
            while not [t for t in await call.turns() if t["words"]]:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        (turn,) = [t for t in await call.turns() if t["words"]]
        lines = [line for line in await call.speech() if line["turn_id"] == turn["turn_id"]]
        assert lines and {line["status"] for line in lines} == {"unheard"} and len(call.voice.asked) == said
        assert [r["line"] for r in await call.rows("select line from sessions")] == ["down"]
        assert await call.rows("select 1 from timers where kind = 'idle_park' and status = 'set'")


async def test_the_next_job_says_what_the_dead_one_could_not_and_asks_nothing_twice(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        await call.ask("This is Dana, we need something that answers our phone")
        await call.quiet()
        heard = {line["speech_id"] for line in await call.speech()}
        assert call.conversation.mouth
        # A turn is committed, and the process is gone before its speech is out.
        service = call.house.service
        result = await service.arrive(
            Channel.VOICE,
            call.conversation.call.identity,
            turn_id="last",
            words="Yes that is fine",
            data={"call_id": call.conversation.call.call_id},
        )
        await call.conversation.mouth.close()
        asked = len(call.voice.asked)
        row = await call.calls.call(call.conversation.call.call_id)
        assert row and row.session_id == call.session_id
        new = joined(call.session, Conversation(row, service, call.calls, "second"))
        await new.take_over(call.house.clock.now() - timedelta(minutes=1))
        assert new.mouth
        await new.mouth.idle()
        await new.mouth.reported()
        said = [w for w in call.voice.asked[asked:] if w]
        assert " ".join(said).split() == " ".join(line.words for line in result.speech).split()
        lines = await call.speech()
        assert {line["status"] for line in lines} == {"heard"}
        assert heard < {line["speech_id"] for line in lines}
        await new.mouth.close()
        await new.settle()


def joined(session: AgentSession, conversation: Conversation) -> Conversation:
    """The conversation with a mouth of its own."""
    from livekit.mouth import Mouth
    from livekit.played import Played

    async def at_once() -> bool:
        return True

    conversation.mouth = Mouth(session, conversation.report, lambda _: None, at_once, Played())
    conversation.mouth.begin()
    return conversation


async def test_a_call_that_is_too_long_is_told_so_and_then_ended(fresh_dsn: str) -> None:
    def short(profile):
        return replace(profile, longest_book_s=WARNED_BEFORE_S + 4, silence_s=(60.0, 61.0, 62.0))

    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK, change=short) as call:
        await call.quiet()
        async with asyncio.timeout(12):
            while "time_is_up" not in await spoken_acts(call):
                await asyncio.sleep(0.2)
        assert not call.conversation.over.is_set()
        call.conversation.timer("call_cap", "over")
        await asyncio.wait_for(call.conversation.over.wait(), 10)
        place = await call.house.service.inbox.place(call.session_id)
        assert place["overlay"] == Overlay.PARKED


async def test_a_receipt_of_an_earlier_line_does_not_wait_for_a_turn(fresh_dsn: str) -> None:
    """What was heard is stored once, however often it is reported."""
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await call.quiet()
        line = (await call.speech())[0]
        turns = len(await call.turns())
        await call.conversation._heard(Receipt(line["speech_id"], "unheard", 0.0))  # pyright: ignore[reportPrivateUsage]
        assert (await call.speech())[0]["status"] == "heard" and len(await call.turns()) == turns
