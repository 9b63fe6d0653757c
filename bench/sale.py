"""One sale by voice with real ears and real voices on both sides: from the first ring to a signed and paid order."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.buyer import NAME, Buyer, untrue
from bench.hearing import mistakes, words_of
from bench.line import Line, Sound, Unanswered
from bench.mouths import Condition, Voice
from domain.contact import Identity
from domain.state import part
from graph.bootstrap import World, service_of
from graph.calling import CallDesk
from graph.desk import Decided, Desk, Operator, Verdict
from memory.deals import Deals

MANAGER = Operator("mara", "Mara", frozenset({"sales_manager"}))
MOST_REPLIES, LONGEST_S = 30, 390.0
FED_UP = 8  # times that a person gives the same answer before they hang up
_PATIENCE_S, _LOOKS = 15.0, 150


@dataclass(slots=True)
class Outcome:
    """What came of one call. `caught`: read-backs of something misheard, which the buyer corrected."""

    step: str = ""
    said: list[str] = field(default_factory=list[str])
    heard: list[tuple[str, float]] = field(default_factory=list[tuple[str, float]])
    waits: list[float] = field(default_factory=list[float])
    caught: int = 0
    repeated: int = 0
    unanswered: int = 0
    untrue: list[str] = field(default_factory=list[str])
    claimed: list[str] = field(default_factory=list[str])  # misheard as well, but never confirmed
    unmeant: list[str] = field(default_factory=list[str])
    seconds: float = 0.0
    fault: str = ""

    @property
    def won(self) -> bool:
        return self.step == "WON"

    @property
    def words(self) -> int:
        return len(words_of(" ".join(self.said)))

    @property
    def wrong(self) -> int:
        return mistakes(words_of(" ".join(self.said)), words_of(" ".join(text for text, _ in self.heard)))


@dataclass(frozen=True, slots=True)
class Shop:
    """The doors of a running installation."""

    world: World
    calls: CallDesk
    desk: Desk

    async def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        async with self.world.pool.connection() as connection:
            found = await (await connection.execute(statement, values)).fetchall()  # pyright: ignore[reportArgumentType]
        return [{**row, **self.world.sealer.open(row["sealed"])} if row.get("sealed") else row for row in found]


@dataclass(slots=True)
class Sale:
    """One buyer on one call."""

    shop: Shop
    identity: Identity
    voice: Voice
    condition: Condition
    background: Sound | None
    show: Callable[[str], None] = lambda _: None
    buyer: Buyer = field(default_factory=Buyer)
    out: Outcome = field(default_factory=Outcome)
    session_id: str | None = None

    async def run(self) -> Outcome:
        began = time.monotonic()
        joined = await self.shop.calls.join(self.identity, "bench")
        line = Line(joined.url, joined.token, self.background)
        try:
            await line.join()
            async with asyncio.timeout(LONGEST_S):
                await self._talk(line)
        except (Unanswered, TimeoutError, httpx.HTTPError, AssertionError) as fault:
            self.out.fault = f"{type(fault).__name__}: {fault}"
        finally:
            await line.leave()
        self.out.seconds = time.monotonic() - began
        await self._look_back()
        return self.out

    async def _talk(self, line: Line) -> None:
        await line.quiet(patience_s=120)
        for _ in range(MOST_REPLIES):
            await self._finished(line)
            if await self._links():
                break
            asked = await self._asked()
            words = self.buyer.reply(asked, await self._called())
            if len(self.buyer.said) >= FED_UP and len(set(self.buyer.said[-FED_UP:])) == 1:
                self.out.fault = f"hung up after saying {words!r} {FED_UP} times"
                return
            self.show(f"agent: {asked['words'] if asked else '...'}\n    buyer: {words}")
            sound = self.condition.on_the_line(await asyncio.to_thread(self.voice, words))
            try:
                self.out.waits.append(await line.wait_for(sound, _PATIENCE_S))
            except Unanswered:
                self.out.unanswered += 1
                continue
            await line.quiet()
            await self._released(line)
        await self._sign_and_pay()
        await _until(lambda: self._stands("WON"), 30)
        await _until(self._told_so, 30)

    async def _finished(self, line: Line) -> None:
        """People hear that a sentence is not over, however long it hangs: they wait for the rest."""
        await self._session()
        queued = "select 1 from speech where session_id = %s and channel = 'voice' and status = 'queued'"
        for _ in range(_LOOKS):
            if not self.session_id or not await self.shop.rows(queued, self.session_id):
                break
            await asyncio.sleep(0.1)
        await line.quiet()

    # ---- what the buyer knows
    async def _asked(self) -> dict[str, Any] | None:
        """The last question that was heard: this buyer hears well."""
        await self._session()
        if not self.session_id:
            return None
        lines = await self.shop.rows(
            "select * from speech where session_id = %s and asks is not null and channel = 'voice' "
            "and status <> 'unheard' order by queued_at desc, ordinal desc limit 1",
            self.session_id,
        )
        return lines[0] if lines else None

    async def _called(self) -> str | None:
        greeted = "select * from speech where session_id = %s and act = 'greet_name' and status = 'heard'"
        lines = await self.shop.rows(greeted, self.session_id) if self.session_id else []
        return lines[-1]["words"] if lines else None

    async def _session(self) -> None:
        if not self.session_id:
            found = await self.shop.desk.session_of(self.identity)
            self.session_id = str(found) if found else None

    # ---- other people's part
    async def _released(self, line: Line) -> None:
        """A manager at the console releases what waits for one, and the buyer hears of it."""
        await self._session()
        waiting = "select 1 from proposals where session_id = %s and status = 'open'"
        if not self.session_id or not await self.shop.rows(waiting, self.session_id):
            return
        queue = await self.shop.desk.queue(MANAGER)
        for item in queue.items:
            for row in item["approvals"] if str(item["session_id"]) == self.session_id else ():
                if row["status"] == "open":
                    verdict = Verdict(approval_id=row["approval_id"], version=row["version"], approve=True)
                    decided = asyncio.get_running_loop().time()
                    assert isinstance(await self.shop.desk.decide(MANAGER, verdict), Decided)
                    await line.answered(decided, _PATIENCE_S)
        await line.quiet()

    async def _links(self) -> dict[str, str]:
        if not self.session_id:
            return {}
        async with self.shop.world.pool.connection() as connection:
            found = await Deals(connection, self.shop.world.sealer).links(self.session_id)
        return {link["kind"]: link["token"] for link in found}

    async def _sign_and_pay(self) -> None:
        await _until(self._links, 20)
        links = await self._links()
        async with httpx.AsyncClient(base_url=self.shop.world.settings.buyers_url, trust_env=False) as browser:
            form = {"name": NAME, "agreed": "yes"}
            signed = await browser.post(f"/accept/{links['contract']}", data=form)
            assert signed.status_code == 303, signed.text

            async def paid() -> bool:
                form = {"result": "succeeded"}
                return not (await browser.post(f"/pay/{links['payment']}", data=form)).is_error

            await _until(paid, 20)

    async def _stands(self, step: str) -> bool:
        return bool(
            await self.shop.rows("select 1 from sessions where session_id = %s and step = %s", self.session_id, step)
        )

    async def _told_so(self) -> bool:
        told = "select 1 from speech where session_id = %s and act = 'won' and status = 'heard' and channel = 'voice'"
        return bool(await self.shop.rows(told, self.session_id))

    # ---- afterwards
    async def _look_back(self) -> None:
        out = self.out
        out.said, out.caught, out.repeated = self.buyer.said, self.buyer.caught, self.buyer.repeated
        await self._session()
        if not self.session_id:
            return
        (session,) = await self.shop.rows("select step from sessions where session_id = %s", self.session_id)
        out.step = session["step"]
        turns = await self.shop.rows(
            "select * from call_turns where call_id in (select call_id from calls where session_id = %s) "
            "and kind = 'words' order by at",
            self.session_id,
        )
        out.heard = [(turn.get("words") or "", turn.get("confidence") or 0.0) for turn in turns]
        facts = part(await service_of(self.shop.world).snapshot(self.session_id), "facts")
        wrong = untrue({key: fact["value"] for key, fact in facts.items()}, self.buyer.said)
        # What was claimed by voice and never confirmed decides nothing: no contract and no price hangs on it.
        out.claimed = [each for each in wrong if facts[each.split(" = ")[0]]["status"] == "claimed"]
        out.untrue = [each for each in wrong if each not in out.claimed]
        yes = "select speech_id from answers where session_id = %s and answer = 'yes'"
        asks = "select speech_id, asks from speech where session_id = %s"
        named = {row["speech_id"]: row["asks"] for row in await self.shop.rows(asks, self.session_id)}
        answered = [row["speech_id"] for row in await self.shop.rows(yes, self.session_id)]
        out.unmeant = [named.get(each) or each for each in answered if each not in self.buyer.agreed]


async def _until(met: Callable[[], Awaitable[Any]], seconds: float) -> None:
    late = time.monotonic() + seconds
    while not await met():
        if time.monotonic() > late:
            raise TimeoutError
        await asyncio.sleep(0.1)
