"""Who a turn is compared with: the chain, stock LangGraph at two durabilities, plain Python with one transaction."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol, TypedDict

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

from bench.talk import line
from domain.contact import Identity
from domain.reading import ReadingContext
from domain.stages import Channel
from graph.bootstrap import World, ports_of, service_of
from memory.database import Pool

ANSWER = {"lowest": "49.00", "highest": "990.00"}


class Peer(Protocol):
    """Takes turn `number` of conversation `who`; returns the first line of the answer."""

    async def turn(self, who: str, number: int) -> str: ...


class Ours:
    """The chain itself: inbox, lease, graph, one commit with all rows."""

    def __init__(self, world: World) -> None:
        self.service = service_of(world)
        self.seen: dict[str, str] = {}

    async def turn(self, who: str, number: int) -> str:
        identity = Identity("chat", f"chat:{who}")
        words = "Hi, I'm Sam, we miss calls" if number == 0 else line(number)
        data = {"seen_through": self.seen.get(who)}
        result = await self.service.arrive(
            Channel.CHAT, identity, turn_id=uuid.uuid4().hex, words=words, data=data, label="bench"
        )
        if result.speech:
            self.seen[who] = result.speech[-1].speech_id
        return result.speech[0].words if result.speech else ""


class _State(TypedDict):
    messages: Annotated[list[Any], add_messages]
    facts: dict[str, Any]
    step: str


class Stock:
    """LangGraph as documented: add_messages, AsyncPostgresSaver; with the same reader and the same lines."""

    def __init__(self, world: World, saver: AsyncPostgresSaver, durability: str) -> None:
        self.ports, self.durability = ports_of(world), durability
        graph = StateGraph(_State)
        nodes = {
            "listen": self._listen,
            "weigh": self._pass,
            "book": self._pass,
            "close": self._say,
            "gate": self._pass,
        }
        before = START
        for name, node in nodes.items():
            graph.add_node(name, node)
            graph.add_edge(before, name)
            before = name
        graph.add_edge(before, END)
        self.app = graph.compile(checkpointer=saver)

    async def _listen(self, state: _State) -> dict[str, Any]:
        reading = self.ports.language.read(str(state["messages"][-1].content), ReadingContext())
        return {"facts": {**(state.get("facts") or {}), **{f.type: f.value for f in reading.facts}}}

    async def _pass(self, state: _State) -> dict[str, Any]:
        return {"step": "BOOK.discovery"}

    async def _say(self, state: _State) -> dict[str, Any]:
        return {"messages": [("ai", self.ports.lines.render("answer_price_list", ANSWER, len(state["messages"])))]}

    async def turn(self, who: str, number: int) -> str:
        config: Any = {"configurable": {"thread_id": who}}
        given: Any = {"messages": [("user", line(number))]}
        values = await self.app.ainvoke(given, config, durability=self.durability)  # type: ignore[arg-type]
        return str(values["messages"][-1].content)


class Plain:
    """No graph: read the row, read the words, write state and transcript in one transaction."""

    def __init__(self, world: World, pool: Pool) -> None:
        self.ports, self.pool = ports_of(world), pool

    async def turn(self, who: str, number: int) -> str:
        async with self.pool.connection() as connection:
            row = await (await connection.execute("select state from bench_plain where id = %s", (who,))).fetchone()
            state: dict[str, Any] = json.loads(row["state"]) if row else {"facts": {}, "turns": 0}
            words = line(number)
            reading = self.ports.language.read(words, ReadingContext())
            state["facts"].update({f.type: str(f.value) for f in reading.facts})
            state["turns"] += 1
            said = self.ports.lines.render("answer_price_list", ANSWER, number)
            async with connection.transaction():
                await connection.execute(
                    "insert into bench_plain values (%s, %s) on conflict (id) do update set state = excluded.state",
                    (who, json.dumps(state)),
                )
                await connection.execute("insert into bench_said values (%s, %s, %s, %s)", (who, number, words, said))
        return said


@asynccontextmanager
async def peers(world: World) -> AsyncIterator[dict[str, Peer]]:
    """Everybody on the same pool of the same database."""
    saver = AsyncPostgresSaver(world.pool)
    async with world.pool.connection() as connection:
        await connection.execute("create table if not exists bench_plain (id text primary key, state text)")
        await connection.execute("create table if not exists bench_said (id text, n int, words text, said text)")
    yield {
        "ours": Ours(world),
        "stock async": Stock(world, saver, "async"),
        "stock exit": Stock(world, saver, "exit"),
        "plain": Plain(world, world.pool),
    }
