"""The saver: a turn's checkpoint, its head and all its effects are one transaction."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata
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
from memory.queries import SQL
from memory.sealing import Sealer

TRANSIENT = (
    "event",
    "refusal",
    "turn",
    "situation",
    "plan",
    "effects",
)  # of one turn: journalled as rows, never stored here
_PUT: ContextVar[tuple[dict[str, Any], str, str | None] | None] = ContextVar("put", default=None)


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

    Overrides three methods, one of them private: the package is pinned to ~=3.2.0, and the durability tests guard it.
    """

    def __init__(self, pool: Pool, sealer: Sealer, probe: Any = None) -> None:
        serde = EncryptedSerializer(SealedCipher(sealer), JsonPlusSerializer(allowed_msgpack_modules=[]))
        super().__init__(pool, serde=serde)
        self._sealer, self._probe = sealer, probe or (lambda point: None)

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
        kept = {name: value for name, value in values.items() if name not in TRANSIENT}
        stored: Checkpoint = {**checkpoint, "channel_values": kept}  # type: ignore[typeddict-item]
        versions: ChannelVersions = {name: version for name, version in new_versions.items() if name not in TRANSIENT}
        token = _PUT.set(({**values, "session_id": where["thread_id"]}, checkpoint["id"], where.get("checkpoint_id")))
        try:
            return await super().aput(config, stored, metadata, versions)
        finally:
            _PUT.reset(token)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Interrupts are kept for who looks at the state; what a node raised belongs to no checkpoint."""
        kept = [write for write in writes if write[0] != ERROR]
        if kept:
            await super().aput_writes(config, kept, task_id, task_path)

    @contextlib.asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        put = _PUT.get() if pipeline else None
        async with self.conn.connection() as connection:  # type: ignore[union-attr]
            if put is None:
                async with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                    yield cursor
                return
            values, head, parent = put
            self._probe("before_commit")
            try:
                async with connection.transaction(), connection.pipeline():
                    if values.get("effects"):
                        await Commit(connection, self._sealer, values, head, parent).write()
                    else:
                        await self._head_only(connection, values, head, parent)
                    async with connection.cursor(binary=True, row_factory=dict_row) as cursor:
                        yield cursor
                    self._probe("in_commit")
            except errors.ExclusionViolation as error:
                starts = next((e["starts"] for e in values["effects"] if e["kind"] == "hold"), "")
                raise EffectRefused("hold", "slot_free", "the slot was taken", {"starts": starts}) from error
            except (errors.DeadlockDetected, errors.SerializationFailure) as error:
                raise TurnConflict(f"session {values['session_id']}: the commit lost against another one") from error
            self._probe("after_commit")

    async def _head_only(self, connection: Any, values: dict[str, Any], head: str, parent: str | None) -> None:
        moved = await connection.execute(
            SQL["move_head_only"], {"head": head, "parent": parent, "session_id": values["session_id"]}
        )
        if await moved.fetchone() is None:
            raise TurnConflict(f"session {values['session_id']}: another turn was committed first")
