"""Many turns on one line, some of them talked into: none of them wedges the call, and every line is accounted for."""

import asyncio
import statistics

import pytest

from tests.voice.rig import Call, calling

WORDS = (
    "And how does it work?",
    "What about the weekend?",
    "Can it take messages?",
    "How long does it take to set up?",
    "Is there a trial?",
)


async def many(call: Call, turns: int) -> list[float]:
    """Every third answer is interrupted while it is said. Returns how long each answer was waited for."""
    waited: list[float] = []
    await call.quiet()
    for number in range(turns):
        waited.append(await call.ask(WORDS[number % len(WORDS)]))
        if number % 3:
            await call.quiet()
        else:
            await asyncio.sleep(0.15)
    await call.quiet()
    return waited


async def accounted(call: Call, turns: int) -> None:
    assert len([t for t in await call.turns() if t["kind"] == "words"]) == turns
    assert {line["status"] for line in await call.speech()} <= {"heard", "partly", "unheard"}
    assert await call.rows("select 1 from inbox where status <> 'done'") == []


async def test_ten_turns(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, detection="vad", per_word_s=0.03) as call:
        waited = await many(call, 10)
        await accounted(call, 10)
        print("p50", round(statistics.median(waited)), "worst", round(max(waited)))
        assert statistics.median(waited) < 1500


@pytest.mark.soak
async def test_two_hundred_turns_with_the_model_of_turns(fresh_dsn: str) -> None:
    async with calling(fresh_dsn, per_word_s=0.06) as call:
        tasks = len(asyncio.all_tasks())
        waited = await many(call, 200)
        first, last = statistics.median(waited[:50]), statistics.median(waited[-50:])
        print("p50", round(statistics.median(waited)), "first", round(first), "last", round(last))
        assert last < first * 1.5 + 100, "a turn costs no more for the turns before it"
        assert len(asyncio.all_tasks()) <= tasks + 5
