"""A checkpoint in the form in which one statement stores it beside the rows of its turn."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.serde.base import SerializerProtocol

# Of one turn: journalled as rows, never stored here.
TRANSIENT = frozenset({"event", "refusal", "turn", "situation", "plan", "effects"})
_INLINE = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Blob:
    """The sealed value of one channel."""

    channel: str
    version: str
    kind: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Put:
    """One new checkpoint: plain values stand in its JSON, others are sealed blobs; new versions only."""

    session_id: str
    head: str
    parent: str | None
    checkpoint: str
    metadata: str
    blobs: tuple[Blob, ...]
    versions: Mapping[str, str]  # of every sealed channel, also of those that stay the same

    @classmethod
    def of(
        cls,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
        serde: SerializerProtocol,
    ) -> "Put":
        where: Mapping[str, Any] = config.get("configurable", {})
        values = {name: value for name, value in checkpoint["channel_values"].items() if name not in TRANSIENT}
        inline = {name: value for name, value in values.items() if isinstance(value, _INLINE)}
        sealed = [name for name in values if name not in inline]
        return cls(
            session_id=where["thread_id"],
            head=checkpoint["id"],
            parent=where.get("checkpoint_id"),
            checkpoint=json.dumps({**checkpoint, "channel_values": inline}),
            metadata=json.dumps(get_serializable_checkpoint_metadata(config, metadata)),
            blobs=tuple(
                Blob(name, str(new_versions[name]), *serde.dumps_typed(values[name]))
                for name in sealed
                if name in new_versions
            ),
            versions={name: str(checkpoint["channel_versions"][name]) for name in sealed},
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """What a statement of turns.sql takes."""
        rows = [
            {"channel": b.channel, "version": b.version, "type": b.kind, "blob": base64.b64encode(b.sealed).decode()}
            for b in self.blobs
        ]
        return {
            "head": self.head,
            "parent": self.parent,
            "checkpoint": self.checkpoint,
            "metadata": self.metadata,
            "blobs": json.dumps(rows),
        }
