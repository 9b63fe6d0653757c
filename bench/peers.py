"""Who a turn is compared with: the same nodes on stock LangGraph, a graph that says one line, plain Python."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Any, Protocol, TypedDict

from langgraph.channels import UntrackedValue
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

from bench.talk import line
from domain.contact import Identity
from domain.events import Event, EventKind
from domain.reading import ReadingContext
from domain.stages import Channel
from domain.state import ChainState, Json
from graph.bootstrap import World, ports_of, service_of
from graph.build import build
from memory.database import Pool
from memory.queries import SQL

ANSWER = {"lowest": "49.00", "highest": "990.00"}
MOST_LINES = 12  # that guards of later turns may still ask about
FIRST = "Hi, I'm Sam, we miss calls"


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
        words = FIRST if number == 0 else line(number)
        data = {"seen_through": self.seen.get(who)}
        result = await self.service.arrive(
            Channel.CHAT, identity, turn_id=uuid.uuid4().hex, words=words, data=data, label="bench"
        )
        if result.speech:
            self.seen[who] = result.speech[-1].speech_id
        return result.speech[0].words if result.speech else ""


class _StockState(ChainState, total=False):
    """The same state with a transcript as it is documented; what is of one turn alone is not stored either."""

    messages: Annotated[list[Any], add_messages]  # pyright: ignore[reportIncompatibleVariableOverride] - the point of it
    event: Annotated[Json, UntrackedValue]
    refusal: Annotated[Json | None, UntrackedValue]
    turn: Annotated[Json, UntrackedValue]
    situation: Annotated[Json, UntrackedValue]
    plan: Annotated[list[Json], UntrackedValue]
    effects: Annotated[list[Json], UntrackedValue]


class _Remembered:
    """What tables would know, from memory and for nothing: the stock peer has no rows beside its checkpoints."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.speech: dict[str, dict[str, Any]] = {}
        self.turns: dict[str, int] = {}

    async def situation(self, session_id: str) -> dict[str, Any]:
        known: dict[str, Any] = {
            "session_id": session_id, "epoch": 0, "audit_seq": 0, "audit_hash": "",
            "turns": self.turns.get(session_id, 0),
            "contact_id": session_id, "label": "bench", "dnc_at": None, "policy_version": self.version, "proposals": [],
            "speech": self.speech.get(session_id, {}),
        }  # fmt: skip
        if not known["turns"]:
            identity = {"kind": "chat", "verified": False, "value": f"chat:{session_id}"}
            known.update(facts={}, consents={}, place={"contact_id": session_id, "identity": identity})
        return known

    def said(self, session_id: str, plan: list[Json], at: str) -> None:
        self.turns[session_id] = self.turns.get(session_id, 0) + 1
        sent = {"status": "queued", "heard_at": None, "queued_at": at}
        before = {k: {**row, "status": "heard", "heard_at": at} for k, row in self.speech.get(session_id, {}).items()}
        lines = {line["speech_id"]: {**sent, "channel": line["channel"], "ordinal": n} for n, line in enumerate(plan)}
        self.speech[session_id] = dict([*before.items(), *lines.items()][-MOST_LINES:])


class Stock:
    """The same nodes, and so the same conversation, on LangGraph as documented: add_messages, AsyncPostgresSaver.

    Its effects go nowhere: no inbox, no lease, no row beside the checkpoint.
    """

    def __init__(self, world: World, saver: AsyncPostgresSaver, durability: str, version: str) -> None:
        self.clock, self.durability, self.desk = world.clock, durability, _Remembered(version)
        self.app = build(replace(ports_of(world), desk=self.desk), _StockState).compile(saver)
        self.seen: dict[str, str] = {}

    async def turn(self, who: str, number: int) -> str:
        config: Any = {"configurable": {"thread_id": who}}
        words = FIRST if number == 0 else line(number)
        now = self.clock.now()
        event = Event(
            uuid.uuid4().hex, EventKind.WORDS, now, Channel.CHAT, {"text": words, "seen_through": self.seen.get(who)}
        )
        given: Any = {"session_id": who, "event": event.to_json(), "refusal": None}
        values = await self.app.ainvoke(given, config, durability=self.durability)  # type: ignore[arg-type]
        plan: list[Json] = values["plan"]
        self.desk.said(who, plan, now.isoformat())
        if plan:
            self.seen[who] = str(plan[-1]["speech_id"])
        return str(plan[0]["words"]) if plan else ""


class _LineState(TypedDict):
    messages: Annotated[list[Any], add_messages]
    facts: dict[str, Any]
    step: str


class OneLine:
    """A stock graph of five nodes that only reads and always says the same: a floor, not the same conversation."""

    def __init__(self, world: World, saver: AsyncPostgresSaver) -> None:
        self.ports = ports_of(world)
        graph = StateGraph(_LineState)
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

    async def _listen(self, state: _LineState) -> dict[str, Any]:
        reading = self.ports.language.read(str(state["messages"][-1].content), ReadingContext())
        return {"facts": {**(state.get("facts") or {}), **{f.type: f.value for f in reading.facts}}}

    async def _pass(self, state: _LineState) -> dict[str, Any]:
        return {"step": "BOOK.discovery"}

    async def _say(self, state: _LineState) -> dict[str, Any]:
        return {"messages": [("ai", self.ports.lines.render("answer_price_list", ANSWER, len(state["messages"])))]}

    async def turn(self, who: str, number: int) -> str:
        config: Any = {"configurable": {"thread_id": who}}
        given: Any = {"messages": [("user", line(number))]}
        values = await self.app.ainvoke(given, config, durability="exit")
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
        active = await (await connection.execute(SQL["active_version"])).fetchone()
    version = str(active["version"]) if active else ""
    yield {
        "ours": Ours(world),
        "stock async": Stock(world, saver, "async", version),
        "stock exit": Stock(world, saver, "exit", version),
        "stock exit, one line": OneLine(world, saver),
        "plain": Plain(world, world.pool),
    }
