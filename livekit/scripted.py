"""A recogniser that hears what a script says, for tests: each utterance takes the next line of the call's own file."""

import asyncio
import json
from pathlib import Path
from typing import Any

from livekit.agents import APIConnectOptions, LanguageCode, stt
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer

from domain.errors import BadInput


class ScriptedSTT(stt.STT[Any]):
    """`FOLDER/NAME.jsonl` holds a line per utterance: text, [confidence], [delay]. How far it was read stands beside:
    a call that goes on in another process goes on in its script, and lines may be added while it lasts."""

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False, keyterms=True))
        if not folder.is_dir():
            raise BadInput("THROUGHLINE_STT_SCRIPT", f"{folder} is no folder", "Give the folder of the scripts.")
        self._lines = folder / f"{name}.jsonl"
        self._place = folder / f"{name}.place"
        self.terms: list[str] = []

    @property
    def model(self) -> str:
        return "script"

    @property
    def provider(self) -> str:
        return "local"

    def _update_session_keyterms(self, keyterms: list[str]) -> None:
        self.terms = keyterms

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        line = self._next()
        await asyncio.sleep(float(line.get("delay", 0)))
        data = stt.SpeechData(
            language=LanguageCode("en"), text=line["text"], confidence=float(line.get("confidence", 1.0))
        )
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[data])

    def _next(self) -> dict[str, Any]:
        lines = self._lines.read_text("utf-8").splitlines() if self._lines.exists() else []
        place = int(self._place.read_text()) if self._place.exists() else 0
        if place >= len(lines):
            return {"text": ""}
        self._place.write_text(str(place + 1))
        return json.loads(lines[place])
