"""Whatever a buyer repeats, the agent never gives the same answer three times running."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from domain.contact import Identity
from domain.events import Event, EventKind
from domain.ports import Lines, Ports
from domain.results import TurnResult
from domain.stages import Channel
from tests.durability.house import NOW, House, opened, put_policy_in_force

TIMES, RUNNING = 7, 3
CALLER = Identity("phone", "+15125550101")
REPEATED = {
    "a question that nobody can answer": "Does it also work on a submarine?",
    "a question with an article": "Do I need new phones for that?",
    "nonsense": "florb the wug",
    "noise": "xkcdqwrt",
    "an objection": "That's too expensive",
    "a doubt": "I don't trust this",
    "the price": "How much is it?",
    "the bot question": "Are you a robot?",
    "who it is": "Who is this?",
    "the terms": "What about refunds?",
    "a yes": "yes",
    "a no": "no",
    "a sound": "mhm",
    "a joke": "lol",
    "thanks": "thanks",
    "hearing it again": "Sorry, what?",
    "nothing": "",
    "another language": "Hola, quiero saber cuanto cuesta",
    "anger": "You are an idiot",
    "a wish for a discount": "Give me a discount",
    "a time": "Tomorrow at 3 am",
}


@dataclass(frozen=True, slots=True)
class OneWording:
    """Lines that are always said in their first phrasing: what the agent would be without variation."""

    lines: Lines

    def render(self, act: str, slots: dict[str, Any], turn: int, locale: str = "en") -> str:
        return "" if act == "as_said" else self.lines.render(act, slots, 0, locale)

    def phrasings(self, act: str, locale: str = "en") -> int:
        return 1

    def phrase(self, name: str, locale: str = "en") -> str:
        return self.lines.phrase(name, locale)


def varied(ports: Ports) -> Ports:
    return ports


def unvaried(ports: Ports) -> Ports:
    return replace(ports, lines=OneWording(ports.lines))


async def answers(house: House, words: str) -> list[str]:
    """What the agent says to the same words, again and again, in a chat."""
    chat = Identity("chat", f"chat:{words[:20]}")
    await house.service.arrive(Channel.CHAT, chat, turn_id=f"{words}:hello", words="Hi, I'm Sam, we miss calls")
    found: list[str] = []
    for number in range(TIMES):
        result = await house.service.arrive(Channel.CHAT, chat, turn_id=f"{words}:{number}", words=words)
        found.append(answer_of(result))
    return found


def answer_of(result: TurnResult) -> str:
    """What was said to the words; a question of the agent's own behind it makes the same answer no other one."""
    return " ".join(line.words for line in result.speech if not line.asks) or result.words


async def prompts(house: House) -> list[str]:
    """What the agent says into a silence on the line, while the buyer says a word in between."""
    numbers, found = count(), list[str]()
    for _ in range(TIMES):
        words = {"words": "hm", "data": {"call_id": "c1"}}
        result = await house.service.arrive(Channel.VOICE, CALLER, turn_id=f"call:{next(numbers)}", **words)
        silence = Event(f"silence:{next(numbers)}", EventKind.SILENCE, NOW, Channel.VOICE, {"level": 1})
        found.append(answer_of(await house.service.submit(result.session_id, silence)))
    return found


def thrice(said: Sequence[str]) -> list[str]:
    """Answers that came three times running; saying nothing is no answer."""
    runs = [said[k : k + RUNNING] for k in range(len(said) - RUNNING + 1)]
    return sorted({run[0] for run in runs if run[0] and len(set(run)) == 1})


async def broken(dsn: str, ports: Callable[[Ports], Ports]) -> dict[str, list[str]]:
    """By what is repeated, the answers that were."""
    async with opened(dsn, ports=ports) as house:
        await put_policy_in_force(house)
        found = {name: thrice(await answers(house, words)) for name, words in REPEATED.items()}
        found["silence"] = thrice(await prompts(house))
    return {name: said for name, said in found.items() if said}


async def test_no_answer_comes_three_times_running(fresh_dsn: str) -> None:
    assert await broken(fresh_dsn, varied) == {}


async def test_without_variation_nearly_everything_would(fresh_dsn: str) -> None:
    """The test above can fail: it is the variation that keeps it from failing."""
    assert len(await broken(fresh_dsn, unvaried)) >= len(REPEATED) / 2
