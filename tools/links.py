"""Hands a caller the links of a commitment as a text: in a written conversation the agent's own line holds them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Self, cast

import yaml

from domain.errors import BadInput
from tools.declare import Delivery
from tools.messages import MessageBook

_KINDS = ("contract", "payment")


@dataclass(frozen=True, slots=True)
class LinkTexts:
    """The wording, owned by those who own the spoken lines."""

    company: str
    texts: Mapping[str, Template]

    @classmethod
    def load(cls, path: Path, company: str) -> Self:
        raw = cast("dict[str, Any]", yaml.safe_load(path.read_text("utf-8")) or {})
        texts = {kind: Template(str(raw.get(kind) or "")) for kind in _KINDS}
        for kind, text in texts.items():
            if not text.is_valid() or set(text.get_identifiers()) != {"company", "link"}:
                raise BadInput(f"{path.name}: {kind}", "it must name $company and $link", "Write both once")
        return cls(company, texts)

    def text(self, kind: str, link: str) -> str:
        return self.texts[kind].substitute(company=self.company, link=link)


class LinkSender:
    def __init__(self, messages: MessageBook, texts: LinkTexts, address: Callable[[str], str], kind: str) -> None:
        self._messages = messages
        self._texts = texts
        self._address = address
        self._kind = kind

    async def send(self, delivery: Delivery, token: str) -> None:
        """One text per effect, to a buyer who is on a call."""
        if delivery.quiet or not delivery.text_to:
            return
        await self._messages.send(
            f"{delivery.effect_id}:text",
            delivery.session_id,
            "sms",
            delivery.text_to,
            self._texts.text(self._kind, self._address(token)),
            delivery.at,
        )
