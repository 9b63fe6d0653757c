"""Generated documents show what is there, and staleness is noticed."""

from pathlib import Path

import psycopg
import pytest

from graph import documents
from graph.settings import ROOT
from memory.schema_report import describe_schema


async def test_the_schema_document_agrees_with_the_migrations(fresh_dsn: str) -> None:
    assert (ROOT / "docs" / "schema.md").read_text("utf-8") == await describe_schema(fresh_dsn)


async def test_every_kind_of_change_to_the_schema_shows(fresh_dsn: str) -> None:
    seen = {await describe_schema(fresh_dsn)}
    with psycopg.connect(fresh_dsn, autocommit=True) as connection:
        for statement in (
            "alter table contacts add column note text",
            "alter table contacts alter column note set default 'none'",
            "alter table contacts alter column note set not null",
            "alter table contacts add check (note <> '')",
            "create index contacts_note on contacts (note) where note <> 'none'",
            "create table plain (a int)",
            "create view seen as select note from contacts",
            "create function one() returns int language sql as 'select 1'",
            "create or replace function one() returns int language sql as 'select 2'",
        ):
            connection.execute(statement)
            text = await describe_schema(fresh_dsn)
            assert text not in seen, statement
            seen.add(text)


def test_a_stale_document_is_named_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "DOCUMENTS", {"docs/a.md": lambda: "new\n"})
    assert documents.stale(tmp_path) == ["docs/a.md"]
    assert documents.stale(tmp_path, write=True) == ["docs/a.md"]
    assert documents.stale(tmp_path) == []
    (tmp_path / "docs" / "a.md").write_text("old\n")
    assert documents.stale(tmp_path) == ["docs/a.md"]
