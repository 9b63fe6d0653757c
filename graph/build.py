"""Draws the graph from the nodes and the table: six nodes, guarded edges labelled by the guards."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, cast

from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs] - typed, in a namespace
from langgraph.types import Command  # pyright: ignore[reportMissingTypeStubs] - typed, in a namespace

from domain.ports import Ports
from domain.stages import Overlay, Stage, Step
from domain.state import ChainState
from domain.transitions import TABLE, Transition
from graph import probes
from nodes.book import book
from nodes.close import close
from nodes.gate import gate, waiting
from nodes.listen import listen
from nodes.speaking.wording import put_in_words
from nodes.transfer import transfer
from nodes.weigh import weigh
from nodes.working import resumed

Node = Callable[..., Awaitable[ChainState]]


class BoundNode(Protocol):
    """A node that was given its ports, in the form the graph calls it."""

    async def __call__(self, state: ChainState) -> Command[str]: ...


STAGE_NODES = {Stage.ENTRY: "book", Stage.BOOK: "book", Stage.TRANSFER: "transfer", Stage.CLOSE: "close"}
NODES: dict[str, Node] = {"listen": listen, "weigh": weigh, "book": book, "transfer": transfer, "close": close}
TRANSIENT = ("turn", "situation", "plan", "effects")
_UNSET = object()
ENDS = {"turn decided": END, "turn decided, a person decides next": "gate"}
MOST_HOPS = 5  # stage nodes in one turn: four rows at most can change the stage


def build(ports: Ports, state: type[ChainState] = ChainState) -> StateGraph[ChainState, Any, Any, Any]:
    """The uncompiled graph, its nodes bound to the ports. `state` names its channels and how they are kept."""
    graph = StateGraph(state)
    for name, node in NODES.items():
        ways = ways_of(name)
        drawn = {target: said for said, target in ways.items()}
        bound = _bound(name, node, ports, ways)
        graph.add_node(name, bound, metadata={"stage": name}, destinations=drawn, input_schema=state)  # pyright: ignore[reportUnknownMemberType] - a generic of theirs
    graph.add_node("gate", _gate, metadata={"human": "approval"}, input_schema=state)  # pyright: ignore[reportUnknownMemberType] - a generic of theirs
    graph.add_edge(START, "listen")
    graph.add_edge("gate", END)
    return graph


def compiled(ports: Ports, saver: Any = None) -> Any:
    """The graph, ready to run."""
    graph = build(ports)
    return graph.compile(saver, name="throughline")  # pyright: ignore[reportUnknownMemberType] - a generic of theirs


def ways_of(name: str) -> dict[str, str]:
    """The labelled ways out of a node, to the nodes they lead to: for a stage the rows with their guards, and the end.

    A node names its way itself: a conditional edge would cost a task, a read of the state and a trace of its own.
    """
    if name == "listen":
        return {"heard": "weigh"}
    if name == "weigh":
        return {"in BOOK": "book", "in TRANSFER": "transfer", "in CLOSE": "close", **ENDS}
    return {
        **{way(name, target): target for target in STAGE_NODES.values() if way(name, target)},
        **ENDS,
    }


def way(name: str, target: str) -> str:
    """One label for all rows from a stage to another: the picture draws one edge a pair."""
    return " / ".join(
        label(row) for row in TABLE if (stage := crosses(row, name)) is not None and STAGE_NODES[stage] == target
    )


def crosses(row: Transition, name: str) -> Stage | None:
    """The stage that a row leads to from a node's own stage, where it is another one."""
    target = row.target.stage if isinstance(row.target, Step) else None
    sources = {STAGE_NODES[s.stage] for s in row.sources if isinstance(s, Step) and s.stage is not None}
    if target is None or name not in sources or STAGE_NODES[target] == name:
        return None
    return target


def label(row: Transition) -> str:
    return f"{row.id} {row.trigger}" + (f": {', '.join(row.guards)}" if row.guards else "")


def _bound(name: str, node: Node, ports: Ports, ways: Mapping[str, str]) -> BoundNode:
    async def run(state: ChainState) -> Command[str]:
        probes.reached(f"in_{name}")
        update = await node(state, ports=ports)
        target = ways[route(name, update)]
        if target != END:
            return Command(update={"turn": {"carried": update}}, goto=target)
        turn = await resumed({**state, "turn": {"carried": update}}, ports)
        messages = put_in_words(turn, ports)
        after = changed(state, turn.update())
        last = "gate" if waiting({**state, **after}) else END
        return Command(update={**after, "messages": messages}, goto=last)

    run.__name__ = name
    return run


def changed(before: ChainState, after: ChainState) -> ChainState:
    """Only what the turn changed is written: a channel that stays the same costs neither a blob nor its encryption."""
    kept = {name: value for name, value in after.items() if name in TRANSIENT or before.get(name, _UNSET) != value}
    return cast(ChainState, kept)


async def _gate(state: ChainState) -> ChainState:
    probes.reached("in_gate")
    return await gate(state)


def route(name: str, after: ChainState) -> str:
    """Where the turn goes on: to the node of a stage that was entered, or to its end."""
    if name == "listen":
        return "heard"
    step = Step(str(after.get("step")))
    work: dict[str, Any] = after.get("turn", {})
    here = "close" if step is Step.WON else STAGE_NODES.get(step.stage) if step.stage else None
    if name == "weigh":
        return _first_stage(after, work, here)
    hops = work["hops"] = int(work.get("hops", 0)) + 1
    if here is None or here == name or after.get("overlay") or hops >= MOST_HOPS:
        return "turn decided"
    return way(name, here) or "turn decided"


def _first_stage(after: ChainState, work: dict[str, Any], here: str | None) -> str:
    """After weighing: the node of the stage the session is in; under HUMAN and CALLBACK the hand-over's node."""
    if work.get("handled") or here is None:
        return "turn decided"
    if after.get("overlay"):
        return "in TRANSFER" if after.get("overlay") in (Overlay.HUMAN, Overlay.CALLBACK) else "turn decided"
    return f"in {here.upper()}"
