"""A call from the first word: the greeting is heard, words make turns, and the answer comes soon."""

import statistics

from tests.voice.rig import calling


async def test_a_call_is_greeted_and_goes_on(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad") as call:
        await call.quiet()
        lines = await call.speech()
        assert lines[0]["act"] == "disclose_ai" and {line["status"] for line in lines} == {"heard"}
        waited = [await call.ask("We need something for twelve people")]
        await call.quiet()
        waited.append(await call.ask("Yes, that is fine with me."))
        await call.quiet()
        turns = await call.turns()
        assert [t["words"] for t in turns if t["kind"] == "words"] == [s.heard for s in call.caller.said]
        figures = await call.calls.turns(call.conversation.call.call_id)
        print(waited, statistics.median(waited), figures)


async def test_the_line_that_is_waited_for_is_made_before_the_next_one(fresh_dsn: str) -> None:
    """A local voice makes one sentence at a time: made ahead, the second line would keep the buyer from the first."""
    async with calling(fresh_dsn, detection="vad") as call:
        await call.quiet()
        await call.ask("How much is it, and is there a contract?")
        await call.quiet()
        lines = [line["words"] for line in await call.speech()]
        assert len(lines) >= 4 and len(call.voice.asked) >= len(lines)
        made = " ".join(call.voice.asked)
        places = [made.find(line.split(". ")[0]) for line in lines]
        assert -1 not in places and places == sorted(places), list(zip(places, lines, strict=True))
