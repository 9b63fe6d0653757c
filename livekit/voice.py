"""How the agent sounds and takes turns: one profile for a whole call, the same in every role, known by its hash."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

from livekit.agents import inference

from domain.policy import Policy
from domain.stages import Stage, Step
from graph.settings import Settings

VAD_END_S = 0.25  # how long it is quiet before the detector of voices calls it quiet
WARNED_BEFORE_S = 120  # how long before the end of the longest call the buyer is told
_SOONEST_RESUME_S = 0.5


@dataclass(frozen=True, slots=True)
class VoiceProfile:
    """Everything that a buyer could hear change. Nothing of it is left to a default of the SDK: those differ between
    development and production, and change with a version."""

    voice: str
    voices: str  # which providers speak, and how they are set
    speed: float
    language: str
    endpoint_min_s: float
    endpoint_max_s: float
    barge_in_s: float
    barge_in_words: int
    resume_s: float  # of quiet, after which speech goes on that nothing but noise had stopped
    silence_s: tuple[float, ...]
    longest_book_s: int
    longest_close_s: int
    detector: str = "v1-mini"
    interruption: str = "vad"
    vad_start_s: float = 0.05
    vad_end_s: float = VAD_END_S
    vad_before_s: float = 0.5
    vad_threshold: float = 0.5

    @classmethod
    def of(cls, policy: Policy, settings: Settings) -> "VoiceProfile":
        """The numbers are the policy's: they say what a buyer goes through, not what a setting of the SDK is called."""
        telephony = policy.telephony
        barge_in, endpointing = telephony.barge_in, telephony.endpointing_s
        return cls(
            voice=settings.voice_name,
            voices=json.dumps([settings.tts, settings.tts_model, settings.tts_options], sort_keys=True),
            speed=settings.voice_speed,
            language=settings.locale[:2],
            endpoint_min_s=float(endpointing.min),
            endpoint_max_s=float(endpointing.max),
            barge_in_s=float(barge_in.min_duration_s),
            barge_in_words=int(barge_in.min_words),
            resume_s=max(_SOONEST_RESUME_S, float(barge_in.false_interruption_s) - 2 * VAD_END_S),
            silence_s=tuple(float(s) for s in telephony.silence_s),
            longest_book_s=int(telephony.max_call_s.book),
            longest_close_s=int(telephony.max_call_s.close),
        )

    @property
    def hash(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def longest_s(self, step: Step) -> int | None:
        """How long a call may be at this step; None where people talk to each other."""
        if step is Step.BRIDGED:
            return None
        return self.longest_close_s if step.stage is Stage.CLOSE or step is Step.WON else self.longest_book_s

    def hearing(self) -> inference.VAD:
        """The detector of voices: local, and every number of it ours."""
        return inference.VAD(
            model="silero",
            min_speech_duration=self.vad_start_s,
            min_silence_duration=self.vad_end_s,
            prefix_padding_duration=self.vad_before_s,
            activation_threshold=self.vad_threshold,
        )

    def session_options(self, turn_detection: Any = None) -> dict[str, Any]:
        """What an AgentSession is given. Tests may bring another way to tell that a turn is over."""
        return {
            "turn_handling": {
                "turn_detection": turn_detection or inference.TurnDetector(version=self.detector, local_fallback=True),  # pyright: ignore[reportArgumentType]
                "endpointing": {
                    "mode": "fixed",
                    "min_delay": self.endpoint_min_s,
                    "max_delay": self.endpoint_max_s,
                },
                "interruption": {
                    "enabled": True,
                    "mode": self.interruption,
                    "min_duration": self.barge_in_s,
                    "min_words": self.barge_in_words,
                    "resume_false_interruption": True,
                    "false_interruption_timeout": self.resume_s,
                    "discard_audio_if_uninterruptible": False,
                    "backchannel_boundary": None,
                },
                "preemptive_generation": {"enabled": False, "preemptive_tts": False},
                "user_turn_limit": {"max_words": None, "max_duration": None},
            },
            "vad": self.hearing(),
            "aec_warmup_duration": None,
            "user_away_timeout": None,
            "min_consecutive_speech_delay": 0.0,
            "use_tts_aligned_transcript": False,
            "tts_text_transforms": None,  # a canonical line is spoken as it was committed
            "ivr_detection": False,
            "transcription_timeout": None,
            "session_close_transcript_timeout": 2.0,
        }
