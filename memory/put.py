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
class Put:
    """One new checkpoint: plain values stand in its JSON, others are sealed blobs; new versions only."""

    session_id: str
    head: str
    parent: str | None
    checkpoint: str
    metadata: str
    blobs: tuple[tuple[str, str, str, bytes], ...]  # channel, version, type, sealed

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
        return cls(
            session_id=where["thread_id"],
            head=checkpoint["id"],
            parent=where.get("checkpoint_id"),
            checkpoint=json.dumps({**checkpoint, "channel_values": inline}),
            metadata=json.dumps(get_serializable_checkpoint_metadata(config, metadata)),
            blobs=tuple(
                (name, str(new_versions[name]), *serde.dumps_typed(value))
                for name, value in values.items()
                if name not in inline and name in new_versions
            ),
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """What a statement of turns.sql takes."""
        rows = [
            {"channel": channel, "version": version, "type": kind, "blob": base64.b64encode(blob).decode()}
            for channel, version, kind, blob in self.blobs
        ]
        return {
            "head": self.head,
            "parent": self.parent,
            "checkpoint": self.checkpoint,
            "metadata": self.metadata,
            "blobs": json.dumps(rows),
        }
