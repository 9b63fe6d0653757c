"""Delivers a committed effect once: the effect, its receipt and the end of its outbox row are one transaction."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.ports import Clock
from domain.refusal import Refused
from graph.probes import reached
from memory import desk, outbox
from memory.bookings import booking_state
from memory.database import Pool
from memory.deals import Deals
from memory.sealing import Sealer
from tools.declare import BY_OUTBOX, Deliver, Delivery, Receipt, ToolFailed, ToolRefused
from tools.messages import arrival
from tools.recall import Quietly, Standing, Wait, recall

Toolbox = Callable[[Any], Mapping[str, Deliver]]

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class Settled:
    """How a delivery went: `again_in` seconds it must be tried once more; None when nothing is left to do."""

    status: str  # delivered, cancelled, failed, waits, missed, or gone where there was nothing to deliver
    again_in: float | None = None


_GONE = Settled("gone")


class Deliverer:
    """Checks recall, acts, settles. Authority was used up in the commit and is not asked for again."""

    def __init__(
        self,
        pool: Pool,
        sealer: Sealer,
        clock: Clock,
        toolbox: Toolbox,
        window: Callable[[str, datetime], datetime | None] | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`window` tells when a number may be called next, or None where that is now."""
        self._pool = pool
        self._sealer = sealer
        self._clock = clock
        self._toolbox = toolbox
        self._window = window
        self._chance = chance or random.Random()  # noqa: S311  # spreads retries, protects nothing

    async def deliver(self, effect_id: str) -> Settled:
        """Safe to call any number of times, from any number of workers."""
        now = self._clock.now()
        async with self._pool.connection() as connection:
            async with connection.transaction():
                row = await outbox.claim(connection, effect_id)
                open_row = row is not None and row["status"] == "queued"
                settled, events = await self._settle(connection, row, now) if row and open_row else (_GONE, False)
            if events and row:
                await desk.notify_inbox(connection, str(row["session_id"]))
            if row and row["kind"] == "message":
                await self._report_arrivals(connection, effect_id)
        return settled

    async def report_arrivals(self) -> None:
        """What the local carrier still has to say about texts that a killed process had sent."""
        async with self._pool.connection() as connection:
            await self._report_arrivals(connection, None)

    async def _report_arrivals(self, connection: Any, message_id: str | None) -> None:
        for text in await outbox.unreported(connection, message_id):
            session_id = str(text["session_id"])
            event = arrival(text["message_id"], text["speech_ids"], self._clock.now())
            if await outbox.arrived(connection, self._sealer, session_id, text["message_id"], event):
                await desk.notify_inbox(connection, session_id)

    async def drain(self, session_id: str | None = None, order: random.Random | None = None) -> int:
        """Deliver what is due now, each once, without a worker; `order` shuffles what need not be in order."""
        async with self._pool.connection() as connection:
            rows = await outbox.queued(connection, self._clock.now(), session_id)
        if order:
            free = [row for row in rows if not BY_OUTBOX[row[1]].in_order]
            order.shuffle(free)
            shuffled = iter(free)
            rows = [row if BY_OUTBOX[row[1]].in_order else next(shuffled) for row in rows]
        held: set[str] = set()
        count = 0
        for effect_id, kind, session in rows:
            if session in held and BY_OUTBOX[kind].in_order:
                continue
            settled = await self.deliver(effect_id)
            count += settled.status == "delivered"
            if settled.again_in is not None and BY_OUTBOX[kind].in_order:
                held.add(session)
        await self.report_arrivals()
        return count

    async def _settle(self, connection: Any, row: Mapping[str, Any], now: datetime) -> tuple[Settled, bool]:
        """The end of this try, and whether the session got events by it."""
        effect_id, payload = row["effect_id"], self._sealer.open(row["sealed"])
        verdict = recall(await self._standing(connection, row, payload, now), now)
        if isinstance(verdict, Wait):
            await outbox.waits(connection, effect_id, verdict.why)
            return Settled("waits", (verdict.until - now).total_seconds()), False
        if isinstance(verdict, Refused):
            await outbox.recalled(connection, effect_id, verdict.guard, now)
            return Settled("cancelled"), False
        delivery = await self._delivery(connection, row, payload, now, quiet=isinstance(verdict, Quietly))
        try:
            receipt = await self._act(connection, delivery)
        except outbox.DATABASE_LOST:
            raise
        except Exception as fault:  # noqa: BLE001  # a job is an edge: whatever a tool does counts as one try
            return await self._missed(connection, row, fault, now)
        await outbox.delivered(connection, effect_id, receipt.note, now)
        if row["kind"] == "crm_record":
            await outbox.record_delivered(connection, str(payload["record_key"]), now)
        return Settled("delivered"), bool(receipt.events)

    async def _act(self, connection: Any, delivery: Delivery) -> Receipt:
        tool = BY_OUTBOX[delivery.kind]
        async with connection.transaction(), asyncio.timeout(tool.timeout_s):
            reached("job_before_effect")
            receipt = await self._toolbox(connection)[delivery.kind](delivery)
            for event in receipt.events:
                await desk.put_event(
                    connection,
                    self._sealer,
                    turn_id=event.turn_id,
                    session_id=delivery.session_id,
                    kind=event.kind,
                    channel=event.channel,
                    at=event.at,
                    data=event.data,
                )
            reached("job_after_effect")
        return receipt

    async def _missed(
        self, connection: Any, row: Mapping[str, Any], fault: Exception, now: datetime
    ) -> tuple[Settled, bool]:
        """Count the try. What a tool says about itself is safe to keep; of other faults only the name is."""
        why = str(fault) if isinstance(fault, (ToolFailed, ToolRefused)) else type(fault).__name__
        tries = await outbox.missed(
            connection,
            row["effect_id"],
            str(row["session_id"]),
            why[:200],
            BY_OUTBOX[row["kind"]].tries,
            isinstance(fault, ToolRefused),
            now,
        )
        if tries is None:
            return Settled("failed"), False
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (tries - 1)) * self._chance.uniform(0.5, 1.0)
        return Settled("missed", pause), False

    async def _standing(
        self, connection: Any, row: Mapping[str, Any], payload: Mapping[str, Any], now: datetime
    ) -> Standing:
        due = row["not_before"]
        opens = None
        if row["kind"] == "callback":
            due = max(filter(None, (due, datetime.fromisoformat(payload["at"]))))
            opens = self._window(str(payload.get("number") or ""), now) if self._window else None
        return Standing(
            kind=row["kind"],
            transition=row["transition"],
            queued_at=row["queued_at"],
            not_before=due,
            takes_back=row["kind"] == "calendar_event" and payload["action"] == "cancel",
            confirms_opt_out=bool(row["confirms_opt_out"]),
            opted_out=row["opted_out"],
            erased=row["erased"],
            consent_revoked=row["consent_revoked"],
            stopped=row["stopped"],
            emergency=row["emergency"],
            object_state=await self._object_state(connection, row["kind"], payload),
            window_opens=opens,
        )

    async def _object_state(self, connection: Any, kind: str, payload: Mapping[str, Any]) -> str | None:
        if kind == "calendar_event":
            return await booking_state(connection, str(payload["booking_id"]))
        if kind in ("contract_link", "payment_link"):
            name = kind.removesuffix("_link")
            return await Deals(connection, self._sealer).state_of(name, str(payload[f"{name}_id"]))
        return None

    async def _delivery(
        self, connection: Any, row: Mapping[str, Any], payload: Mapping[str, Any], now: datetime, *, quiet: bool
    ) -> Delivery:
        text_to = None
        if row["session_channel"] == "voice" and row["kind"] in ("contract_link", "payment_link"):
            text_to = await outbox.phone_of(connection, self._sealer, row["contact_id"])
        return Delivery(
            effect_id=row["effect_id"],
            session_id=str(row["session_id"]),
            kind=row["kind"],
            object_id=row["object"],
            channel=row["channel"],
            payload=payload,
            at=now,
            quiet=quiet,
            text_to=text_to,
        )
