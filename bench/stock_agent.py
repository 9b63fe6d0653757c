"""What our calls are compared with: LiveKit's own agent, with the same ears, voice, detectors and worker as ours.

Its model costs nothing: it says what it finds written down.
"""

from pathlib import Path
from typing import Any

from livekit.agents import Agent, AgentSession, APIConnectOptions, JobContext, llm
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from domain.policy import load_policy
from graph.settings import Settings
from livekit.job_metadata import call_of
from livekit.providers import recogniser_named, voice_named
from livekit.voice import VoiceProfile


class WrittenDown(llm.LLM):
    """A model that needs no time: it reads its answer from a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_: Any,
    ) -> llm.LLMStream:
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        model = self._llm
        assert isinstance(model, WrittenDown)
        said = llm.ChoiceDelta(role="assistant", content=model.path.read_text("utf-8"))
        self._event_ch.send_nowait(llm.ChatChunk(id="answer", delta=said))


def session_of(settings: Settings, call_id: str) -> AgentSession:
    """Everything that is not named here is as the SDK has it."""
    profile = VoiceProfile.of(load_policy(settings.policy_path.read_text("utf-8"), "policy"), settings)
    ours = profile.session_options()["turn_handling"]
    assert settings.stt_script
    return AgentSession(
        stt=recogniser_named(settings.stt[0], settings, (), call_id),
        tts=voice_named(settings.tts[0], settings, profile.voice, profile.speed),
        llm=WrittenDown(settings.stt_script / f"{call_id}.answer"),
        vad=profile.hearing(),
        turn_handling={"turn_detection": ours["turn_detection"], "endpointing": ours["endpointing"]},
    )


async def entry(ctx: JobContext) -> None:
    call_id = call_of(ctx.job.metadata)
    assert call_id
    await ctx.connect()
    await session_of(ctx.proc.userdata["settings"], call_id).start(
        Agent(instructions="Answer."), room=ctx.room, record=False
    )
