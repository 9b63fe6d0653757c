"""An OpenAI-compatible recogniser that also says how sure it is, and is told the words that are likely in this call."""

import math
from collections.abc import Sequence
from typing import Any

import httpx2
import openai
from livekit.agents import APIConnectionError, APIConnectOptions, APIStatusError, APITimeoutError, LanguageCode, stt
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer
from livekit.plugins.openai import STT

from livekit import rtc

_ANSWER = 6.0  # seconds for an answer; whoever waits for more has been forgotten by the buyer
_WITH_PROBABILITIES = "gpt-4o"
_WITH_KEYWORDS = "gpt-transcribe"
_NO_SPEECH, _NO_SENSE = 0.6, -1.0  # Whisper's own rule for words that were made up over noise


class CompatibleSTT(STT):
    """The plug-in takes key terms with one model and gives a confidence with none; most servers can do both."""

    def __init__(self, model: str, key: str, base_url: str | None, language: str, words: Sequence[str]) -> None:
        super().__init__(
            model=model, language=language, api_key=key, base_url=base_url or NOT_GIVEN, use_realtime=False
        )
        self._capabilities.keyterms = True
        self._words = list(words)

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self._words = list(dict.fromkeys([*self._words, *keyterms]))

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[Any] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        try:
            answer = await self._client.audio.transcriptions.create(
                file=("words.wav", rtc.combine_audio_frames(buffer).to_wav_bytes(), "audio/wav"),
                model=self.model,
                language=self._opts.languages[0] if self._opts.languages else openai.omit,
                timeout=httpx2.Timeout(_ANSWER, connect=conn_options.timeout),
                **self._asked(),
            )
        except openai.APITimeoutError:
            raise APITimeoutError from None
        except openai.APIStatusError as error:
            raise APIStatusError("refused", status_code=error.status_code, request_id=error.request_id) from None
        except openai.APIConnectionError:
            raise APIConnectionError from None
        text, confidence = believable(answer)
        code = LanguageCode(self._opts.languages[0] if self._opts.languages else "")
        data = stt.SpeechData(language=code, text=text, confidence=confidence)
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])

    async def aclose(self) -> None:
        await super().aclose()
        await self._client.close()

    def _asked(self) -> dict[str, Any]:
        """How this kind of model is told words, and what it has to give for a confidence."""
        if self.model.startswith(_WITH_KEYWORDS):
            return {"response_format": "json", "keywords": self._words or openai.omit}
        prompt = {"prompt": ", ".join(self._words) or openai.omit}
        if self.model.startswith(_WITH_PROBABILITIES):
            return {"response_format": "json", "include": ["logprobs"], **prompt}
        return {"response_format": "verbose_json", **prompt}


def believable(answer: Any) -> tuple[str, float]:
    """Words and confidence; 0.0 where the server gives no figure, which is LiveKit's way to say so."""
    text = str(getattr(answer, "text", "") or "").strip()
    tokens = [token.logprob for token in getattr(answer, "logprobs", None) or [] if token.logprob is not None]
    if tokens:
        return text, math.exp(sum(tokens) / len(tokens))
    segments = getattr(answer, "segments", None) or []
    logs = [segment.avg_logprob for segment in segments if getattr(segment, "avg_logprob", None) is not None]
    if not logs:
        return text, 0.0
    empty = [segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _NO_SENSE for segment in segments]
    return ("", 1.0) if all(empty) else (text, math.exp(sum(logs) / len(logs)))
