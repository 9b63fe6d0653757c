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
