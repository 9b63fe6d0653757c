"""What time does to a call: silence is asked about, then ended; and no call lasts for ever."""

import asyncio
import time

from livekit.agents import AgentSession

from livekit.conversation import Conversation
from livekit.voice import WARNED_BEFORE_S, VoiceProfile

_TICK_S = 0.25


class CallClock:
    """Looks four times a second. Silence counts from the last word of either; asking about it does not break it."""

    def __init__(
        self, conversation: Conversation, session: AgentSession, profile: VoiceProfile, lasted_s: float = 0.0
    ) -> None:
        """`lasted_s`: for how long jobs before this one have held the call."""
        self._conversation, self._session, self._profile = conversation, session, profile
        self._began = time.monotonic() - lasted_s
        self._quiet_since: float | None = None
        self._level = 0
        self._told: set[str] = set()
        self.listening = True  # False while nobody is on the line

    async def run(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            now = time.monotonic()
            self._silence(now)
            self._length(now - self._began)

    def _silence(self, now: float) -> None:
        mouth = self._conversation.mouth
        line = mouth.line if mouth else None
        if (
            self._session.user_state == "speaking"
            or self._conversation.busy
            or not self.listening
            or (line is not None and not line.act.startswith("silence_"))
        ):
            self._quiet_since, self._level = None, 0
        elif self._quiet_since is None:
            self._quiet_since = now
        elif now - self._quiet_since >= self._profile.silence_s[self._level]:
            self._level += 1
            self._conversation.silence(self._level)
            if self._level == len(self._profile.silence_s):
                self._quiet_since, self._level = now, 0  # a session that waits for people is not parked, but asked on

    def _length(self, lasted: float) -> None:
        longest = self._profile.longest_s(self._conversation.step)
        if longest is None:
            return
        if lasted >= longest:
            self._tell("over")
        elif lasted >= longest - WARNED_BEFORE_S:
            self._tell("soon")

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._conversation.timer("call_cap", what)
