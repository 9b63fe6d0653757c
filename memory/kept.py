"""The newest checkpoint of the sessions served here, still sealed, so that the next turn need not read it again."""

import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg.rows import DictRow

from memory.put import Blob, Put

_MOST = 1000  # sessions; a few kilobytes each


@dataclass(frozen=True, slots=True)
class _Entry:
    head: str
    parent: str | None
    checkpoint: str  # JSON: every reader gets objects of its own, because the graph works on them
    metadata: str
    blobs: tuple[Blob, ...]


class Kept:
    """Whether an entry is current is not known here: the reader says which head it wants, and the commit checks it."""

    def __init__(self, serde: SerializerProtocol) -> None:
        self._serde = serde
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def drop(self, session_id: str) -> None:
        self._entries.pop(session_id, None)

    def read(self, session_id: str, head: str) -> CheckpointTuple | None:
        """The checkpoint of this id, or None where it is not kept."""
        entry = self._entries.get(session_id)
        if entry is None or entry.head != head:
            return None
        where = {"thread_id": session_id, "checkpoint_ns": ""}
        stored: dict[str, Any] = json.loads(entry.checkpoint)
        stored["channel_values"].update({b.channel: self._serde.loads_typed((b.kind, b.sealed)) for b in entry.blobs})
        return CheckpointTuple(
            {"configurable": {**where, "checkpoint_id": entry.head}},
            stored,  # type: ignore[arg-type]
            json.loads(entry.metadata),
            {"configurable": {**where, "checkpoint_id": entry.parent}} if entry.parent else None,
            [],
        )

    def loaded(self, row: DictRow) -> None:
        """Keep what was read from the database, a row of the saver's statement."""
        stored: dict[str, Any] = row["checkpoint"]
        versions = stored["channel_versions"]
        parts = ((channel.decode(), kind.decode(), sealed) for channel, kind, sealed in row["channel_values"] or ())
        blobs = tuple(Blob(channel, versions[channel], kind, sealed) for channel, kind, sealed in parts)
        entry = _Entry(
            row["checkpoint_id"], row["parent_checkpoint_id"], json.dumps(stored), json.dumps(row["metadata"]), blobs
        )
        self._keep(row["thread_id"], entry)

    def written(self, put: Put) -> None:
        """Keep what was committed: its new blobs, and of the checkpoint before those that stayed the same."""
        before = self._entries.pop(put.session_id, None)
        blobs = {b.channel: b for b in (before.blobs if before and before.head == put.parent else ())}
        blobs.update({b.channel: b for b in put.blobs})
        if all(channel in blobs and blobs[channel].version == version for channel, version in put.versions.items()):
            whole = tuple(blobs[channel] for channel in put.versions)
            self._keep(put.session_id, _Entry(put.head, put.parent, put.checkpoint, put.metadata, whole))

    def _keep(self, session_id: str, entry: _Entry) -> None:
        self._entries[session_id] = entry
        self._entries.move_to_end(session_id)
        while len(self._entries) > _MOST:
            self._entries.popitem(last=False)
