"""The knowledge articles of policy/knowledge.yaml: checked once when they are loaded, then answered from memory."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.errors import BadInput
from domain.ports import Article

Phrase = Annotated[str, Field(min_length=3, max_length=120)]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    phrasings: Annotated[tuple[Phrase, ...], Field(min_length=4, max_length=12)]
    answer: Annotated[str, Field(min_length=10, max_length=400)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    articles: tuple[_Row, ...]


class LocalKnowledge:
    """The Knowledge port over one file; a bad file is refused with the field and the remedy."""

    def __init__(self, path: Path) -> None:
        rows = _load(path).articles
        self._articles = {row.id: _article(row) for row in rows}
        self._phrasings = {row.id: row.phrasings for row in rows}
        if len(self._articles) != len(rows):
            twice = next(row.id for row in rows if sum(other.id == row.id for other in rows) > 1)
            raise BadInput(f"{path.name}: {twice}", "an article id stands twice", "Give each article its own id.")

    def article(self, topic: str) -> Article | None:
        return self._articles.get(topic)

    def answers(self) -> list[str]:
        """What is said word for word, whoever asks."""
        return [article.answer for article in self._articles.values()]

    def phrasings(self) -> Mapping[str, Sequence[str]]:
        """The declared ways to ask for each article, for the reader to match."""
        return self._phrasings


def _article(row: _Row) -> Article:
    on_duration = any(phrase.lower().startswith("how long") for phrase in row.phrasings)
    return Article(row.id, " ".join(row.answer.split()), on_duration)


def _load(path: Path) -> _File:
    try:
        return _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as fault:
        raise BadInput(
            path.name, f"no readable YAML ({fault.__class__.__name__})", "Check indentation and quotes."
        ) from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{path.name}: {field}", first["msg"], "Compare the field with the other articles.") from fault
