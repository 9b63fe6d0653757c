"""The saver: a turn's checkpoint, its head and all its effects are one transaction."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import CipherProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.serde.types import ERROR
from psycopg import AsyncCursor, errors
from psycopg.rows import DictRow, dict_row

from domain.errors import EffectRefused, TurnConflict
from memory.commit import Commit
from memory.database import Pool
from memory.kept import Kept
from memory.put import Put
from memory.queries import SQL
from memory.run import current
from memory.sealing import Sealer


class SealedCipher(CipherProtocol):
    """Lets the saver's serializer use the product's keys."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        return "sealed", self._sealer.seal_bytes(plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        return self._sealer.open_bytes(ciphertext)


class TurnSaver(AsyncPostgresSaver):
    """AsyncPostgresSaver whose `aput` applies the turn's effects in its own transaction.

    Overrides five methods, two of them private: the package is pinned to ~=3.2.0, and the durability tests guard it.
    """

    def __init__(self, pool: Pool, sealer: Sealer, probe: Any = None) -> None:
        serde = EncryptedSerializer(SealedCipher(sealer), JsonPlusSerializer(allowed_msgpack_modules=[]))
        super().__init__(pool, serde=serde)
        self._sealer, self._probe = sealer, probe or (lambda point: None)
        self._kept = Kept(self.serde)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """What was kept here, where the lease says that the session still stands on it; else what the database has."""
        where: Mapping[str, Any] = config.get("configurable", {})
        head = None if where.get("checkpoint_id") or where.get("checkpoint_ns") else current().take_head()
        kept = self._kept.read(where["thread_id"], head) if head else None
        return kept or await super().aget_tuple(config)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        where: Mapping[str, Any] = config.get("configurable", {})
        if where.get("checkpoint_ns"):
            return await super().aput(config, checkpoint, metadata, new_versions)
        values: dict[str, Any] = checkpoint["channel_values"]
        if "event" in values and not values.get("effects"):
            return config  # a node raised before the turn was decided: nothing is kept of it, it is decided anew
        put = Put.of(config, checkpoint, metadata, new_versions, self.serde)
        with current().committing():
            await self._commit(put, values)
        self._kept.written(put)
        self._probe("after_commit")
        return {"configurable": {"thread_id": put.session_id, "checkpoint_ns": "", "checkpoint_id": put.head}}

    async def _commit(self, put: Put, values: dict[str, Any]) -> None:
        async with self.conn.connection() as connection:  # type: ignore[union-attr]
            self._probe("before_commit")
            if values.get("effects"):
                await self._turn(Commit(connection, self._sealer, values, put))
            else:
                await self._head_only(connection, put)

    async def _turn(self, commit: Commit) -> None:
        """All rows of a turn or none: mostly one statement, else a transaction whose statements go out together."""
        try:
            if commit.alone:
                self._probe("in_commit")
                await commit.write()
                return
            async with commit.connection.transaction(), commit.connection.pipeline():
                await commit.write()
                self._probe("in_commit")
        except errors.ExclusionViolation as error:
            starts = next((e["starts"] for e in commit.values["effects"] if e["kind"] == "hold"), "")
            raise EffectRefused("hold", "slot_free", "the slot was taken", {"starts": starts}) from error
        except (errors.DeadlockDetected, errors.SerializationFailure) as error:
            raise TurnConflict(f"session {commit.put.session_id}: the commit lost against another one") from error

    async def _head_only(self, connection: Any, put: Put) -> None:
        moved = await connection.execute(SQL["move_head_only"], {"session_id": put.session_id, **put.parameters})
        if await moved.fetchone() is None:
            raise TurnConflict(f"session {put.session_id}: another turn was committed first")

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Interrupts are kept for who looks at the state, behind the commit; what a node raised is not.

        LangGraph writes them beside the checkpoint, and a process that dies there would leave them to nobody.
        """
        kept, run = [write for write in writes if write[0] != ERROR], current()
        await run.commit.wait()
        if kept and run.stored:
            self._kept.drop(config.get("configurable", {})["thread_id"])
            await super().aput_writes(config, kept, task_id, task_path)

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        """Theirs decodes pending writes in a thread, also where there are none: most of what a read costs."""
        if value["pending_writes"]:
            return await super()._load_checkpoint_tuple(value)
        if not value["checkpoint_ns"]:
            self._kept.loaded(value)
        where, parent, stored = (
            {"thread_id": value["thread_id"], "checkpoint_ns": ""},
            value["parent_checkpoint_id"],
            value["checkpoint"],
        )
        values = {**(stored.get("channel_values") or {}), **self._load_blobs(value["channel_values"])}
        return CheckpointTuple(
            {"configurable": {**where, "checkpoint_id": value["checkpoint_id"]}},
            {**stored, "channel_values": values},  # type: ignore[typeddict-item]
            value["metadata"],
            {"configurable": {**where, "checkpoint_id": parent}} if parent else None,
            [],
        )

    @contextlib.asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """Theirs lets one read or write at a time through, also with a pool."""
        async with contextlib.AsyncExitStack() as unit:
            connection = await unit.enter_async_context(self.conn.connection())  # type: ignore[union-attr]
            if pipeline:
                await unit.enter_async_context(connection.transaction())
                await unit.enter_async_context(connection.pipeline())
            yield await unit.enter_async_context(connection.cursor(binary=True, row_factory=dict_row))
