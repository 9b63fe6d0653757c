"""Who speaks when: an interruption is quick, a murmur stops nothing, and of every line it is known what was heard."""

import asyncio
import time

import pytest

from domain.events import Event, EventKind
from domain.stages import Channel, Step
from graph.bootstrap import service_of
from tests.voice.rig import BUYER, Call, calling

QUICK, SLOW = 0.03, 0.3  # seconds a word
QUESTION = "Hold on, what does it cost for a team of ten people?"


async def discovering(call: Call, slow: float = QUICK) -> None:
    """Past the opening: the buyer is known. From then on the agent speaks as slowly as is wanted."""
    await call.quiet()
    await call.ask("This is Dana, we need something that answers our phone")
    await call.quiet()
    await call.ask("Yes that is fine")
    await call.quiet()
    call.voice.per_word_s = slow


async def test_a_barge_in_stops_the_speech_and_the_rest_is_known_to_be_unheard(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await discovering(call, SLOW)
        said = await call.caller.say("And how does it work?")
        await call.first_frame(said.ended)
        await asyncio.sleep(0.6)
        over = await call.caller.begin(QUESTION)
        stopped = await call.until(lambda: next(iter(call.ear.times("paused", "cut", after=over.began)), None))
        print("barge-in", round((stopped - over.began) * 1000))
        assert stopped - over.began < 0.3 + 0.25
        await call.caller.finish()
        await call.first_frame(over.ended)
        await call.quiet()
        lines = await call.speech()
        cut = [line for line in lines if line["status"] == "partly"]
        assert len(cut) == 1
        began = [at for at in call.ear.times("first") if at < stopped][-1]
        assert 0 < len(cut[0]["words"].split()) <= (stopped - began) / SLOW + 1, "the voice paused; no word was played"
        turns = await call.turns()
        assert turns[-1]["words"] == QUESTION or QUESTION in [t["words"] for t in turns]
        before = next(t for t in turns if t["words"] == "And how does it work?")
        statuses = {line["status"] for line in lines if line["turn_id"] == before["turn_id"]}
        assert statuses <= {"partly", "unheard"}


@pytest.mark.parametrize("heard", ["", "mm-hmm"])
async def test_a_murmur_stops_nothing_and_answers_nothing(fresh_dsn: str, heard: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await discovering(call, SLOW)
        said = await call.caller.say("And how does it work?")
        await call.first_frame(said.ended)
        turns = len(await call.turns())
        await asyncio.sleep(0.5)
        over = await call.caller.say("Mm hmm, yes right", heard=heard)
        resumed = await call.until(lambda: next(iter(call.ear.times("resumed", after=over.began)), None))
        print("resumed", round((resumed - over.ended) * 1000))
        assert call.ear.times("paused", after=over.began)
        assert resumed - over.ended < 2.0 + 0.25
        await call.quiet()
        kinds = [t["kind"] for t in (await call.turns())[turns:]]
        assert "words" not in kinds
        assert {line["status"] for line in await call.speech()} == {"heard"}


async def test_an_opt_out_over_the_disclosure_counts_and_the_disclosure_goes_on(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.4) as call:
        await call.until(lambda: call.ear.times("first"))
        await asyncio.sleep(0.5)
        said = await call.caller.say("Please stop calling me.", confidence=0.3)
        await call.until(lambda: call.conversation.step is Step.DNC)
        assert time.time() - said.ended < 2.0
        assert not call.ear.times("paused", "cut")
        await call.quiet()
        lines = {line["act"]: line for line in await call.speech()}
        assert lines["disclose_ai"]["status"] == "heard" and lines["optout_done"]["status"] == "heard"
        assert lines["ask_name"]["status"] == "unheard"
        await asyncio.wait_for(call.conversation.over.wait(), 5)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("I want to talk to a human being, please.", "select 1 from transitions where transition = 'T40'"),
        ("My card is 4111 1111 1111 1111, take it.", "select 1 from speech where act = 'card_removed'"),
    ],
    ids=["a person", "a card number"],
)
async def test_no_firm_line_is_deaf(fresh_dsn: str, words: str, found: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.4) as call:
        await call.until(lambda: call.ear.times("first"))
        await asyncio.sleep(0.5)
        said = await call.caller.say(words, confidence=0.9)
        async with asyncio.timeout(5):
            while not await call.rows(found):
                await asyncio.sleep(0.02)
        assert not call.ear.times("paused", "cut", after=said.began)
        assert not await call.rows("select 1 from turns where sealed::text like %s", "%4111%")
        heard = {t["words"] for t in await call.turns() if t["words"]}
        assert not [text for text in heard if "4111" in text]


async def test_a_yes_into_the_disclosure_answers_nothing(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.3) as call:
        await call.until(lambda: call.ear.times("first"))
        await asyncio.sleep(0.3)
        await call.caller.say("Yes, yes.")
        await call.quiet()
        turns = [t for t in await call.turns() if t["kind"] == "words"]
        assert [t["words"] for t in turns] == ["Yes, yes."]
        assert await call.rows("select * from answers where session_id = %s", call.session_id) == []


async def test_what_is_typed_during_a_call_is_answered_in_writing(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await discovering(call)
        asked = len(call.voice.asked)
        typed = await call.house.service.arrive(
            Channel.CHAT, BUYER, turn_id="typed-1", words="What does it cost per month?"
        )
        assert typed.session_id == call.session_id and typed.speech
        await asyncio.sleep(0.5)
        assert len(call.voice.asked) == asked
        await call.ask("And how long does it take to set up?")
        await call.quiet()
        assert len(call.voice.asked) > asked
        assert [t["channel"] for t in (await call.turns()) if t["kind"] == "words"][-2:] == ["chat", "voice"]


async def test_speech_that_others_commit_is_spoken_at_once(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=QUICK) as call:
        await discovering(call)
        other = service_of(call.house.world)
        began = time.time()
        result = await other.submit(
            call.session_id,
            Event("elsewhere", EventKind.SILENCE, call.house.clock.now(), Channel.VOICE, {"level": 1}),
        )
        first = await call.first_frame(began)
        print("proactive", round((first - began) * 1000))
        assert first - began < 0.5
        await call.quiet()
        lines = await call.speech()
        assert result.speech[0].speech_id == lines[-1]["speech_id"] and lines[-1]["status"] == "heard"


async def test_words_are_never_lost_to_a_model_that_doubts_the_end(fresh_dsn: str) -> None:
    """The bundled model of turns on real speech, with the whole durable turn behind it."""
    async with calling(fresh_dsn, per_word_s=QUICK) as call:
        await call.quiet()
        waited = [
            await call.ask(words)
            for words in (
                "We need something that answers our phone.",
                "This is Dana Whitfield.",
                "Yes, that's all right.",
                "We have twelve people.",
                "We want to start next month.",
            )
            if not await call.quiet()
        ]
        print("end of speech to first frame", [round(ms) for ms in waited])
        for turn in await call.calls.turns(call.conversation.call.call_id):
            print(turn.words, turn.recogniser_ms, turn.endpoint_ms, turn.turn_ms, turn.tts_ms, turn.voice_ms)
        await call.quiet()
        turns = [t["words"] for t in await call.turns() if t["kind"] == "words"]
        assert " ".join(turns) == " ".join(s.heard for s in call.caller.said)
        assert sorted(waited)[len(waited) // 2] < 3000
