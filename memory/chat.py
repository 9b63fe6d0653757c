"""What a chat client shows of a session, and where it goes on."""

import base64
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from memory.queries import SQL
from memory.sealing import Sealer


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One bubble. `turn` is the client's cursor: it asks for what came after it."""

    message_id: str
    turn: int
    agent: bool
    text: str
    at: datetime
    status: str  # of an agent's line: queued until the client has acknowledged it


async def messages_after(
    connection: AsyncConnection[DictRow], sealer: Sealer, session_id: str, after: int
) -> list[ChatMessage]:
    asked = {"session_id": session_id, "after": after}
    found: list[ChatMessage] = []
    for row in await (await connection.execute(SQL["chat_turns"], asked)).fetchall():
        words = sealer.open(row["sealed"]).get("words") if row["sealed"] else None
        if words:
            found.append(ChatMessage(row["turn_id"], row["turn"], False, words, row["at"], "heard"))
        for line in row["lines"] or ():
            text = sealer.open(base64.b64decode(line["sealed"]))["words"]
            found.append(ChatMessage(line["id"], row["turn"], True, text, row["at"], line["status"]))
    return found
