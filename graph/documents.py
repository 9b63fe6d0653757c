"""Writes the documents that are generated from code and database, or says which of them are stale."""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from graph.settings import ROOT
from memory.database import migrate
from memory.embedded import ensure, stop
from memory.schema_report import describe_schema

_FOLDER = "/tmp"  # noqa: S108 - root's TMPDIR may be closed to the server's user; ours in it has a random name
Document = Callable[[], str]


def schema() -> str:
    """The schema of a database that was migrated just now, on a server of its own."""
    with tempfile.TemporaryDirectory(prefix="throughline-docs-", dir=_FOLDER) as home:
        Path(home).chmod(0o711)
        data = Path(home) / "pg"
        dsn = ensure(data)
        try:
            asyncio.run(migrate(dsn))
            return asyncio.run(describe_schema(dsn))
        finally:
            stop(data, only_if_unused=False)


DOCUMENTS: Mapping[str, Document] = {
    "docs/schema.md": schema,
}


def stale(root: Path = ROOT, write: bool = False) -> list[str]:
    """The documents that differ from what they are generated from; with `write` they are brought up to date."""
    found: list[str] = []
    for name, generate in DOCUMENTS.items():
        path, fresh = root / name, generate()
        if not path.exists() or path.read_text("utf-8") != fresh:
            found.append(name)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(fresh, "utf-8")
    return found


def main(arguments: list[str]) -> int:
    """`python -m graph.documents` writes, with `--check` it only compares."""
    check = arguments == ["--check"]
    for name in (found := stale(write=not check)):
        sys.stdout.write(f"{name} is stale: run make docs\n" if check else f"{name} was written\n")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
